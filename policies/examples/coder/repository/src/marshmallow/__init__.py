"""Object serialisation, cut down to one field."""

from marshmallow.fields import TimeDelta

__all__ = ["TimeDelta"]
