from __future__ import annotations

import pytest

from governance.capabilities.phrase import Fixed, Group, Keyword, PhraseError, Slot, parse_phrase


def test_phrase_has_words_values_and_groups() -> None:
    phrase = parse_phrase("read [the file] $path [, from byte $offset]")
    assert phrase.parts == (
        Keyword("read"),
        Group((Keyword("file", "the"),)),
        Slot("path", 17),
        Group((Keyword(","), Keyword("from"), Keyword("byte"), Slot("offset", 36))),
    )


def test_forms_are_with_and_without_each_group() -> None:
    phrase = parse_phrase("a delete [file] $path [now]")
    said = [
        " ".join(item.text if isinstance(item, Keyword) else "$" for item in form) for form in phrase.forms()
    ]
    assert said == ["delete $", "delete $ now", "delete file $", "delete file $ now"]


def test_value_that_goes_without_saying() -> None:
    assert parse_phrase("write new $exists=refuse").parts[2] == Fixed("exists", "refuse", 11)


def test_article_alone_is_no_group() -> None:
    assert parse_phrase("read [the] $path") == parse_phrase("read       $path")


@pytest.mark.parametrize(
    ("text", "start", "end", "piece"),
    [
        ("", 0, 0, "begins with a word"),
        ("$path", 0, 5, "begins with a word"),
        ("[please] read $path", 0, 19, "begins with a word"),
        (", read $path", 0, 12, "begins with a word"),
        ("read Path", 5, 9, "`Path` is no word"),
        ("read it. $path", 5, 8, "no word"),
        ("read\t$path", 0, 10, "no word"),
        ("read $path-$other", 5, 17, "no word"),
        ("read x$path", 5, 11, "no word"),
        ("read $", 5, 6, "no word"),
        ("read $path $path", 11, 16, "twice"),
        ("read [$path", 5, 6, "no end"),
        ("read $path]", 10, 11, "closes nothing"),
        ("read [a [b] $path]", 8, 9, "stands in a group"),
        ("read [b] [c] [d] [e] [f] [g] [h]", 0, 32, "at most 6"),
        ("read " + "x" * 1020, 0, 1025, "at most 1024"),
    ],
)
def test_what_is_no_phrase_is_said_with_its_place(text: str, start: int, end: int, piece: str) -> None:
    with pytest.raises(PhraseError, match=piece) as caught:
        parse_phrase(text)
    assert (caught.value.start, caught.value.end) == (start, end)
    assert caught.value.mend
