"""What is made up of values: lists, sets, records and JSON; none of it changes."""

from __future__ import annotations

import copy
from decimal import Decimal

import pytest

from governance.canonical import EXACT_INTEGER, canonical
from governance.capabilities.objects import FrozenObject
from governance.capabilities.values import Type, Value, field_of

JSON = Type("Json")
WORDS, AMOUNTS = Type("Set", 1, 3, item=Type("String")), Type("Set", item=Type("Decimal"))
PERSON = Type(
    "Record",
    fields=(
        ("name", Type("String", 1, 80)),
        ("email", Type("Email")),
        ("note", Type("String", optional=True)),
    ),
)
LETTER = Type("Record", fields=(("to", PERSON), ("copies", Type("List", item=PERSON, optional=True))))
ANN = {"name": "Ann", "email": "ann@example.org"}
DEEP: object = 1
for _ in range(32):
    DEEP = (DEEP,)

CANONICAL: list[tuple[Type, object, Value]] = [
    (Type("List", 0, 9, item=Type("Decimal")), (Decimal("2.0"), 1, 1), (Decimal(2), Decimal(1), Decimal(1))),
    (WORDS, ("b", "a"), ("a", "b")),
    (WORDS, ("a", "B", "\U0001f600"), ("B", "a", "\U0001f600")),
    (AMOUNTS, (), ()),
    (AMOUNTS, (10, "9", Decimal("1.50")), (Decimal("1.5"), Decimal(10), Decimal(9))),
    (Type("Set", item=PERSON), (ANN,), (FrozenObject(ANN),)),
    (PERSON, ANN, FrozenObject(ANN)),
    (PERSON, {**ANN, "note": ""}, FrozenObject(ANN, note="")),
    (LETTER, {"to": ANN}, FrozenObject(to=FrozenObject(ANN))),
    (
        LETTER,
        {"copies": (ANN, ANN), "to": ANN},
        FrozenObject(to=FrozenObject(ANN), copies=(FrozenObject(ANN), FrozenObject(ANN))),
    ),
    (JSON, True, True),
    (JSON, 0, 0),
    (JSON, -EXACT_INTEGER, -EXACT_INTEGER),
    (JSON, "\x00\u202e", "\x00\u202e"),
    (JSON, (), ()),
    (JSON, (1, (None,), {"a": None}), (1, (None,), FrozenObject(a=None))),
    (JSON, {"\u00e9": {"": ()}}, FrozenObject({"\u00e9": FrozenObject({"": ()})})),
    (JSON, DEEP, DEEP),
    (JSON, "a" * 65_534, "a" * 65_534),
]

REFUSED: list[tuple[Type, object, str]] = [
    (Type("List", item=PERSON), (ANN, {}), "item 2: `name` is missing"),
    (WORDS, "a", "a string is no Set; write a list of different items"),
    (WORDS, ["a"], "is no Set"),
    (WORDS, (), "it has 0 items, not between 1 and 3"),
    (WORDS, ("a", "b", "c", "d"), "it has 4 items, not between 1 and 3"),
    (WORDS, ("b", "a", "b"), "item 3 stands here twice; keep one"),
    (WORDS, ("a", 1), "item 2: a whole number is no String"),
    (AMOUNTS, ("1", Decimal("1.0")), "item 2 stands here twice"),
    (Type("Set", item=Type("Size")), ("1KiB", 1024), "item 2 stands here twice"),
    (PERSON, "Ann", "a string is no Record; write an object"),
    (PERSON, None, "null is no Record"),
    (PERSON, (), "a list is no Record"),
    (PERSON, {}, "`name` is missing"),
    (PERSON, {"name": "Ann"}, "`email` is missing"),
    (PERSON, {**ANN, "emial": "x"}, "there is no field `emial`; did you mean `email`?"),
    (PERSON, {**ANN, "x\u202ey\n" * 30: 1}, "there is no field `x\\u202ey\\u000ax"),
    (PERSON, {**ANN, "Name": "x"}, "there is no field `Name`; did you mean `name`?"),
    (PERSON, {**ANN, "quantity": 1}, "there is no field `quantity`; it has name, email, note"),
    (PERSON, {**ANN, "note": None}, "`note` is null; leave it out"),
    (PERSON, {**ANN, "name": ""}, "`name`: it has 0 characters"),
    (LETTER, {"to": {**ANN, "email": "Ann"}}, "`to`: `email`: a mail address is written"),
    (LETTER, {"to": ANN, "copies": (ANN, {**ANN, "x": 1})}, "`copies`: item 2: there is no field `x`"),
    (JSON, None, "null is no Json; leave it out"),
    (JSON, Decimal("1.5"), "a number within has a fraction; write whole numbers, or strings"),
    (JSON, (Decimal("1.0"),), "a number within has a fraction"),
    (JSON, {"a": (Decimal("NaN"),)}, "a number within has a fraction"),
    (JSON, 1.5, "is no Json"),
    (JSON, ([],), "a number within has a fraction"),
    (JSON, EXACT_INTEGER + 1, "a whole number within is not between"),
    (JSON, {"\U0001f600": 1}, "a key holds a character beyond U+FFFF"),
    (JSON, (DEEP,), "it is nested more than 32 deep"),
    (JSON, "a" * 65_535, "its canonical form is longer than 65536 bytes"),
    (JSON, ("\x00" * 11_000,), "its canonical form is longer than 65536 bytes"),
]


def test_records_never_change() -> None:
    record = PERSON.check(ANN)
    assert isinstance(record, FrozenObject)
    for change in (
        lambda: record.__setitem__("name", "Bob"),
        lambda: record.__delitem__("name"),
        lambda: record.update(name="Bob"),
        lambda: record.setdefault("note", ""),
        lambda: record.pop("name"),
        record.popitem,
        record.clear,
        lambda: record.__ior__({"name": "Bob"}),
    ):
        with pytest.raises(TypeError, match="never changes"):
            change()
    assert record == ANN
    assert hash(record) == hash(PERSON.check(dict(reversed(ANN.items()))))


def test_what_was_given_is_not_shared() -> None:
    given = copy.deepcopy({"a": {"b": 1}})
    record = JSON.check(given)
    given["a"]["b"] = 2
    assert record == {"a": {"b": 1}}


def test_fields_stand_in_the_order_declared() -> None:
    record = PERSON.check({"note": "", "email": "ann@example.org", "name": "Ann"})
    assert isinstance(record, FrozenObject)
    assert list(record) == ["name", "email", "note"]


def test_fields_of_records_are_found_by_name() -> None:
    letter = LETTER.check({"to": ANN})
    assert LETTER.field_names == ("to", "copies")
    assert LETTER.field("to") == PERSON
    assert LETTER.field("name") is None
    assert field_of(letter, LETTER, "to") == ANN
    assert field_of(letter, LETTER, "copies") is None


def test_json_is_canonical_as_itself() -> None:
    assert canonical(JSON.check({"b": (1, None), "a": {"c": True}})) == b'{"a":{"c":true},"b":[1,null]}'


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (PERSON, "{ name: String(1..80), email: Email, note: String? }"),
        (Type("Record", fields=(("a", JSON),), optional=True), "{ a: Json }?"),
        (WORDS, "Set<String>(1..3)"),
    ],
)
def test_type_is_shown_as_the_language_writes_it(kind: Type, written: str) -> None:
    assert str(kind) == written
