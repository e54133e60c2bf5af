"""Fields: how values of an object are written out."""

import datetime as dt


class TimeDelta:
    """A :class:`datetime.timedelta` as an integer number of units of the given precision."""

    DAYS = "days"
    SECONDS = "seconds"
    MICROSECONDS = "microseconds"
    MILLISECONDS = "milliseconds"
    MINUTES = "minutes"
    HOURS = "hours"
    WEEKS = "weeks"

    def __init__(self, precision=SECONDS):
        precision = precision.lower()
        units = (
            self.DAYS,
            self.SECONDS,
            self.MICROSECONDS,
            self.MILLISECONDS,
            self.MINUTES,
            self.HOURS,
            self.WEEKS,
        )
        if precision not in units:
            raise ValueError(f"The precision must be {', '.join(units)}.")
        self.precision = precision

    def serialize(self, attribute, obj):
        """Return the value of `attribute` of the mapping `obj`, None where there is none."""
        value = obj.get(attribute)
        if value is None:
            return None
        base_unit = dt.timedelta(**{self.precision: 1})
        return int(value.total_seconds() / base_unit.total_seconds())

    def deserialize(self, value):
        """Return the timedelta of `value` units."""
        return dt.timedelta(**{self.precision: int(value)})
