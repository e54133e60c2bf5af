"""What an editor colours is what the grammar reads: every token of every policy here, by both."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import zip_longest
from pathlib import Path

import pytest

from governance import resources
from governance.editor.textmate import scope_of, textmate
from governance.policy.parse import parse_file, policy_grammar
from governance.text import Source
from tests.documents import ROOT
from tests.editor.colouring import Colouring
from tests.policy.test_chunks import chunks

FILES = sorted(resources.folder("policies").rglob("*.policy"))
ENGINE = ROOT / ".build" / "textmate" / "node_modules"


def differences(text: str) -> list[tuple[str, str, str, str]]:
    """Return each token that is coloured as something else than its terminal."""
    tokens, _ = policy_grammar().begun(text)
    scopes = Colouring(textmate()).scopes(text)
    found = []
    for token, following in zip_longest(tokens, tokens[1:]):
        # The one keyword that is read where a name may stand: a parameter may be called argv.
        kind = "NAME" if token.type == "ARGV" and following and following == ":" else token.type
        wanted, scope = scope_of(kind, str(token)), scopes[token.start_pos]
        if scope != wanted:
            found.append((token.type, str(token), wanted, scope))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_token_of_the_policies_here_has_the_scope_of_its_terminal(path: Path) -> None:
    text = path.read_text()
    assert len(policy_grammar().begun(text)[0]) > 20
    assert differences(text) == []


def test_every_token_of_the_chunks_that_parse_has_the_scope_of_its_terminal() -> None:
    texts = [chunk for _, chunk in chunks() if not parse_file(Source("x", chunk))[1]]
    assert len(texts) > 100
    assert [each for text in texts for each in differences(text)] == []


@pytest.mark.parametrize(
    ("text", "piece", "scope"),
    [
        ('let a = "x\\"y"', '\\"', "constant.character.escape"),
        ('let a = "x\\qy"', "\\q", "invalid.illegal.escape"),
        ("  memory 64KiB", "KiB", "keyword.other.unit"),
        ("  memory 64KiB", "64", "constant.numeric"),
        ("let a = 1 # why", "# why", "comment.line.number-sign"),
        ("  argv { /bin/cat --in=$path }", "$path", "variable.parameter"),
        ("  argv { /bin/cat -- }", "/bin/cat", "string.unquoted"),
        ("permit test {", "test", "variable.other"),
        ("  agent in coders", "coders", "variable.other"),
        ('  denies fs.read(path="/a")', "path", "variable.parameter"),
        ('  denies fs.read(path="/\\u00e9")', "\\u00e9", "constant.character.escape"),
    ],
)
def test_pieces_that_are_no_tokens_have_scopes_of_their_own(text: str, piece: str, scope: str) -> None:
    assert Colouring(textmate()).scopes(text)[text.index(piece)] == f"{scope}.policy"


def test_it_is_json_and_its_expressions_are_of_every_engine() -> None:
    text = json.dumps(textmate())
    assert json.loads(text) == textmate()
    for pattern in re.findall(r'"(?:match|begin|end)": ("(?:[^"\\]|\\.)*")', text):
        expression = json.loads(pattern)
        re.compile(expression)
        assert not re.search(r"\(\?P|\(\?<[^=!]|\\[AZzGhHKRX]|[*+?}]\+", expression), expression


def test_every_terminal_has_a_scope() -> None:
    texts = [path.read_text() for path in FILES] + [chunk for _, chunk in chunks()]
    kinds = {token.type for text in texts for token in policy_grammar().begun(text)[0]}
    assert len(kinds) > 80
    assert all(scope_of(kind, "a").endswith(".policy") for kind in kinds)


@pytest.mark.slow
def test_the_engine_of_visual_studio_code_colours_the_same() -> None:
    """Holds the small interpreter of these tests to the real one, which `make .build/textmate` installs."""
    if not ENGINE.exists() or shutil.which("node") is None:
        pytest.skip("make .build/textmate installs what is compared with; it needs npm")
    texts = [path.read_text() for path in FILES]
    texts += [chunk for _, chunk in chunks() if chunk.isascii()]
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("tokenise.mjs")), str(ENGINE)],
        input=json.dumps({"grammar": textmate(), "texts": texts}),
        capture_output=True,
        text=True,
        check=True,
    )
    for text, scopes in zip(texts, json.loads(done.stdout), strict=True):
        own = Colouring(textmate()).scopes(text)
        unlike = [
            (text[at - 10 : at + 20], scopes[at], own[at]) for at in range(len(text)) if scopes[at] != own[at]
        ]
        assert [each for each in unlike if each[1] or each[2]] == []
