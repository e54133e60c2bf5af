"""Every command line of `docs/shell.md` comes to what stands there, and its table holds every code.

`python -m tests.request.shell.test_page` writes the table.
"""

from __future__ import annotations

import re

import pytest

from governance.errors import RequestError
from governance.request.shell import parse_shell, print_shell
from governance.request.shell.refusals import REFUSALS
from governance.text import Source
from tests.documents import ROOT

PAGE = ROOT / "docs" / "shell.md"
DECLARED = {"HOME": "/home/agent", "DIR": "src"}

EXAMPLES = {
    "ansi-c-quote": "printf $'a\\n'",
    "arithmetic": "echo $((1 + 2))",
    "array": "names=(a b)",
    "background": "make &",
    "backtick-escape": "echo `echo \\`id\\``",
    "brace-expansion": "echo {a,{b,c}}",
    "bracket-glob": "ls [[:digit:]]*",
    "control-character": "ls\r",
    "descriptor": "ls >& log",
    "empty-program": "'' a",
    "export-value": "export x=*",
    "file-list": "ls > *.log",
    "function": "f() { ls; }",
    "here-document": "cat <<END",
    "hidden-character": "ls\u00a0-l",
    "interpreted-again": "eval ls",
    "line-continuation": "ls a\\\nb",
    "loop-variable": "for f in *; do rm $f; done",
    "network-file": "echo a > /dev/tcp/example.org/80",
    "no-command": "ls |",
    "open-quote": 'echo "a',
    "parameter-expansion": "echo ${x:-1}",
    "process-substitution": "diff <(ls a) <(ls b)",
    "program-not-literal": "$(which ls) -l",
    "reserved-word": "[[ -f a ]]",
    "special-parameter": "echo $?",
    "special-variable": "IFS=,; ls",
    "syntax": "if ls; then ls",
    "tilde": "ls ~root",
    "too-deep": "",
    "too-long": "",
    "too-many": "",
    "translated-quote": 'echo $"a"',
    "undeclared-variable": "ls $OTHER",
    "unquoted-variable": "x='a b'; ls $x",
}
"""A line for each code; none where it would be long."""


def answer(text: str) -> str:
    try:
        return print_shell(parse_shell(Source("request", text), DECLARED))
    except RequestError as error:
        (diagnostic,) = error.diagnostics
        return f"{diagnostic.code} {diagnostic.span.column if diagnostic.span else 0}"


def lines() -> list[tuple[str, str]]:
    blocks = re.findall(r"^```shell\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [
        (text, said) for block in blocks for text, said in re.findall(r"^\$ (.*)\n(.*)$", block, re.MULTILINE)
    ]


def table() -> str:
    """Return the rows of the table, in order."""
    rows = []
    for code in sorted(REFUSALS):
        example = "".join(
            sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in EXAMPLES[code]
        ).replace("|", "\\|")
        mend = help_of(code).replace("|", "\\|")
        rows.append(f"| `{code}` | {f'`` {example} ``' if example else 'much of it'} | {mend} |\n")
    return "".join(rows)


def help_of(code: str) -> str:
    if not EXAMPLES[code]:
        return REFUSALS[code][1]
    with pytest.raises(RequestError) as caught:
        parse_shell(Source("request", EXAMPLES[code]), DECLARED)
    assert caught.value.code == code
    return caught.value.diagnostics[0].help


@pytest.mark.parametrize(("text", "said"), lines())
def test_line_of_the_page_comes_to_what_stands_there(text: str, said: str) -> None:
    assert answer(text) == said


def test_table_of_the_page_holds_every_code() -> None:
    assert table() in PAGE.read_text()


if __name__ == "__main__":
    page = PAGE.read_text()
    begin = page.index("| code | such as |")
    first = page.index("\n", page.index("\n", begin) + 1) + 1
    PAGE.write_text(page[:first] + table() + page[page.index("\n\n", first) + 1 :])
