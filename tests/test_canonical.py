"""Canonical JSON is RFC 8785 for the values of this package: exact integers, decimals as strings, keys without surrogates."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from governance.canonical import EXACT_INTEGER, Json, canonical, digest, digest_of

keys = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]))
integers = st.integers(-EXACT_INTEGER, EXACT_INTEGER)
values = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=30,
)


@given(values)
def test_canonical_bytes_are_those_of_the_reference_implementation(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [], "B": {}}, b'{"B":{},"a":[],"b":1}'),
        ('\x00\x08\t\n\x0b\x0c\r\x1f\x7f"\\/', b'"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\\"\\\\/"'),
        ("\u20ac\u2028\U0001f600", '"\u20ac\u2028\U0001f600"'.encode()),
        (True, b"true"),
        (1, b"1"),
        (-0, b"0"),
        (EXACT_INTEGER, b"9007199254740991"),
        (("a", None), b'["a",null]'),
        (Decimal("500.5"), b'"500.5"'),
        ({"a": (Decimal("1E-7"), Decimal("1E+2"))}, b'{"a":["0.0000001","100"]}'),
    ],
)
def test_values_are_written_in_their_one_form(value: Json, written: bytes) -> None:
    assert canonical(value) == written


def test_half_a_surrogate_pair_has_no_canonical_form() -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical("\ud800")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_of_json_has_no_canonical_form(number: float) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        canonical(number)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), b"a", {1, 2}, object()])
def test_what_is_no_value_has_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError, match="is no canonical data"):
        canonical(value)  # type: ignore[arg-type]


def test_true_and_one_are_different_values() -> None:
    assert digest_of([True]) != digest_of([1])


def test_digest_names_its_algorithm() -> None:
    assert digest(b"x") == "sha256:" + hashlib.sha256(b"x").hexdigest()
    assert digest_of({"a": 1}) == digest(b'{"a":1}')
