"""Events as lines of a hash chain, and lines as events again.

Here lives the one form a record has on disk: canonical JSON (RFC 8785) of `seq`, `at`, `kind`, `prev`,
`hash` and `body`, where `hash` is the digest of the record without `hash` and `prev` is the `hash` of the
record before. Pure: no file is opened here and no clock is read.

The canonical order of the keys is `at`, `body`, `hash`, `kind`, `prev`, `seq`. All that is large stands
before all that depends on the place in the chain, so a record is encoded and mostly hashed (`Draft`) before
its place is known.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Never, cast, get_args

from governance.canonical import EXACT_INTEGER, canonical, digest
from governance.errors import Diagnostic, JournalError
from governance.instant import check_instant
from governance.journal.record import Event, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json

__all__ = ["GENESIS", "LONGEST", "Draft", "Record", "draft", "parse"]

GENESIS: Final = "sha256:" + 64 * "0"
"""What the first record names as the one before it."""

LONGEST: Final = 64 * 1024 * 1024
"""The most bytes that a record may have; a reader never holds more than one record."""

_DEEPEST: Final = 200
"""How deep a body may be nested: well within what every JSON reader takes."""

_KINDS: Final = frozenset(get_args(Kind))
_KEYS: Final = frozenset({"at", "body", "hash", "kind", "prev", "seq"})
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_HASH_FIELD: Final = len(b',"hash":"') + len(GENESIS) + len(b'"')


class Record(NamedTuple):
    """An event with its place in the chain."""

    event: Event
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that lacks its place: its instant, its first bytes, what they hash to, and its kind."""

    at: str
    opening: bytes
    state: hashlib._Hash
    kind: Kind

    def placed(self, seq: int, prev: str) -> tuple[bytes, str]:
        """Return the line (with its line feed) and the hash of this record as number `seq` after `prev`."""
        ending = f',"kind":"{self.kind}","prev":"{prev}","seq":{seq}}}'.encode()
        state = self.state.copy()
        state.update(ending)
        own = "sha256:" + state.hexdigest()
        return b'%b,"hash":"%b"%b\n' % (self.opening, own.encode(), ending), own


def draft(kind: Kind, at: str, body: Mapping[str, Json]) -> Draft:
    """Return the draft of a record; JournalError `record-unwritable` if it could not be read back."""
    try:
        _refuse_inexact(body)
        text = canonical(body)
    except (ValueError, TypeError, RecursionError) as error:
        raise _unwritable(f"the body of a `{kind}` record has no exact JSON form: {error}") from error
    if not _is_instant(at):
        raise _unwritable(f"{at!r} is no instant of the form 2026-11-23T10:00:00.000Z")
    if len(text) > LONGEST - 1024:
        raise _unwritable(
            f"the body of a `{kind}` record has {len(text)} bytes; {LONGEST - 1024} are the most"
        )
    opening = b'{"at":"%b","body":%b' % (at.encode(), text)
    return Draft(at, opening, hashlib.sha256(opening), kind)


def parse(line: bytes) -> Record:
    """Return the record that `line` (without its line feed) is, down to the last byte.

    Raises JournalError `record-edited` for anything that `Draft.placed` cannot have written. That the record
    stands in its right place is for the caller to see.
    """
    try:
        value = _decode(line.decode())
        # INVARIANT: equality with the canonical form refuses every other spelling, duplicate keys included.
        exact = canonical(value) == line
    except (ValueError, RecursionError):
        exact = False
    if not exact:
        raise _edited("is not the canonical JSON of a record")
    if not isinstance(value, dict) or value.keys() != _KEYS:
        raise _edited("does not have exactly the keys of a record")
    record = _typed(value)
    if _hash(line, record) != record.hash:
        raise _edited("does not have the hash that it names")
    return record


def _is_instant(text: str) -> bool:
    try:
        return check_instant(text) == text
    except ValueError:
        return False


def _typed(value: dict[str, Json]) -> Record:
    seq, at, kind = value["seq"], value["at"], value["kind"]
    prev, own, body = value["prev"], value["hash"], value["body"]
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
        raise _edited("has a `seq` that is no whole number")
    if not isinstance(at, str) or not _is_instant(at):
        raise _edited("has an `at` that is no instant")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise _edited("has a `kind` that this version does not know")
    if not isinstance(prev, str) or _DIGEST.fullmatch(prev) is None:
        raise _edited("has a `prev` that is no digest")
    if not isinstance(own, str) or _DIGEST.fullmatch(own) is None:
        raise _edited("has a `hash` that is no digest")
    if not isinstance(body, dict):
        raise _edited("has a `body` that is no object")
    return Record(Event(seq, at, cast("Kind", kind), body), prev, own)


def _hash(line: bytes, record: Record) -> str:
    """Return the digest of the canonical `line` without its `hash`, whose place follows from what comes after."""
    event = record.event
    after = len(f',"kind":"{event.kind}","prev":"{record.prev}","seq":{event.seq}}}')
    cut = len(line) - after
    return digest(line[: cut - _HASH_FIELD] + line[cut:])


def _refuse_inexact(body: Mapping[str, Json]) -> None:
    """Raise an error for what JSON would take and a reader of the log would not: floats, large numbers, odd keys."""
    if not isinstance(body, dict):
        raise TypeError("it is no object")
    level: list[Json] = [body]
    for _ in range(_DEEPEST):
        below: list[Json] = []
        for value in level:
            if isinstance(value, str):
                continue
            if isinstance(value, dict):
                "".join(value)  # a TypeError unless every key is text
                below.extend(value.values())
            elif isinstance(value, list | tuple):
                below.extend(value)
            elif isinstance(value, float) or (isinstance(value, int) and abs(value) > EXACT_INTEGER):
                _inexact(repr(value))
        if not below:
            return
        level = below
    raise ValueError(f"it is nested more than {_DEEPEST} deep")


def _inexact(text: str) -> Never:
    raise ValueError(f"{text} is no exact number")


def _integer(text: str) -> int:
    number = int(text)
    if not -EXACT_INTEGER <= number <= EXACT_INTEGER:
        _inexact(text)
    return number


_decode: Final = json.JSONDecoder(parse_float=_inexact, parse_constant=_inexact, parse_int=_integer).decode


def _edited(what: str) -> JournalError:
    return JournalError(Diagnostic("record-edited", what))


def _unwritable(message: str) -> JournalError:
    return JournalError(
        Diagnostic(
            "record-unwritable",
            message,
            help="the caller must pass whole numbers of at most 2**53 - 1, text that is valid Unicode, and nothing "
            "longer than a record may be; nothing was written",
        )
    )
