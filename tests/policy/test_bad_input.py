"""Policies that are written to mislead or to wear out: refused, with a reason that shows what is there."""

from __future__ import annotations

import unicodedata

import pytest

from governance.errors import PolicyError
from governance.instant import milliseconds
from governance.policy.format import format_text
from governance.policy.parse import parse_file
from governance.policy.stored import examine_bundle, make_bundle
from governance.text import Source
from tests.policy.build import WORLD, bundle_of, library, verdict_of

AT = milliseconds("2026-11-23T12:00:00.000Z")
TURNING = ["\u061c", "\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]
"""The characters that change the order in which a line is shown (Unicode Standard Annex 9, section 2)."""

UNSEEN = ["\u00ad", "\u180e", "\u200b", "\u2060", "\u3164", "\ufeff", "\ufffb", "\U000e0041", "\x00", "\x7f"]


def codes(text: str) -> list[str]:
    return [each.code for each in examine_bundle(library(), {"a.policy": text}, AT).errors]


@pytest.mark.parametrize("sign", TURNING + UNSEEN, ids=lambda sign: f"U+{ord(sign):04X}")
@pytest.mark.parametrize("text", ['let a = "x{}y"\n', "# x{}y\n", "let a{} = 1\n"])
def test_what_does_not_show_is_in_no_policy_and_no_message(sign: str, text: str) -> None:
    _, diagnostics = parse_file(Source("a.policy", text.format(sign)))
    assert diagnostics[0].code == "hidden-character"
    assert all(line.isprintable() for each in diagnostics for line in each.render().split("\n"))
    with pytest.raises(PolicyError):
        format_text(text.format(sign), "a.policy")


def test_every_character_that_turns_a_line_is_among_those_that_are_tried() -> None:
    kinds = {"ALM", "LRM", "RLM", "LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    assert len(TURNING) == len(kinds)
    marks = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    turning = {chr(point) for point in range(0x11_0000) if unicodedata.bidirectional(chr(point)) in marks}
    assert turning <= set(TURNING)


def test_a_decision_that_is_about_what_turns_a_line_says_it_with_escapes() -> None:
    bundle = bundle_of('forbid f { call fs.read  when path under "/w"  because "no" }\n')
    found = verdict_of(bundle, 'fs.read(path="/w/\u202egpj.exe")')
    assert found.reason.isprintable()
    with pytest.raises(PolicyError) as caught:
        bundle_of('forbid f { call fs.raed  because "no\u202e" }\n')
    assert "\u202e" not in caught.value.render()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('agent "\u0430nn" { groups coders }\n', "bad-agent"),
        ('let \u00e9 = "x"\n', "syntax"),
        ('forbid \u0444 { call any  because "x" }\n', "syntax"),
        ('forbid f { call fs.r\u0435ad  because "x" }\n', "syntax"),
        ('forbid f { agent in c\u043eders  call any  because "x" }\n', "syntax"),
        ('capability fs.\u00e9 "x" { argv { /bin/x } }\n', "syntax"),
        ("let a = \uff11\n", "syntax"),
        ("let a = \u0661\n", "syntax"),
    ],
)
def test_a_name_or_number_of_other_letters_is_refused(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        'agent "ann" { groups others }\n',
        'capability x.y "x" { effects { irreversible }  argv { /bin/x } }\n',
        'protected { paths ["**/a"]  because "x" }\nagent "ann" { groups coders }\n',
    ],
)
def test_what_counts_everywhere_has_one_declaration(text: str) -> None:
    capability = 'capability x.y "x" { effects { irreversible }  argv { /bin/y } }\n'
    files = {"world.policy": WORLD + capability, "a.policy": text}
    with pytest.raises(PolicyError) as caught:
        make_bundle(library(), files)
    assert "declared twice" in str(caught.value)


@pytest.mark.parametrize("name", ["reader", "keys"])
def test_a_name_that_a_file_imports_and_declares_is_refused(name: str) -> None:
    own = 'sandbox reader { image "governance/base" }\n' if name == "reader" else 'let keys = ["**/a"]\n'
    files = {"world.policy": f'{WORLD}let keys = ["**/b"]\n', "a.policy": f'import "world.policy"\n{own}'}
    with pytest.raises(PolicyError) as caught:
        make_bundle(library(), files)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "files",
    [
        {"a.policy": 'import "a.policy"\n'},
        {"a.policy": 'import "b.policy"\n', "b.policy": 'import "a.policy"\n'},
        {f"f{at}.policy": f'import "f{(at + 1) % 50}.policy"\n' for at in range(50)},
    ],
    ids=["itself", "two", "fifty"],
)
def test_files_that_import_each_other_in_a_circle_are_refused(files: dict[str, str]) -> None:
    found = examine_bundle(library(), files, AT)
    assert [each.code for each in found.errors] == ["circular-import"] * len(files)
