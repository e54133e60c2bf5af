from __future__ import annotations

import json
from typing import TYPE_CHECKING

from governance.library import load_policies
from governance.request.english import parse_sentence
from governance.text import Source

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def test_phrases_prints_what_can_be_said(governance: Run, coder_policies: Path) -> None:
    done = governance("phrases", "--policies", coder_policies)
    assert done.returncode == 0, done.stderr
    assert "fs.read: Read a file" in done.stdout
    assert (
        "  read [the file] $path [from byte $offset] [up to $limit]\n    e.g. read the file /" in done.stdout
    )


def test_every_example_of_every_policy_can_be_read(governance: Run, coder_policies: Path) -> None:
    for policies in sorted(coder_policies.parent.iterdir()):
        told = json.loads(governance("phrases", "--policies", policies, "--json").stdout)["capabilities"]
        known = load_policies(policies).capabilities
        assert {each["capability"] for each in told} == {each.name for each in known.values()}
        for each in told:
            for said in each["phrases"]:
                assert parse_sentence(Source("request", said["example"]), known).name == each["capability"]


def test_phrases_of_an_agent_are_those_it_could_be_permitted(governance: Run, coder_policies: Path) -> None:
    folder = coder_policies.parent / "research-agent"
    done = governance("phrases", "--policies", folder, "--agent", "scout", "--json")
    names = {each["capability"] for each in json.loads(done.stdout)["capabilities"]}
    assert "http.get" in names
    assert "fs.delete" not in names
    unknown = governance("phrases", "--policies", folder, "--agent", "eve")
    assert unknown.returncode == 2
    assert "no agent is called 'eve'" in unknown.stderr


def test_capability_without_a_phrase_says_so(governance: Run, coder_policies: Path) -> None:
    done = governance("phrases", "--policies", coder_policies.parent / "release-engineer")
    assert "(has no phrase; write a call)" in done.stdout


def test_grammar_for_openai_is_a_custom_tool(governance: Run, coder_policies: Path) -> None:
    options = ("--policies", coder_policies, "--agent", "claude-1", "--syntax", "english")
    lark = governance("grammar", *options)
    tool = json.loads(governance("grammar", "--for", "openai", *options).stdout)
    assert tool["format"] == {"type": "grammar", "syntax": "lark", "definition": lark.stdout}
    assert lark.stdout.startswith("start: ")


def test_grammar_of_an_agent_that_may_nothing_is_an_error(governance: Run, tmp_path: Path) -> None:
    (tmp_path / "a.policy").write_text('agent "idle" { groups none }\n')
    done = governance("grammar", "--policies", tmp_path, "--agent", "idle")
    assert done.returncode == 2
    assert "nothing to be asked for" in done.stderr


def test_sentence_is_explained_and_decided(governance: Run, coder_policies: Path) -> None:
    options = ("--policies", coder_policies, "--agent", "claude-1", "--syntax", "english")
    shown = governance("explain", *options, "please read the file /workspace/.env")
    assert shown.stdout.startswith("deny forbidden:")
    decided = governance("decide", *options, stdin=b"read the file /workspace/a\nopen /workspace/a\n")
    first, second = (json.loads(line) for line in decided.stdout.splitlines())
    assert first["code"] in ("permitted", "fail-closed")
    assert first["calls"][0]["capability"] == "fs.read"
    assert second["reason"] == "column 1: no sentence begins with `open`; you can say: read /workspace/a"


def test_help_says_that_text_is_never_taken_for_english(governance: Run) -> None:
    told = " ".join(governance("decide", "--help").stdout.split())
    assert "never English" in told
