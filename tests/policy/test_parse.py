"""Reading policy files: every mistake where it is, none because of another, and what may not stand in a file."""

from __future__ import annotations

import pytest

from governance.errors import PolicyError
from governance.policy.parse import parse_file
from governance.policy.stored import make_bundle
from governance.policy.syntax import LetSyntax, RuleSyntax
from governance.text import Source
from tests.policy.build import WORLD, bundle_of, imported, library, outcome

READ = (
    'permit r{n} {{ agent in coders  call fs.read  when path under "/w/{n}"  sandbox reader  because "x" }}\n'
)


def places(text: str) -> list[tuple[int, str]]:
    _, diagnostics = parse_file(Source("x.policy", text))
    return [(each.span.line, each.code) for each in diagnostics if each.span]


def test_every_broken_statement_is_reported_once_at_its_place() -> None:
    good = READ.format(n=1)
    text = good + "permit {\n" + good + "let = 3\n" + good + "forbid f { call }\n" + good + "nonsense\n"
    file, diagnostics = parse_file(Source("x.policy", text))
    assert [(each.span.line, each.span.column) for each in diagnostics if each.span] == [
        (2, 8),
        (4, 5),
        (6, 17),
        (8, 1),
    ]
    assert [type(each) for each in file.statements] == [RuleSyntax] * 4


def test_places_after_recovery_are_those_of_the_file() -> None:
    file, _ = parse_file(Source("x.policy", "let a = 1\nlet = 2\nlet c = 3\n"))
    found = [statement for statement in file.statements if isinstance(statement, LetSyntax)]
    assert [(each.name.text, each.name.start) for each in found] == [("a", 4), ("c", 22)]


def test_a_statement_that_lacks_its_end_hides_nothing_after_it() -> None:
    assert places('let a = [\nlet b = 2\nforbid f { call any  because "x"\nlet c = [1,\n') == [
        (1, "syntax"),
        (3, "syntax"),
        (4, "syntax"),
    ]


def test_ten_different_mistakes_are_ten_diagnostics() -> None:
    text = """\
capability x.run "s" { path: Pth  effects { read path }  argv { /bin/x $path } }
agent "ann" { groups coders }
sandbox tiny { image "governance/base"  memory 1 }
permit a { agent in codes  call fs.read  sandbox reader  because "x" }
permit b { agent any  call x.run, fs.read  sandbox tiny  because "x"  allows x.run(path="/a") }
permit c { agent any  call fs.read  when path starts "/a"  sandbox reader  because "x" }
permit c { agent any  call fs.read  sandbox reader  because "x" }
forbid d { call fs.raed  when path under 5  because "x" }
forbid e { call fs.read  when limit == "1 MiB"
forbid f { call git.log  when path under "/a"  because "x" }
forbid g { call fs.read  when path matches nowhere  because "x" }
"""
    with pytest.raises(PolicyError) as caught:
        make_bundle(library(), {"world.policy": WORLD, "x.policy": imported(text)})
    found = [(each.span.line, each.code) for each in caught.value.diagnostics if each.span]
    assert found == [
        (1, "unknown-type"),
        (2, "declared-twice"),
        (3, "out-of-range"),
        (4, "unknown-group"),
        (6, "bad-operator"),
        (7, "declared-twice"),
        (8, "unknown-capability"),
        (9, "syntax"),
        (10, "may-be-absent"),
        (11, "unknown-let"),
    ]
    assert all(each.help for each in caught.value.diagnostics)


def test_line_ends_of_windows_mean_the_same() -> None:
    rules = (
        READ.format(n=1)
        + "# a comment\n"
        + 'forbid f { call fs.read  when path under "/w/1/x"  because "y" }\n'
    )
    for text in (rules, rules.replace("\n", "\r\n")):
        bundle = bundle_of(text)
        assert outcome(bundle, 'fs.read(path="/w/1/a")') == "permitted r1"
        assert outcome(bundle, 'fs.read(path="/w/1/x")') == "forbidden f"


def test_a_lone_carriage_return_cannot_hide_a_forbid_in_a_comment() -> None:
    assert places('# keys are safe:\rforbid f { call fs.read  because "x" }\n') == [(1, "hidden-character")]


@pytest.mark.parametrize(
    "point", [0x00, 0x0B, 0x1B, 0x7F, 0x85, 0x200B, 0x200F, 0x2028, 0x202E, 0x2066, 0xFEFF]
)
def test_characters_that_do_not_show_are_refused_in_comments_too(point: int) -> None:
    assert (2, "hidden-character") in places(f"let a = 1\n# {chr(point)}\n")


def test_letters_of_any_language_may_stand_in_reasons_and_comments() -> None:
    assert (
        places('# schlüssel, 鍵\nforbid f { call any  because "Schlüssel gehören niemandem — 鍵" }\n') == []
    )


def test_signs_in_strings_and_comments_are_not_nesting() -> None:
    assert places("# " + "[" * 99 + '\nforbid f { call any  because "' + "(" * 99 + '" }\n') == []


@pytest.mark.parametrize(
    "text", ["let x = " + "[" * 50_000, "forbid f { call fs.read when " + "not " * 50_000]
)
def test_deep_nesting_is_an_error_and_no_crash(text: str) -> None:
    assert places(text) == [(1, "too-deep")]


def test_a_number_of_thousands_of_digits_is_an_error_and_no_crash() -> None:
    with pytest.raises(PolicyError, match="no Int"):
        bundle_of(f'forbid f {{ call fs.read  when offset == {"9" * 5000}  because "x" }}\n')


def test_escapes_in_strings() -> None:
    file, diagnostics = parse_file(Source("x.policy", r'let a = "\\\"x\\"' + "\n"))
    assert not diagnostics
    assert isinstance(file.statements[0], LetSyntax)
    assert file.statements[0].value.value == r"\"x" + "\\"


def test_reading_stops_after_a_hundred_broken_statements() -> None:
    assert len(places("nonsense\n" * 100_000)) == 100
