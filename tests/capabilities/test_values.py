"""Each type: which values are canonical, what they become, and why others are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from governance.canonical import EXACT_INTEGER
from governance.capabilities.hosts import check_host
from governance.capabilities.numbers import quantity
from governance.capabilities.paths import check_glob, check_path
from governance.capabilities.values import TYPE_NAMES, Type, Value
from tests.capabilities import test_addresses, test_numbers, test_objects

BOOL, INT, STRING, PATH = Type("Bool"), Type("Int"), Type("String"), Type("Path")
SIZE, DURATION, GLOB, HOST, ARGV = Type("Size"), Type("Duration"), Type("Glob"), Type("Host"), Type("Argv")
ENUM = Type("Enum", names=("a", "true", "1"))
UNDER, WITHIN = Type("Path", within="/work/a"), Type("Host", within="example.org")
PATTERN = Type("PathGlob")
LIST = Type("List", 1, 2, item=Type("Int", 0, 9))

CANONICAL: list[tuple[Type, object, Value]] = [
    (BOOL, True, True),
    (BOOL, False, False),
    (INT, 0, 0),
    (INT, -EXACT_INTEGER, -EXACT_INTEGER),
    (INT, EXACT_INTEGER, EXACT_INTEGER),
    (Type("Int", 1, 3), 3, 3),
    (SIZE, 0, 0),
    (SIZE, "0B", 0),
    (SIZE, "64KiB", 65_536),
    (SIZE, "3MiB", 3 << 20),
    (SIZE, "1GiB", 1 << 30),
    (DURATION, 1, 1),
    (DURATION, "5ms", 5),
    (DURATION, "30s", 30_000),
    (DURATION, "5m", 300_000),
    (DURATION, "2h", 7_200_000),
    (DURATION, "1d", 86_400_000),
    (STRING, "", ""),
    (STRING, "\x00\x1b\u202e", "\x00\x1b\u202e"),
    (STRING, "\U0001f600" * 65_536, "\U0001f600" * 65_536),
    (Type("String", 2, 2), "\U0001f600\U0001f600", "\U0001f600\U0001f600"),
    (ENUM, "true", "true"),
    (PATH, "/", "/"),
    (PATH, "/a", "/a"),
    (PATH, "/...", "/..."),
    (PATH, "/.a/..b/c..", "/.a/..b/c.."),
    (PATH, "/a b/*?[x]/\\n$(x)", "/a b/*?[x]/\\n$(x)"),
    (PATH, "/" + "a" * 255, "/" + "a" * 255),
    (PATH, "/" + "\u00e9" * 127, "/" + "\u00e9" * 127),
    (PATH, "/a" * 2048, "/a" * 2048),
    (UNDER, "/work/a", "/work/a"),
    (UNDER, "/work/a/b", "/work/a/b"),
    (Type("Path", within="/"), "/x", "/x"),
    (GLOB, "**", "**"),
    (GLOB, "*", "*"),
    (GLOB, "src/**/*.py", "src/**/*.py"),
    (GLOB, "..*", "..*"),
    (GLOB, "**/**", "**/**"),
    (GLOB, "a[!b]{c,d}?", "a[!b]{c,d}?"),
    (PATTERN, "/a", "/a"),
    (PATTERN, "/work/*.py", "/work/*.py"),
    (PATTERN, "/**", "/**"),
    (Type("PathGlob", within="/work"), "/work/*", "/work/*"),
    (HOST, "a", "a"),
    (HOST, "example.org", "example.org"),
    (HOST, "xn--bcher-kva.example.org", "xn--bcher-kva.example.org"),
    (HOST, "1.a", "1.a"),
    (HOST, "a" * 63 + ".b", "a" * 63 + ".b"),
    (WITHIN, "example.org", "example.org"),
    (WITHIN, "api.example.org", "api.example.org"),
    (ARGV, ("ls",), ("ls",)),
    (ARGV, ("ls", "", "-l\n"), ("ls", "", "-l\n")),
    (ARGV, ("x",) * 64, ("x",) * 64),
    (LIST, (1, 2), (1, 2)),
    (Type("List", item=PATH), (), ()),
    (Type("List", item=SIZE), ("1KiB", 1), (1024, 1)),
    *test_addresses.CANONICAL,
    *test_numbers.CANONICAL,
    *test_objects.CANONICAL,
]

WHOLE = "write a whole number, without a point"
SIGN = "a host is lower-case labels of letters, digits and hyphens between dots"
REFUSED: list[tuple[Type, object, str]] = [
    (BOOL, 1, "a whole number is no Bool; write true or false"),
    (BOOL, 0, "a whole number is no Bool"),
    (BOOL, "true", "a string is no Bool"),
    (BOOL, None, "null is no Bool"),
    (INT, True, f"a truth value is no Int; {WHOLE}"),
    (INT, False, "a truth value is no Int"),
    (INT, Decimal("1.0"), f"a number with a fraction is no Int; {WHOLE}"),
    (INT, Decimal("1E+2"), "a number with a fraction is no Int"),
    (INT, "1", "a string is no Int"),
    (INT, (1,), "a list is no Int"),
    (INT, {}, "an object is no Int"),
    (INT, EXACT_INTEGER + 1, f"{EXACT_INTEGER + 1} is not between -{EXACT_INTEGER} and {EXACT_INTEGER}"),
    (INT, -EXACT_INTEGER - 1, "is not between"),
    (Type("Int", 1, 3), 0, "0 is not between 1 and 3"),
    (Type("Int", 1, 3), 4, "4 is not between 1 and 3"),
    (SIZE, -1, "-1 is not between 0 and"),
    (SIZE, True, "a truth value is no Size; write bytes, or a string like 64KiB"),
    (SIZE, Decimal("1.5"), "a number with a fraction is no Size"),
    (SIZE, "1", "`1` is no Size; write a whole number and one of B, KiB, MiB, GiB"),
    (SIZE, "1KiB ", "`1KiB ` is no Size"),
    (SIZE, " 1KiB", "is no Size"),
    (SIZE, "1KiB\n", r"`1KiB\u000a` is no Size"),
    (SIZE, "1 KiB", "is no Size"),
    (SIZE, "1kib", "is no Size"),
    (SIZE, "1KB", "is no Size"),
    (SIZE, "1k", "is no Size"),
    (SIZE, "\uff11KiB", "is no Size"),
    (SIZE, "\u0661KiB", "is no Size"),
    (SIZE, "01KiB", "`01KiB` is no Size"),
    (SIZE, "+1KiB", "is no Size"),
    (SIZE, "-1KiB", "is no Size"),
    (SIZE, "1.5MiB", "is no Size"),
    (SIZE, "1e3B", "is no Size"),
    (SIZE, "0x10", "is no Size"),
    (SIZE, "1_0B", "is no Size"),
    (SIZE, "30s", "is no Size"),
    (SIZE, "", "`` is no Size"),
    (SIZE, "9" * 1_000_000 + "B", f"`{'9' * 40}` is no Size"),
    (SIZE, "999999999999999GiB", "is not between 0 and"),
    (Type("Size", 1, 1024), "2KiB", "2048 is not between 1 and 1024"),
    (DURATION, "1KiB", "`1KiB` is no Duration; write a whole number and one of ms, s, m, h, d"),
    (DURATION, "1M", "is no Duration"),
    (DURATION, -1, "-1 is not between"),
    (STRING, 1, "a whole number is no String"),
    (STRING, "a" * 65_537, "it has 65537 characters, not between 0 and 65536"),
    (Type("String", 1), "", "it has 0 characters, not between 1 and 65536"),
    (Type("String", 0, 2), "abc", "it has 3 characters, not between 0 and 2"),
    (ENUM, "A", "it is none of a, true, 1"),
    (ENUM, "a ", "it is none of"),
    (ENUM, "", "it is none of"),
    (ENUM, True, "a truth value is no Enum"),
    (ENUM, 1, "a whole number is no Enum"),
    (PATH, "", "a path is absolute: it begins with /"),
    (PATH, "a", "a path is absolute"),
    (PATH, "~", "a path is absolute"),
    (PATH, "./a", "a path is absolute"),
    (PATH, "\\a", "a path is absolute"),
    (PATH, "C:/a", "a path is absolute"),
    (PATH, "\uff0fa", "a path is absolute"),
    (PATH, "file:///a", "a path is absolute"),
    (PATH, " /a", "a path is absolute"),
    (PATH, "//", "a path has no doubled slash and none at its end"),
    (PATH, "//a", "a path has no doubled slash"),
    (PATH, "/a//b", "a path has no doubled slash"),
    (PATH, "/a/", "a path has no doubled slash and none at its end"),
    (PATH, "/.", "a path has no `.`; write where it leads to"),
    (PATH, "/a/./b", "a path has no `.`"),
    (PATH, "/..", "a path has no `..`; write where it leads to"),
    (PATH, "/a/../b", "a path has no `..`"),
    (PATH, "/a/..", "a path has no `..`"),
    (PATH, "/a\x00", "a path holds no control character"),
    (PATH, "/a\n", "a path holds no control character"),
    (PATH, "/\x1f", "a path holds no control character"),
    (PATH, "/\x7f", "a path holds no control character"),
    (PATH, "/\x80", "a path holds no control character"),
    (PATH, "/\x9f", "a path holds no control character"),
    (PATH, "/" + "a" * 256, "a component of a path has at most 255 bytes"),
    (PATH, "/" + "\u00e9" * 128, "a component of a path has at most 255 bytes"),
    (PATH, "/a" * 2049, "a path has at most 4096 bytes"),
    (PATH, 1, "a whole number is no Path"),
    (UNDER, "/work/ab", "it is not under /work/a"),
    (UNDER, "/work", "it is not under /work/a"),
    (UNDER, "/", "it is not under /work/a"),
    (UNDER, "/work/a/../b", "a path has no `..`"),
    (GLOB, "", "a glob has no doubled slash and none at its end"),
    (GLOB, "/etc/*", "a glob here does not begin with /"),
    (GLOB, "..", "a glob has no `..`"),
    (GLOB, "../*", "a glob has no `..`"),
    (GLOB, "a/./b", "a glob has no `.`"),
    (GLOB, "a//b", "a glob has no doubled slash"),
    (GLOB, "a/", "a glob has no doubled slash and none at its end"),
    (GLOB, "a**", "`**` stands alone between slashes"),
    (GLOB, "***", "`**` stands alone between slashes"),
    (GLOB, "**a/b", "`**` stands alone between slashes"),
    (GLOB, "a\x00", "a glob holds no control character"),
    (GLOB, "a" * 256, "a component of a glob has at most 255 bytes"),
    (GLOB, "a/" * 2048 + "b", "a glob has at most 4096 bytes"),
    (HOST, "", SIGN),
    (HOST, ".", SIGN),
    (HOST, "example.org.", SIGN),
    (HOST, ".example.org", SIGN),
    (HOST, "a..b", SIGN),
    (HOST, "Example.org", SIGN),
    (HOST, "b\u00fccher.example.org", SIGN),
    (HOST, "ex\u0430mple.org", SIGN),
    (HOST, "example\u3002org", SIGN),
    (HOST, "\uff45xample.org", SIGN),
    (HOST, "exa\u017fmple.org", SIGN),
    (HOST, "-a.org", SIGN),
    (HOST, "a-.org", SIGN),
    (HOST, "a_b.org", SIGN),
    (HOST, "a" * 64, SIGN),
    (HOST, ".".join(["a" * 50] * 5), SIGN),
    (HOST, "example.org:443", SIGN),
    (HOST, "user@example.org", SIGN),
    (HOST, "example.org/", SIGN),
    (HOST, "example.org\n", SIGN),
    (HOST, "example.org\x00", SIGN),
    (HOST, "*.example.org", SIGN),
    (HOST, "[::1]", SIGN),
    (HOST, "::ffff:127.0.0.1", SIGN),
    (HOST, "127.0.0.1", "an address is no host name"),
    (HOST, "2130706433", "an address is no host name"),
    (HOST, "0177.0.0.01", "an address is no host name"),
    (HOST, "0x7f000001", "an address is no host name"),
    (HOST, "127.0.0.0x1", "an address is no host name"),
    (HOST, "127.1", "an address is no host name"),
    (WITHIN, "badexample.org", "it is not within example.org"),
    (WITHIN, "example.org.evil.example", "it is not within example.org"),
    (WITHIN, "org", "it is not within example.org"),
    (ARGV, (), "it has 0 words, not between 1 and 64"),
    (ARGV, ("x",) * 65, "it has 65 words"),
    (ARGV, ("",), "the first word, the program, is empty"),
    (ARGV, ("ls", 1), "a whole number is no word; write every word as a string"),
    (ARGV, ("ls", None), "null is no word"),
    (ARGV, ("ls", ("-l",)), "a list is no word"),
    (ARGV, ("ls", "a\x00b"), "a word holds no NUL and at most 4096 characters"),
    (ARGV, ("ls", "a" * 4097), "a word holds no NUL and at most 4096 characters"),
    (ARGV, "ls -l", "a string is no Argv; write a list of strings, the program first"),
    (LIST, (), "it has 0 items, not between 1 and 2"),
    (LIST, (1, 2, 3), "it has 3 items, not between 1 and 2"),
    (LIST, (10,), "10 is not between 0 and 9"),
    (LIST, (True,), "a truth value is no Int"),
    (PATTERN, "*.py", "a path is absolute: it begins with /"),
    (PATTERN, "/a/../*", "a glob has no `..`"),
    (PATTERN, "/a**", "`**` stands alone between slashes"),
    (PATTERN, "/a*\n", "a glob holds no control character"),
    (PATTERN, "/a//b", "a path has no doubled slash"),
    (Type("PathGlob", within="/work"), "/w*/a", "it is not under /work"),
    (LIST, 1, "a whole number is no List; write a list"),
    (Type("List", item=STRING), ("",) * 65, "it has 65 items, not between 0 and 64"),
    *test_addresses.REFUSED,
    *test_numbers.REFUSED,
    *test_objects.REFUSED,
]


@pytest.mark.parametrize(("kind", "value", "canonical"), CANONICAL)
def test_canonical_value_is_taken(kind: Type, value: object, canonical: Value) -> None:
    assert kind.check(value) == canonical
    assert type(kind.check(value)) is type(canonical)


@pytest.mark.parametrize(("kind", "value", "reason"), REFUSED)
def test_other_value_is_refused_with_the_reason(kind: Type, value: object, reason: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the reason is compared whole, below
        kind.check(value)
    assert (
        str(caught.value).startswith(reason)
        or str(caught.value).endswith(reason)
        or reason in str(caught.value)
    )
    assert len(str(caught.value)) < 300


def test_every_type_of_the_language_is_in_both_tables() -> None:
    names = {*TYPE_NAMES, "Record"}
    assert {kind.name for kind, _, _ in CANONICAL} == {kind.name for kind, _, _ in REFUSED} == names


@pytest.mark.parametrize(("kind", "value", "canonical"), CANONICAL)
def test_canonical_form_is_its_own_canonical_form(kind: Type, value: object, canonical: Value) -> None:
    assert kind.check(kind.check(value)) == canonical


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (INT, "Int"),
        (Type("Int", 1), "Int(1..)"),
        (Type("String", None, 9, optional=True), "String(..9)?"),
        (ENUM, "Enum(a, true, 1)"),
        (UNDER, 'Path under "/work/a"'),
        (WITHIN, 'Host within "example.org"'),
        (LIST, "List<Int(0..9)>(1..2)"),
        (Type("Decimal", 0, Decimal("0.0000001")), "Decimal(0..0.0000001)"),
        (Type("Cidr", within="10.0.0.0/8"), 'Cidr within "10.0.0.0/8"'),
    ],
)
def test_type_is_shown_as_the_language_writes_it(kind: Type, written: str) -> None:
    assert str(kind) == written


def test_only_numbers_and_instants_have_an_order() -> None:
    ordered = {"Int", "Decimal", "Size", "Duration", "Instant"}
    assert {name for name in TYPE_NAMES if Type(name).ordered} == ordered


@pytest.mark.parametrize("text", ["/a", "**/a", "/**", "/"])
def test_glob_of_a_policy_begins_at_the_root_or_anywhere(text: str) -> None:
    if text == "/":
        with pytest.raises(ValueError, match="doubled slash"):
            check_glob(text, rooted=True)
    else:
        assert check_glob(text, rooted=True) == text


@pytest.mark.parametrize("text", ["a", "*", "**", "*/a", "", "**a/b"])
def test_other_glob_of_a_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a glob here begins with / or"):
        check_glob(text, rooted=True)


@pytest.mark.parametrize("name", ["Int", "Decimal", "Size", "Duration", "Json"])
def test_number_of_thousands_of_digits_is_refused_without_being_written(name: str) -> None:
    for number in (10**5000, -(10**5000)):
        with pytest.raises(ValueError, match=r"is not between|at most 20 digits"):
            Type(name).check(number)


def test_million_characters_are_checked_in_one_pass() -> None:
    long = "a" * 1_000_000
    for check in (check_path, check_glob, check_host, lambda text: quantity(text, "Size")):
        for text in (long, "/" + long, "/a" * 500_000, "a." * 500_000, "*" * 1_000_000, "a-" * 500_000):
            with pytest.raises(ValueError):  # noqa: PT011 - any reason will do
                check(text)
