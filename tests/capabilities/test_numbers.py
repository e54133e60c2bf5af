"""Decimals, exactly, and instants: what is taken, why others are refused, arithmetic in whole numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.capabilities.numbers import MOST_DECIMAL, check_decimal, decimal_of, scaled, unscaled
from governance.capabilities.values import Type, Value
from governance.instant import check_instant, instant, milliseconds

DECIMAL, INSTANT = Type("Decimal"), Type("Instant")
MONEY = Type("Decimal", 0, Decimal("500.5"))
MOST = "99999999999999999999.999999999999"

CANONICAL: list[tuple[Type, object, Value]] = [
    (DECIMAL, 0, Decimal(0)),
    (DECIMAL, 500, Decimal(500)),
    (DECIMAL, -500, Decimal(-500)),
    (DECIMAL, "500", Decimal(500)),
    (DECIMAL, "500.5", Decimal("500.5")),
    (DECIMAL, "-0.25", Decimal("-0.25")),
    (DECIMAL, "0", Decimal(0)),
    (DECIMAL, MOST, Decimal(MOST)),
    (DECIMAL, f"-{MOST}", Decimal(f"-{MOST}")),
    (DECIMAL, "0.000000000001", Decimal("1E-12")),
    (DECIMAL, Decimal("500.00"), Decimal(500)),
    (DECIMAL, Decimal("0.0"), Decimal(0)),
    (DECIMAL, Decimal("1E+2"), Decimal(100)),
    (DECIMAL, Decimal("1E+19"), Decimal(10**19)),
    (DECIMAL, Decimal("1E-12"), Decimal("0.000000000001")),
    (DECIMAL, Decimal("1.2300000000000000000000"), Decimal("1.23")),
    (DECIMAL, 10**20 - 1, Decimal(10**20 - 1)),
    (MONEY, 0, Decimal(0)),
    (MONEY, "500.5", Decimal("500.5")),
    (INSTANT, "2026-01-31T09:00:00Z", "2026-01-31T09:00:00.000Z"),
    (INSTANT, "2026-01-31T09:00:00.123Z", "2026-01-31T09:00:00.123Z"),
]

DIGITS = "a decimal has at most 20 digits before its point and 12 after it"
REFUSED: list[tuple[Type, object, str]] = [
    (DECIMAL, True, 'a truth value is no Decimal; write a number, or a string like "500.25"'),
    (DECIMAL, None, "null is no Decimal"),
    (DECIMAL, (1,), "a list is no Decimal"),
    (DECIMAL, {}, "an object is no Decimal"),
    (DECIMAL, 1.5, "is no Decimal"),
    (DECIMAL, "500.00", "`500.00` is no canonical decimal; write 500"),
    (DECIMAL, "500.50", "write 500.5"),
    (DECIMAL, "0500", "write 500"),
    (DECIMAL, "+500", "write 500"),
    (DECIMAL, "5e2", "write 500"),
    (DECIMAL, "5E-1", "write 0.5"),
    (DECIMAL, "1E-7", "write 0.0000001"),
    (DECIMAL, "1e400", DIGITS),
    (DECIMAL, "-0", "there is one zero, and it has no sign; write 0"),
    (DECIMAL, "-0.0", "there is one zero, and it has no sign; write 0"),
    (DECIMAL, "0.0", "write 0"),
    (DECIMAL, ".5", "write it like 500.25"),
    (DECIMAL, "5.", "write it like 500.25"),
    (DECIMAL, "", "`` is no canonical decimal"),
    (DECIMAL, " 5", "is no canonical decimal"),
    (DECIMAL, "5\n", r"`5\u000a` is no canonical decimal"),
    (DECIMAL, "5_0", "is no canonical decimal"),
    (DECIMAL, "5,0", "is no canonical decimal"),
    (DECIMAL, "0x10", "is no canonical decimal"),
    (DECIMAL, "\uff15", "is no canonical decimal"),
    (DECIMAL, "\u0665.5", "is no canonical decimal"),
    (DECIMAL, "\u202e5", r"`\u202e5` is no canonical decimal"),
    (DECIMAL, "--5", "is no canonical decimal"),
    (DECIMAL, "NaN", "is no canonical decimal"),
    (DECIMAL, "sNaN", "is no canonical decimal"),
    (DECIMAL, "Infinity", "is no canonical decimal"),
    (DECIMAL, "9" * 5000, "is no canonical decimal"),
    (DECIMAL, "1" + "0" * 20, DIGITS),
    (DECIMAL, "0." + "0" * 12 + "1", DIGITS),
    (DECIMAL, Decimal("NaN"), "it is no number"),
    (DECIMAL, Decimal("sNaN"), "it is no number"),
    (DECIMAL, Decimal("-Infinity"), "it is no number"),
    (DECIMAL, Decimal("-0.0"), "there is one zero"),
    (DECIMAL, Decimal("1E+400"), DIGITS),
    (DECIMAL, Decimal("1E-400"), DIGITS),
    (DECIMAL, Decimal("1E+20"), DIGITS),
    (DECIMAL, Decimal("1E-13"), DIGITS),
    (DECIMAL, 10**20, DIGITS),
    (DECIMAL, -(10**20), DIGITS),
    (MONEY, "500.500000000001", "500.500000000001 is not between 0 and 500.5"),
    (MONEY, -1, "-1 is not between 0 and 500.5"),
    (Type("Decimal", Decimal("0.0000001")), 0, f"0 is not between 0.0000001 and {MOST}"),
    (INSTANT, 1, "a whole number is no Instant"),
    (INSTANT, "2026-01-31", "an instant is written like 2026-01-31T09:00:00Z"),
    (INSTANT, "2026-02-30T00:00:00Z", "an instant is written like"),
    (INSTANT, "2026-01-31T09:00:00+00:00", "an instant is written like"),
    (INSTANT, "2026-01-31T09:00:00Z\n", "an instant is written like"),
]

exact = st.integers(-(10**32) + 1, 10**32 - 1)


@given(exact)
def test_decimal_is_exact_in_any_context(number: int) -> None:
    value = check_decimal(Decimal(number).scaleb(-12)) if abs(number) < 10**28 else None
    with localcontext(prec=1):
        text = unscaled(number)
        again = check_decimal(text)
        assert scaled(again) == number
        assert check_decimal(again) == again
        assert Type("Decimal", again, again).check(text) == again
        assert value is None or value == again
        assert f"{again:f}" == text


@given(exact, exact)
def test_scaled_keeps_sum_and_order(left: int, right: int) -> None:
    first, second = (check_decimal(unscaled(number)) for number in (left, right))
    assert scaled(first) + scaled(second) == left + right
    assert (first < second) is (scaled(first) < scaled(second))


@pytest.mark.parametrize(("text", "value"), [("500.00", "500"), ("-0.50", "-0.5"), ("0.0", "0"), ("7", "7")])
def test_literal_of_a_policy_may_end_in_zeros(text: str, value: str) -> None:
    assert f"{decimal_of(text):f}" == value


@pytest.mark.parametrize(
    "text", ["5e2", "05", "+5", "", "5.", ".5", "5 ", "-0", "9" * 5000, "0." + "1" * 5000]
)
def test_other_literal_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any reason will do
        decimal_of(text)


def test_largest_decimal_is_the_largest() -> None:
    assert scaled(MOST_DECIMAL) == 10**32 - 1


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)), st.integers(0, 999))  # noqa: DTZ001
def test_milliseconds_are_those_since_1970(when: datetime, extra: int) -> None:
    when = when.replace(microsecond=extra * 1000, tzinfo=UTC)
    text = check_instant(f"{when:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + f".{extra:03d}Z")
    assert milliseconds(text) == (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert instant(milliseconds(text)) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2000-03-01T00:00:00.001Z", 951_868_800_001),
        ("2026-01-31T09:30:15.250Z", 1_769_851_815_250),
    ],
)
def test_milliseconds_of_known_instants(text: str, number: int) -> None:
    assert milliseconds(text) == number
    assert instant(number) == text
