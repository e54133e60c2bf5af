"""The layout: what it changes, what it leaves, and that it says the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance import resources
from governance.errors import PolicyError
from governance.policy.format import format_text, words_of
from governance.policy.parse import parse_file
from governance.text import Source
from tests.effort import examples
from tests.laws import language_strategies as language

FILES = sorted((resources.folder("policies")).rglob("*.policy"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_policies_here_have_the_layout(path: object) -> None:
    text = path.read_text()  # type: ignore[attr-defined]
    assert format_text(text) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        ("\n\n# a\n\n\n# b\n", "# a\n\n# b\n"),
        ("#a\r\n#!b\r\n#\r\n", "# a\n#!b\n#\n"),
        ('let  a =   ["x",  "y  z"]   #c', 'let  a =  ["x",  "y  z"]  # c\n'),
        (
            'forbid f {\n call fs.read\n\n\n   because "x"\n\n}\nlet a = "b"',
            'forbid f {\n  call    fs.read\n\n  because "x"\n}\n\nlet a = "b"\n',
        ),
        (
            'forbid f {\n  call fs.read,\n fs.list # two\n  when path under\n"/a"\n  because "x" }',
            'forbid f {\n  call    fs.read,\n          fs.list  # two\n  when    path under\n          "/a"\n  because "x" }\n',
        ),
        (
            'protected {\npaths [\n"**/a",\n# why\n"**/b"\n]\nbecause "x"\n}',
            'protected {\n  paths [\n    "**/a",\n    # why\n    "**/b"\n  ]\n  because "x"\n}\n',
        ),
        (
            'test "t" {\nagent "a"\nfs.read(path="/a") -> deny\nfs.list(path="/abc")    -> allow # x\n}',
            'test "t" {\n  agent "a"\n  fs.read(path="/a")   -> deny\n  fs.list(path="/abc") -> allow  # x\n}\n',
        ),
        ('let a = "x # y -> { "  # z -> {', 'let a = "x # y -> { "  # z -> {\n'),
    ],
)
def test_a_text_is_laid_out(text: str, wanted: str) -> None:
    assert format_text(text) == wanted
    assert format_text(wanted) == wanted


def test_what_does_not_parse_is_not_laid_out() -> None:
    with pytest.raises(PolicyError):
        format_text("permit {")


_gaps = st.sampled_from([" ", "  ", "\n", "\n  ", "   ", "\n\n", "\t"])


@st.composite
def _torn(draw: st.DrawFn) -> str:
    """Return a policy with other gaps between its words, and comments between its lines."""
    found = []
    for line in draw(language.policies).splitlines():
        words = words_of(line)
        gaps = draw(st.lists(_gaps, min_size=len(words), max_size=len(words)))
        # What stands together in a call or a name stays so: only words of a rule are torn apart.
        found.append("".join(f"{word}{gap}" for word, gap in zip(words, gaps, strict=True)).strip())
        found.append(draw(st.sampled_from(["", "# a comment", "  #b", "\n\n"])))
    return "\n".join(found)


@settings(max_examples=examples(200), deadline=None)
@given(_torn())
def test_6_the_layout_is_stable_and_means_the_same(text: str) -> None:
    read, faults = parse_file(Source("p", text))
    if faults:
        return
    laid = format_text(text)
    assert format_text(laid) == laid
    again, faults = parse_file(Source("p", laid))
    assert not faults
    assert _bare(read.statements) == _bare(again.statements)
    assert words_of(laid) == words_of(text)


def _bare(value: object) -> object:
    """Return a statement without places."""
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        kept = (
            (item for name, item in zip(fields, value, strict=True) if name not in ("start", "end"))
            if fields
            else value
        )
        return (type(value).__name__, *map(_bare, kept))
    return value


@pytest.mark.parametrize("word", ["/bin/(", "/bin/)", "a(b", "/bin/((", "))"])
def test_a_bracket_in_a_word_of_a_command_line_is_no_bracket(word: str) -> None:
    text = f'capability x.run "s" {{ a: Path  effects {{ read a }}  argv {{ {word} $a }} }}\n\nlet b = 1\n'
    once = format_text(text)
    assert words_of(once) == words_of(text)
    assert format_text(once) == once
