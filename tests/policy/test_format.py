"""The layout: what it changes, what it leaves, and that it says the same."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from governance import resources
from governance.errors import PolicyError
from governance.policy.format import format_text
from governance.policy.parse import parse_file
from governance.policy.spacing import placed_words
from governance.policy.syntax import FileSyntax, bare
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
        ('let  a=   ["x" ,"y  z"]   #c', 'let a = ["x", "y  z"]  # c\n'),
        ('let a = "b"let c = 1', 'let a = "b"  let c = 1\n'),
        (
            'permit p{agent  in a ,b call fs.read when(path under"/a" or not(size x>=3))sandbox s because"y"}',
            'permit p { agent in a, b  call fs.read  when (path under "/a" or not (size x >= 3))  sandbox s  because "y" }\n',
        ),
        (
            "limit l{at most 5 per 1h ,3 of x per 1m when time within 09:00 .. 18:00 utc+01:00 on mon .. fri ,sun}",
            "limit l { at most 5 per 1h, 3 of x per 1m  when time within 09:00..18:00 utc+01:00 on mon..fri, sun }\n",
        ),
        (
            'capability a.b"s"{a:List < Int( 1 .. 9 ) > ( ..3 )?=[1 ,2] b:{n : Enum( x ,y ),e:Email ?}effects{read a write b}}',
            (
                'capability a.b "s" { a: List<Int(1..9)>(..3)? = [1, 2]  b: { n: Enum(x, y), e: Email? }'
                "  effects { read a  write b } }\n"
            ),
        ),
        (
            'capability a.b "s" { argv{/bin/x   --k=$a[--b  $c]$c [ $f?-x]} stdin{a  b} }',
            'capability a.b "s" { argv { /bin/x --k=$a [ --b $c ] $c [ $f? -x ] }  stdin { a b } }\n',
        ),
        (
            'capability a.b "s" { command x y{option  -n ,--most $a flag -v $b="1"   rest $c} }',
            'capability a.b "s" { command x y { option -n, --most $a  flag -v $b = "1"  rest $c } }\n',
        ),
        (
            'test "t" { agent "a" x.y ( a = { "b" :[ 1,{ } ] } ) |x.y( )->deny by r ,s then completed }',
            'test "t" { agent "a"  x.y(a={"b": [1, {}]}) | x.y() -> deny by r, s then completed }\n',
        ),
        (
            (
                'sandbox s{image "i" mount workspace at "/w" writable scratch "/t" 4KiB network hosts "a.b" ,"c.d"port 1 methods GET ,PUT'
                ' secret A to "a.b" as bearer root writable waive "y" until 2027-01-01}'
            ),
            (
                'sandbox s { image "i"  mount workspace at "/w" writable  scratch "/t" 4KiB  network hosts "a.b", "c.d" port 1 methods GET, PUT'
                '  secret A to "a.b" as bearer  root writable  waive "y" until 2027-01-01 }\n'
            ),
        ),
        (
            'protected{paths["**/a"]because "x"} prove p{never permit any that reads when size x<3 and y==-1}',
            'protected { paths ["**/a"]  because "x" }  prove p { never permit any that reads  when size x < 3 and y == -1 }\n',
        ),
        (
            'forbid f {\n  when a == 1 and\n  agent in b\n  because "x"\n}',
            'forbid f {\n  when    a == 1 and\n          agent in b\n  because "x"\n}\n',
        ),
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


def read(text: str) -> FileSyntax:
    file, faults = parse_file(Source("p", text))
    assert not faults
    return file


def words_of(text: str) -> list[str]:
    return [word.text for word in placed_words(text, read(text))]


_spaces = st.sampled_from([" ", "  ", "   ", "\t", " \t "])
_breaks = st.sampled_from([" ", "  ", "\n", "\n  ", "\n\n", " # a comment\n", "\n#b \n"])
_SIGNS = frozenset("{}[](),:=<>|")


@st.composite
def _respaced(draw: st.DrawFn, gaps: st.SearchStrategy[str]) -> tuple[str, str]:
    """Return a policy, and the same words with other gaps; signs may stand close to their neighbours."""
    text = draw(_texts)
    found, end, last = [], 0, ""
    for word in placed_words(text, read(text)):
        between = text[end : word.start]
        close = bool(last) and not _SIGNS.isdisjoint((last, word.text[0])) and "$" not in last + word.text
        kept = "\n" in between or not last
        found.append(between if kept else draw(st.just("") | gaps) if close else draw(gaps))
        found.append(text[word.start : word.end])
        end, last = word.end, word.text[-1]
    return text, "".join([*found, text[end:]])


_PARTS = sorted(
    part
    for text in (*(path.read_text() for path in FILES), language.WORLD)
    for part in text.split("\n\n")
    if not parse_file(Source("p", part))[1] and len(part) < 1000 and "command " not in part
)
"""Statements; in the block of a command gaps of two spaces stay the author's."""

_texts = st.one_of(language.policies, st.sampled_from(_PARTS), st.sampled_from(_PARTS))


@settings(max_examples=examples(100), deadline=None)
@given(_respaced(_spaces))
def test_6_one_text_has_one_layout_however_it_was_spaced(texts: tuple[str, str]) -> None:
    text, other = texts
    assume(bare(read(other).statements) == bare(read(text).statements))
    assert format_text(other) == format_text(text)


@settings(max_examples=examples(100), deadline=None)
@given(_respaced(_breaks))
def test_6_the_layout_is_stable_and_means_the_same(texts: tuple[str, str]) -> None:
    _, text = texts
    file, faults = parse_file(Source("p", text))
    assume(not faults)
    laid = format_text(text)
    assert format_text(laid) == laid
    assert bare(read(laid).statements) == bare(file.statements)
    assert words_of(laid) == words_of(text)


@pytest.mark.parametrize("word", ["/bin/(", "/bin/)", "a(b", "/bin/((", "))"])
def test_a_bracket_in_a_word_of_a_command_line_is_no_bracket(word: str) -> None:
    text = f'capability x.run "s" {{ a: Path  effects {{ read a }}  argv {{ {word} $a }} }}\n\nlet b = 1\n'
    once = format_text(text)
    assert words_of(once) == words_of(text)
    assert format_text(once) == once
