"""The operator's store of secrets: where each lies, and how it is read when a call needs it.

A file in TOML says for each name one of three places: `environment`, a variable of the gateway's; `file`, which its
owner alone can read; `command`, whose output it is. The file itself holds no secret. What is read is never kept
longer than the call, and never said.
"""

from __future__ import annotations

import base64
import json
import os
import re
import stat
import subprocess
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_from_bytes

from governance.errors import Diagnostic, SandboxError
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from governance.policy.profile import Secret

__all__ = ["Sealed", "Vault"]

_LONGEST: Final = 8192
_SHORTEST: Final = 8
_PATIENCE: Final = 30
_VALUE: Final = re.compile(rb"[!-~](?:[ -~]*[!-~])?")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}): ?([!-~](?:[ -~]*[!-~])?)")
_RESERVED: Final = frozenset(
    (
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as a field of a request; `traces` are the forms of it that an answer must not bring back."""

    name: bytes
    value: bytes = field(repr=False)
    traces: frozenset[bytes] = field(repr=False)


class Vault:
    """The store that a file describes; without one it holds nothing."""

    def __init__(self, places: Mapping[str, tuple[str, Any]] | None = None) -> None:
        """Use `read`; `places` gives for each name the kind of its place, and the place."""
        self._places = dict(places or {})

    @classmethod
    def read(cls, path: Path) -> Vault:
        """Return the store that the file at `path` describes. SandboxError `secret-store` if it describes none."""
        try:
            said = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise _refusal("secret-store", f"{path} describes no secrets: {error}") from None
        places = {}
        for name, entry in said.items():
            kind, place = (
                next(iter(entry.items())) if isinstance(entry, dict) and len(entry) == 1 else ("", "")
            )
            words = isinstance(place, list) and bool(place) and all(isinstance(word, str) for word in place)
            if not (
                words if kind == "command" else kind in ("environment", "file") and isinstance(place, str)
            ):
                raise _refusal("secret-store", f"{path} does not say where {shown(name)} lies")
            places[name] = (kind, place)
        return cls(places)

    def seal(self, secret: Secret) -> Sealed:
        """Return the secret as a field of a request. SandboxError `secret` where it cannot be had as it must be."""
        value = self._value(secret.name)
        if not _VALUE.fullmatch(value) or not _SHORTEST <= len(value) <= _LONGEST:
            what = f"between {_SHORTEST} and {_LONGEST} characters of ASCII, with no line feed within"
            raise _refusal("secret", f"the secret {secret.name} is not {what}")
        match secret.form:
            case "bearer":
                return _sealed(b"authorization", b"Bearer ", value)
            case "basic":
                return _sealed(b"authorization", b"Basic ", base64.b64encode(value), value)
            case _:
                match = _FIELD.fullmatch(value)
                if match is None or match[1].lower() in _RESERVED or len(match[2]) < _SHORTEST:
                    raise _refusal("secret", f"the secret {secret.name} is not a header, like `X-Key: value`")
                return _sealed(match[1].lower(), b"", match[2])

    def _value(self, name: str) -> bytes:
        kind, place = self._places.get(name, ("", ""))
        match kind:
            case "environment":
                found = os.environb.get(os.fsencode(place))
                if found is None:
                    raise _refusal("secret", f"the variable of the secret {name} is not set")
                return found
            case "file":
                return _of_file(name, place)
            case "command":
                return _of_command(name, place)
        raise _refusal("secret", f"the operator's store has no secret {name}")


def _sealed(name: bytes, prefix: bytes, value: bytes, *others: bytes) -> Sealed:
    traces: set[bytes] = set()
    for each in (value, *others):
        traces |= {each, base64.b64encode(each).rstrip(b"="), base64.urlsafe_b64encode(each).rstrip(b"=")}
        traces |= {quote_from_bytes(each, safe="").encode(), json.dumps(each.decode("ascii"))[1:-1].encode()}
        traces |= {each.hex().encode()}
    return Sealed(name, prefix + value, frozenset(traces))


def _of_file(name: str, place: str) -> bytes:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as opened:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o177 or status.st_uid != os.geteuid():
                raise _refusal(
                    "secret", f"the file of the secret {name} is not this user's alone (mode 0600)"
                )
            return opened.read(_LONGEST + 2).removesuffix(b"\n")
    except OSError as error:
        raise _refusal("secret", f"the file of the secret {name} cannot be read: {error.strerror}") from None


def _of_command(name: str, words: list[str]) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own words
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise _refusal("secret", f"the command of the secret {name} failed") from None
    return done.stdout.removesuffix(b"\n")


def _refusal(code: str, message: str) -> SandboxError:
    mend = "see docs/egress.md, Secrets; nothing was run"
    return SandboxError(Diagnostic(code, message, help=mend))
