"""What command lines mean: by their canonical spelling, which is read back to the same tree; and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from governance.errors import RequestError
from governance.request.shell import parse_shell, print_shell
from governance.request.shell.characters import DEPTH, LONGEST
from governance.request.shell.meaning import COMMANDS
from governance.request.shell.refusals import REFUSALS
from governance.request.shell.tree import (
    Assignment,
    Command,
    Duplicate,
    File,
    Glob,
    Here,
    Substitution,
    Text,
    Variable,
    Word,
)
from governance.text import Source
from tests.effort import examples
from tests.request.shell.places import without_places
from tests.request.shell.strategies import lines, soups
from tests.request.shell.test_attacks import chunks

DECLARED = {"HOME": "/home/agent", "DIR": "src", "TITLE": "a b", "NONE": "", "STAR": "*.py"}

CANONICAL = [
    ("ls", "ls"),
    ("  ls\t-l  ", "ls -l"),
    ("\n\nls\n\n", "ls"),
    ("ls;", "ls"),
    ("ls # all", "ls"),
    ("# first\nls", "ls"),
    ("a;b\nc\n\nd", "a; b; c; d"),
    ("a&&b||c;d", "a && b || c; d"),
    ("a &&\n b ||\n\n c", "a && b || c"),
    ("a && # why\n b", "a && b"),
    ("a|b|\nc", "a | b | c"),
    ("a|&b", "a 2>&1 | b"),
    ("a >f|&b", "a > f 2>&1 | b"),
    ("! a|b", "! a | b"),
    ("time -p a", "time a"),
    ("! time a", "! time a"),
    ("a \\\n -b", "a -b"),
    ("a -b \\\n\\\n-c", "a -b -c"),
    ("a '' \"\"", "a '' ''"),
    ("a ''b\"\"", "a b"),
    ("a 'b c'd\"e f\"", "a 'b cde f'"),
    ('a "it\'s"', "a 'it'\\''s'"),
    ("a it\\'s", "a 'it'\\''s'"),
    ('a "\\a\\$\\`\\"\\\\"', "a '\\a$`\"\\'"),
    ("a \\a\\ \\\\", "a 'a \\'"),
    ("'a b' c", "'a b' c"),
    ("'if' x", "'if' x"),
    ("\\while", "'while'"),
    ("'a=b'", "'a=b'"),
    ("echo if then a=b", "echo if then a=b"),
    ("x=1 y='a b' z= cmd w=2", "x=1 y='a b' z= cmd w=2"),
    ("x=*", "x='*'"),
    ("x={a,b}", "x='{a,b}'"),
    ("x=$(a b)", 'x="$(a b)"'),
    ("x=`a`c", 'x="$(a)"c'),
    ("x=~", "x=/home/agent"),
    ("x=~/y cmd", "x=/home/agent/y cmd"),
    ("a *.py b?c [ab]* [!a-c]", "a *.py b?c [ab]* [!a-c]"),
    ("a '*'* \"?\"", "a '*'* '?'"),
    ("[ -f x ]", "'[' -f x ']'"),
    ("a [b", "a '[b'"),
    ("a {} {b} b} {", "a '{}' '{b}' 'b}' '{'"),
    ("a {b,c}d", "a bd cd"),
    ("a {b,}", "a b"),
    ("a x{b,}", "a xb x"),
    ("a {,'',b}", "a '' b"),
    ("a {b,c}{1..3}", "a b1 b2 b3 c1 c2 c3"),
    ("a {3..1} {01..3} {1..7..3} {-1..1}", "a 3 2 1 01 02 03 1 4 7 -1 0 1"),
    ("a {a..e..2} {c..a}", "a a c e c b a"),
    ("a {'b c',*}", "a 'b c' *"),
    ('a $(b c) "$(b)" `d`', 'a $(b c) "$(b)" $(d)'),
    ('a "x `b` $(c) y"', "a 'x '\"$(b)\"' '\"$(c)\"' y'"),
    ("a $( (b) )", "a $( (b))"),
    ('a $(b $(c "$(d)"))', 'a $(b $(c "$(d)"))'),
    ("a `b '\\n'`", "a $(b '\\n')"),
    ("a <f >g 2>h", "a < f > g 2> h"),
    ("a>>f", "a >> f"),
    ("a >|f", "a > f"),
    ("a &>f", "a > f 2>&1"),
    ("a &>>f", "a >> f 2>&1"),
    ("a 2>&1 >f", "a 2>&1 > f"),
    ("a >&2 <&0 3>&- 2>& 1", "a >&2 0>&0 3>&- 2>&1"),
    (">f", " > f"),
    (">f a b", "a b > f"),
    ("a 0<f 1>g", "a < f > g"),
    ("a b2>f", "a b2 > f"),
    ("a 2 >f", "a 2 > f"),
    ("a > 'b c'", "a > 'b c'"),
    ("a <<< b", "a <<< b"),
    ("a <<<'b c'\"d\"", "a <<< 'b cd'"),
    ("a <<< {b,c}*", "a <<< '{b,c}*'"),
    ("a <<< $(b)", 'a <<< "$(b)"'),
    ("a <<< ''", "a <<< ''"),
    ("a <<'E' b\nx $y\n\nE\nc", "a b <<< 'x $y\n'; c"),
    ("a <<E\nx 'y'\nE", "a <<< 'x '\\''y'\\'''"),
    ("a <<-E\n\t\tx\n\tE", "a <<< x"),
    ("a <<E\nE", "a < /dev/null"),
    ("a <<A 3<<B | c\n1\nA\n2\nB\nd", "a <<< 1 3<<< 2 | c; d"),
    ('a "$(b <<\'E\'\nit\'s "c"\nE\n)" && d', "a \"$(b <<< 'it'\\''s \"c\"')\" && d"),
    ("(a)", "(a)"),
    ("( (a); b )", "( (a); b)"),
    ("(a) 2>&1 | b", "(a) 2>&1 | b"),
    ("{ a; b; } >f", "{ a; b; } > f"),
    ("{\na\n}", "{ a; }"),
    ("if a; then b; fi", "if a; then b; fi"),
    ("if a\nthen\n b\nelif c; then d; else e; fi", "if a; then b; elif c; then d; else e; fi"),
    ("while a; do b; done <f", "while a; do b; done < f"),
    ("until a; do b; done", "until a; do b; done"),
    ('for x in a \'b c\' *; do d "$x" "${x}e"; done', 'for x in a \'b c\' *; do d "${x}" "${x}"e; done'),
    ("for x in a b; do c $x.txt; done", 'for x in a b; do c "${x}".txt; done'),
    ("for x in\ndo a; done", "for x in; do a; done"),
    ("for x in {1..2}\ndo\na $x\ndone", 'for x in 1 2; do a "${x}"; done'),
    ('a $DIR ${DIR}/x "$TITLE" "$NONE"', "a src src/x 'a b' ''"),
    ("a '$DIR' \\$DIR", "a '$DIR' '$DIR'"),
    ("a ~ ~/b c~ --d=~", "a /home/agent /home/agent/b 'c~' '--d=~'"),
    ("x=1; a $x; x=2; a $x", "x=1; a 1; x=2; a 2"),
    ("x=1 && a $x", "x=1 && a 1"),
    ("x=1; (x=2; a $x); a $x", "x=1; (x=2; a 2); a 1"),
    ("x=1; { x=2; }; a $x", "x=1; { x=2; }; a 2"),
    ("x=1; if a; then b; fi; c $x", "x=1; if a; then b; fi; c 1"),
    ("x=1 a $DIR", "x=1 a src"),
    ("DIR=lib a $DIR", "DIR=lib a src"),
    ("x=1 y=$x; a $y", "x=1 y=1; a 1"),
    ("export x=1; a $x", "export x=1; a 1"),
    ("cd d && a", "cd d && a"),
    ("$DIR a", "src a"),
    ('a "$" $ $/ a$', "a '$' '$' '$/' 'a$'"),
    ("a !b c!", "a '!b' 'c!'"),
    ("a b#c '#' \\#d", "a 'b#c' '#' '#d'"),
    ("a\u00e9 \u4e2d 'b\u00a0c'", "'a\u00e9' '\u4e2d' 'b\u00a0c'"),
]

REFUSED = [
    ("a $TITLE", "unquoted-variable", 3),
    ("a $NONE", "unquoted-variable", 3),
    ("a ${STAR}", "unquoted-variable", 3),
    ("a > $TITLE", "unquoted-variable", 5),
    ("a $UNSET", "undeclared-variable", 3),
    ("true || DIR=x; a $DIR", "undeclared-variable", 18),
    ("if a; then DIR=x; fi; b $DIR", "undeclared-variable", 25),
    ("while a $DIR; do DIR=x; done", "undeclared-variable", 9),
    ("for i in 1 2; do a $DIR; DIR=$i; done", "undeclared-variable", 20),
    ("unset DIR; a $DIR", "undeclared-variable", 14),
    ("for x in $STAR; do a; done", "unquoted-variable", 10),
    ("a " + "$(b " * (DEPTH + 1) + ")" * (DEPTH + 1), "too-deep", None),
    ("(" * 1 + " (" * (DEPTH + 1) + "a" + ")" * (DEPTH + 2), "too-deep", None),
    (";".join(["a"] * (COMMANDS + 1)), "too-many", None),
    (";".join(["a"] * 10_000), "too-many", None),
    ("a " * 100_000, "too-many", None),
    ("a" + " " * 9_000 + "b", "too-long", 2),
    ("a" * (LONGEST + 1), "too-long", 1),
    ("\u00e9" * (LONGEST // 2 + 1), "too-long", 1),
    ("a {1..2000}", "brace-expansion", 3),
    ("a " + "{1,2}" * 10, "brace-expansion", None),
    ("a {1..0x3}", "brace-expansion", 3),
    ("a {a..Z}", "brace-expansion", 3),
    ("HOME=/x; a", "special-variable", 1),
    ("for HOME in a; do b; done", "special-variable", 5),
    ("a `b \\$c`", "backtick-escape", 6),
    ('a "`b "c"`"', "backtick-escape", 7),
    ("export a={1,2}", "export-value", 8),
    ("time -- a", "reserved-word", 1),
    ("time -p>f a", "reserved-word", 1),
    ("time \\\n-p a", "reserved-word", 1),
    ("%1", "special-parameter", 1),
    ("'%1' a", "special-parameter", 1),
    ("a ~b", "tilde", 3),
    ('a ~"/b"', "tilde", 3),
    ("a x=~", "tilde", 5),
    ("x=a:~ b", "tilde", 5),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_line_means_what_its_canonical_spelling_says(text: str, canonical: str) -> None:
    script = parse_shell(Source("request", text), DECLARED)
    assert print_shell(script) == canonical
    assert without_places(parse_shell(Source("request", canonical))) == without_places(script)


@pytest.mark.parametrize(("text", "code", "column"), REFUSED, ids=lambda value: str(value)[:40])
def test_uncertain_line_is_refused_where_it_is(text: str, code: str, column: int | None) -> None:
    with pytest.raises(RequestError) as caught:
        parse_shell(Source("request", text), DECLARED)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    assert diagnostic.code == code, diagnostic.message
    assert column is None or diagnostic.span.column == column
    assert len(diagnostic.render()) < 1_000


def test_every_code_is_shown_by_some_line() -> None:
    refused = {verdict.split()[1] for _, _, verdict in chunks() if verdict.startswith("REFUSED")}
    assert refused | {code for _, code, _ in REFUSED} == set(REFUSALS)


def test_nodes_know_their_places() -> None:
    text = "X=1 a 'b'*\"$(c)\" 2>e\\ f <<<g"
    (step,) = parse_shell(Source("request", text)).steps
    (command,) = step.pipeline.stages
    assert isinstance(command, Command)
    inner = command.words[1].pieces[2]
    assert isinstance(inner, Substitution)
    assert command == Command(
        (Assignment("X", Word((Text("1", 2, 3),), 2, 3), 0, 3),),
        (
            Word((Text("a", 4, 5),), 4, 5),
            Word(
                (
                    Text("b", 6, 9),
                    Glob("*", 9, 10),
                    Substitution(inner.script, quoted=True, start=11, end=15),
                ),
                6,
                16,
            ),
        ),
        (
            File(2, ">", Word((Text("e f", 19, 23),), 19, 23), 17, 23),
            Here(0, Word((Text("g\n", 27, 28),), 27, 28), 24, 28),
        ),
        0,
        28,
    )
    assert (inner.script.start, inner.script.end) == (13, 14)


def test_places_within_backticks_are_those_of_the_line() -> None:
    text = "a `b  'c'`"
    with pytest.raises(RequestError) as caught:
        parse_shell(Source("request", "a `b; c $(d; $x)`"))
    assert caught.value.diagnostics[0].span is not None
    assert caught.value.diagnostics[0].span.column == 14
    (step,) = parse_shell(Source("request", text)).steps
    piece = step.pipeline.stages[0].words[1].pieces[0]
    (inner,) = piece.script.steps
    assert text[inner.pipeline.start : inner.pipeline.end] == "b  'c'"


def test_variable_of_a_loop_is_a_piece() -> None:
    (step,) = parse_shell(Source("request", "for x in a; do b $x; done")).steps
    (inner,) = step.pipeline.stages[0].script.steps
    assert inner.pipeline.stages[0].words[1].pieces == (Variable("x", 17, 19),)


def test_closed_descriptor_has_no_source() -> None:
    (step,) = parse_shell(Source("request", "a 2>&-")).steps
    assert step.pipeline.stages[0].redirections == (Duplicate(2, None, 2, 6),)


@settings(max_examples=examples(300), deadline=None)
@given(lines | soups)
def test_what_is_printed_is_read_to_the_same_tree(text: str) -> None:
    try:
        script = parse_shell(Source("request", text), DECLARED)
    except RequestError:
        return
    printed = print_shell(script)
    again = parse_shell(Source("request", printed))
    assert without_places(again) == without_places(script)
    assert print_shell(again) == printed
