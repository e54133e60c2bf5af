"""Policy files from folders: the standard library of this package, and an operator's own.

Reading is all that happens here; what the text means is `governance.policy`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from governance import resources
from governance.errors import Diagnostic, PolicyError
from governance.policy.stored import make_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from governance.policy.bundle import Bundle

__all__ = ["load_policies"]

_LIMIT: Final = 1 << 20
_SUFFIX: Final = ".policy"


def load_policies(place: Path) -> Bundle:
    """Return the bundle of the `.policy` file or folder `place` with the standard library.

    Files in folders below are part of it; links and names that begin with a dot are not. Raises `PolicyError`.
    """
    return make_bundle(_standard(), _read(place))


@cache
def _standard() -> dict[str, str]:
    return _read(resources.folder("policies") / "std")


def _read(place: Path) -> dict[str, str]:
    if place.is_file():
        return {place.name: _text(place, place.name)}
    found = sorted(path for path in place.rglob(f"*{_SUFFIX}") if path.is_file() and not path.is_symlink())
    names = {path: path.relative_to(place).as_posix() for path in found}
    return {
        name: _text(path, name)
        for path, name in names.items()
        if not any(part.startswith(".") for part in name.split("/"))
    }


def _text(path: Path, name: str) -> str:
    with path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise PolicyError(
            Diagnostic("too-long", f"{name} has more than {_LIMIT} bytes", None, "split the file")
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is no UTF-8: byte 0x{data[error.start]:02x} in line {line}"
        raise PolicyError(Diagnostic("not-utf-8", message, None, "save the file as UTF-8")) from None
    if text.startswith("\ufeff"):
        raise PolicyError(
            Diagnostic("byte-order-mark", f"{name} begins with a byte order mark", None, "leave it out")
        )
    return text
