"""Command lines to test with: sound ones of every construct, and signs in any order."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

SIGNS: Final = (
    *(
        "a",
        "b",
        "c",
        "x=",
        "X",
        "1",
        "2",
        ".",
        "-",
        "'",
        '"',
        "\\",
        "$",
        "(",
        ")",
        "{",
        "}",
        ",",
        "*",
        "[",
        "]",
    ),
    *(
        "|",
        "&",
        "&&",
        "||",
        ";",
        "<",
        ">",
        ">>",
        "#",
        "~",
        "=",
        "!",
        "\n",
        "\t",
        " ",
        " ",
        " ",
        " ",
        "`",
        "..",
    ),
    *(
        "if ",
        "then ",
        "fi",
        "do ",
        "done",
        "for x in ",
        "while ",
        "until ",
        "$x",
        "${x}",
        "$(",
        "<<E",
        "<<'E'",
    ),
    *(
        "\nE\n",
        "<<<",
        "2>",
        "&>",
        ">&2",
        "\u00e9",
        "%",
        "+",
        "^",
        "@",
        "?",
        ":",
        "time ",
        "! ",
        "{ ",
        "; }",
        "[a]",
    ),
    *(
        "{a,b}",
        "{1..3}",
        "\\\n",
        "''",
        '""',
        "else ",
        "elif ",
        "in",
        "case",
        "esac",
        "$A",
        "cd ",
        "a=b",
        "declare ",
    ),
)
"""What command lines are made of, and what parsers of them trip over."""

soups = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=16).map("".join)

_texts = st.text(st.sampled_from("ab1 \t\n'\"\\$`*?[]{},~#!;|&<>()=.-%\u00e9"), max_size=6)
_bare = st.text(st.sampled_from("ab1=.-%+:,@^!]}\u00e9"), min_size=1, max_size=4)


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _double(text: str) -> str:
    escaped = "".join("\\" + sign if sign in '"\\$`' else sign for sign in text)
    return f'"{escaped}"'


def _escaped(text: str) -> str:
    return "".join("\\" + sign for sign in text if sign != "\n") or "''"


_pieces = st.one_of(
    _bare,
    _texts.map(_single),
    _texts.map(_double),
    _texts.map(_escaped),
    st.sampled_from(
        ["*", "?", "[ab]", "{a,b}", "{1..3}", "{03..1}", "{a..e..2}", "{}", "{x}", "$", "\\\n ", "a=b", "-"]
    ),
)
words = st.lists(_pieces, min_size=1, max_size=3).map("".join)

_redirections = st.sampled_from(
    [">f", "2>&1", "< f", ">>f", "&>f", "2> 'g h'", "<<< 'a b'", ">| f", "3>&-", "<&0"]
)
_commands = st.tuples(
    st.sampled_from(["", "", "", "x=1 ", "x='a b' y= "]),
    st.sampled_from(["a", "b.c", "'if'", "\\do", "[", "-x", "n%", '"p q"', "in''"]),
    st.lists(st.one_of(words, words, words, _redirections), max_size=4),
).map(lambda parts: parts[0] + " ".join([parts[1], *parts[2]]))


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        two.flatmap(
            lambda pair: st.sampled_from([" | ", "|", " && ", "||", "; ", ";", "\n", " |& "]).map(
                lambda sign: sign.join(pair)
            )
        ),
        inner.map(lambda text: f"({text})" if not text.startswith("(") else f"( {text})"),
        inner.map(lambda text: f"{{ {text}\n}} 2>&1"),
        inner.map(lambda text: f"! {text}" if not text.startswith("!") else text),
        inner.map(lambda text: f"a $( {text}\n)b"),
        inner.map(lambda text: f'a "x $( {text}\n)"'),
        two.map(lambda pair: f"if {pair[0]}\nthen {pair[1]}\nfi"),
        two.map(lambda pair: f"if {pair[0]}\nthen {pair[1]}\nelse {pair[0]}\nfi >f"),
        two.map(lambda pair: f"while {pair[0]}\ndo {pair[1]}\ndone"),
        st.tuples(words, inner).map(lambda pair: f'for v in {pair[0]}; do a "$v"; {pair[1]}\ndone'),
        inner.map(lambda text: f"w='1 2'; {text}\na \"$w\""),
        inner.map(lambda text: f'v=$( {text}\n); a "x$v"'),
        inner.map(lambda text: f'for v in 1 2; do a "$v"; v=$( {text}\n)"; b"; a "$v"; done'),
        inner.map(lambda text: f'a | {{ read -r v w; {text}\na "$v"; }}'),
        inner.map(lambda text: f"cat <<'E' ; {text}\nbody $x\nE" if "\n" not in text else text),
        inner.map(lambda text: f"{text} # comment ' \"" if not text.endswith("\\") else text),
    )


lines = st.recursive(_commands, _nested, max_leaves=6)
"""Command lines that bash accepts, nearly all of which are read."""
