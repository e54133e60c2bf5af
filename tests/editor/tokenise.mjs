// Tokenises texts as Visual Studio Code does: reads {"grammar": …, "texts": […]}, writes for each text the innermost
// scope at each of its UTF-16 units, "" for none. Run as: node tokenise.mjs FOLDER-OF-NODE-MODULES < input
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.argv[2]}/`);
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const input = JSON.parse(readFileSync(0, "utf8"));
const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(JSON.stringify(input.grammar), "policy.json"),
});
const grammar = await registry.loadGrammar("source.policy");
const answer = input.texts.map((text) => {
  const scopes = [];
  let stack = textmate.INITIAL;
  for (const line of text.split("\n")) {
    const found = grammar.tokenizeLine(line, stack);
    stack = found.ruleStack;
    const units = new Array(line.length).fill("");
    for (const token of found.tokens) {
      const scope = token.scopes.at(-1);
      units.fill(scope === "source.policy" ? "" : scope, token.startIndex, Math.min(token.endIndex, line.length));
    }
    scopes.push(...units, "");
  }
  return scopes.slice(0, -1);
});
process.stdout.write(JSON.stringify(answer));
