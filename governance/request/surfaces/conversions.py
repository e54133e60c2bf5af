"""From the fields of a native tool to parameters of ours: named conversions, each exact or a refusal.

A conversion never comes near: what it cannot say exactly it refuses, with what can be said instead.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from governance.request.roots import sandbox_path
from governance.text import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.request.roots import HostRoot
    from governance.request.syntax import Plain

__all__ = [
    "AS_IS", "GLOB", "GREP_GLOB", "HOST_PATH", "HTTPS", "LITERAL", "NAMES_ONLY", "NOT_EMPTY", "NO_LITERAL", "SAYS_NOTHING",
    "SLASHED_GLOB", "THROUGH_LINE", "WHERE_NAMES_ONLY", "Conversion", "Event", "NoCounterpartError", "only",
]  # fmt: skip


class NoCounterpartError(ValueError):
    """Nothing that can be called says exactly this; `mend` is what to send instead."""

    def __init__(self, message: str, mend: str, code: str = "no-counterpart") -> None:
        super().__init__(message)
        self.mend = mend
        self.code = code


class Event(NamedTuple):
    """What a field stands among: all fields with their defaults, the working directory, the host's roots."""

    fields: Mapping[str, Plain]
    cwd: str
    roots: tuple[HostRoot, ...]

    def path(self, text: str) -> str:
        """Return the sandbox's path of `text`. Raises `NoCounterpartError`."""
        try:
            return sandbox_path(text, self.cwd, self.roots)
        except ValueError as error:
            mend = "name a file beneath a host root, by its plain path"
            raise NoCounterpartError(str(error), mend, "host-path") from None


class Conversion(NamedTuple):
    """A conversion, what it is called in documents, and how it is done; what comes to None is left out."""

    says: str
    apply: Callable[[Plain, Event], Plain]


def _host_path(value: Plain, event: Event) -> str:
    return event.path(cast("str", value))


def _not_empty(value: Plain, _: Event) -> Plain:
    if not value:
        raise NoCounterpartError(
            "an empty text stands nowhere", "write a new file with the tool that writes whole files"
        )
    return value


def _https(value: Plain, _: Event) -> Plain:
    if not cast("str", value).startswith("https://"):
        raise NoCounterpartError("this tool fetches over TLS alone", "write https://, in lower case")
    return value


_PLAIN: Final = re.compile(r"[?\[\]{}()!\\, ]")
"""What in a glob means more than itself, to one library or another."""


def _glob(value: Plain, _: Event) -> str:
    text = cast("str", value)
    if text.startswith("/"):
        raise NoCounterpartError(
            "a glob here is relative to its folder", "name the folder in the field for it"
        )
    if sign := _PLAIN.search(text):
        message = f"`{excerpt(sign[0])}` in a glob is not plain"
        raise NoCounterpartError(message, "use only names, `*` and `**`, one request for each glob")
    return text


def _slashed_glob(value: Plain, event: Event) -> str:
    text = _glob(value, event)
    if "/" not in text and text != "**":
        message = "a glob without a slash means one folder to some and every depth to others"
        raise NoCounterpartError(message, f"write `**/{excerpt(text)}`, or give the folder and a slash")
    return text


def _grep_glob(value: Plain, event: Event) -> str:
    text = _glob(value, event)
    if text.startswith("**/") or text == "**":
        return text
    if "/" not in text:
        return f"**/{text}"
    raise NoCounterpartError(
        "a glob with a slash is taken from another folder than the search", "begin it with `**/`"
    )


_ESCAPED: Final = frozenset("\\.+*?()|[]{}^$-/#&~\"'")
_SIGNS: Final = frozenset("\\.+*?()|[]{}^$")


def _literal(value: Plain, _: Event) -> str:
    """Return the one text that a regular expression matches; every sign that means more must be escaped."""
    text = cast("str", value)
    found: list[str] = []
    at = 0
    while at < len(text):
        sign = text[at]
        if sign == "\\" and text[at + 1 : at + 2] in _ESCAPED and at + 1 < len(text):
            sign, at = text[at + 1], at + 1
        elif sign in _SIGNS:
            message = f"`{sign}` makes this a regular expression, and only plain text is searched for"
            this = "".join(f"\\{each}" if each in _SIGNS else each for each in text[:80])
            raise NoCounterpartError(
                message, f"search for a plain part of it; just this text is `{excerpt(this)}`"
            )
        found.append(sign)
        at += 1
    return "".join(found)


def _pattern(value: Plain, event: Event) -> Plain:
    return value if event.fields["fixed_strings"] is True else _literal(value, event)


def _through_line(value: Plain, event: Event) -> int:
    first, last = cast("int", event.fields.get("start_line", 1)), cast("int", value)
    if last < first:
        raise NoCounterpartError("it ends before it starts", "write the last line, counted from 1")
    return last - first + 1


def _names_only(value: Plain, _: Event) -> bool | None:
    if value == "count":
        raise NoCounterpartError("lines are not counted here", 'write "content" or "files_with_matches"')
    return True if value == "files_with_matches" else None


def only(why: str, *, value: bool | int | tuple[()]) -> Conversion:
    """Return the conversion of a field that may have just one value, and then says nothing more."""
    written = json.dumps(value)
    mend = f"write {written}" if value is True else f"write {written}, or leave it out"

    def apply(given: Plain, _: Event) -> None:
        if given != value or type(given) is not type(value):
            raise NoCounterpartError(why, mend)

    return Conversion(f"only {written}", apply)


AS_IS: Final = Conversion("as it is", lambda value, _: value)
SAYS_NOTHING: Final = Conversion("says nothing of what is done", lambda _, __: None)
HOST_PATH: Final = Conversion("path of the host", _host_path)
HTTPS: Final = Conversion("as it is, https://", _https)
NOT_EMPTY: Final = Conversion("as it is, not empty", _not_empty)
GLOB: Final = Conversion("plain glob", _glob)
SLASHED_GLOB: Final = Conversion("plain glob with a slash", _slashed_glob)
GREP_GLOB: Final = Conversion("plain glob; without a slash, of every depth", _grep_glob)
LITERAL: Final = Conversion("regular expression of one text", _literal)
NO_LITERAL: Final = Conversion("as it is, or regular expression of one text", _pattern)
THROUGH_LINE: Final = Conversion("last line, counted from the first", _through_line)
NAMES_ONLY: Final = Conversion("files_with_matches: true; content: left out", _names_only)
WHERE_NAMES_ONLY: Final = Conversion("true: true; false: left out", lambda value, _: value or None)
