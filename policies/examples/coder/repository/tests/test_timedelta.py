from datetime import timedelta

import pytest

from marshmallow import TimeDelta


@pytest.mark.parametrize("precision", ["days", "hours", "minutes", "seconds"])
def test_whole_units_round_trip(precision):
    field = TimeDelta(precision=precision)
    assert field.serialize("delta", {"delta": field.deserialize(3)}) == 3


def test_nothing_stays_nothing():
    assert TimeDelta().serialize("delta", {}) is None


def test_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="precision"):
        TimeDelta(precision="fortnights")


def test_seconds():
    assert TimeDelta().serialize("delta", {"delta": timedelta(minutes=2)}) == 120
