"""What a call changed in the copy of a workspace that it worked on: a value, as it is judged and as records hold it.

Paths are bytes, as the kernel has them: a name may hold a line feed, or bytes that are no UTF-8. In JSON a path is a
string where it is UTF-8, and else `{"base64": …}`, so that nothing of it is lost.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json

__all__ = [
    "ALTERED",
    "KINDS",
    "Alteration",
    "Altered",
    "Difference",
    "Kind",
    "path_from_json",
    "path_to_json",
]

Altered: TypeAlias = Literal["added", "changed", "mode", "deleted"]
Kind: TypeAlias = Literal["file", "folder", "link"]

ALTERED: Final[tuple[Altered, ...]] = ("added", "changed", "mode", "deleted")
KINDS: Final[tuple[Kind, ...]] = ("file", "folder", "link")


class Alteration(NamedTuple):
    """One path that is not as it was: relative to the workspace, its components parted by `/`.

    `mode` says that the permissions changed, and perhaps the content with them. A path whose kind changed is deleted
    and added. `permissions` are those it has now, or had where it is deleted; `size` is in bytes. `digest` is that of
    the content, or of where a link leads; `before` is what it was; of a folder there is neither.
    """

    path: bytes
    change: Altered
    kind: Kind
    permissions: int
    size: int
    digest: str | None
    before: str | None

    @property
    def mode(self) -> str:
        """The permissions as they are written: four octal digits."""
        return f"{self.permissions:04o}"

    def to_json(self) -> dict[str, Json]:
        """Return the alteration as canonical data."""
        return {
            "path": path_to_json(self.path),
            "change": self.change,
            "kind": self.kind,
            "mode": self.mode,
            "size": self.size,
            "digest": self.digest,
            "before": self.before,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """What a call changed in the workspace `source`, which its sandbox had at `target`; sorted by path.

    `not_carried` are special files and mounted folders: of the workspace, which the copy does not have, or of the copy.
    """

    source: str
    target: str
    alterations: tuple[Alteration, ...]
    not_carried: tuple[bytes, ...] = ()

    def parts(self, alteration: Alteration) -> tuple[str, ...]:
        """Return the components of a path as the sandbox has it; bytes that are no UTF-8 are escaped as Python does."""
        above = [part for part in self.target.split("/") if part]
        return (*above, *alteration.path.decode("utf-8", "surrogateescape").split("/"))

    def place(self, path: bytes) -> bytes:
        """Return the path as the sandbox has it."""
        return self.target.rstrip("/").encode() + b"/" + path

    def to_json(self) -> dict[str, Json]:
        """Return the difference as canonical data."""
        return {
            "workspace": self.source,
            "at": self.target,
            "alterations": [each.to_json() for each in self.alterations],
            "not_carried": [path_to_json(path) for path in self.not_carried],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Difference:
        """Return what `to_json` gave. Raises KeyError, TypeError or ValueError for anything else."""
        found = tuple(_alteration(each) for each in data["alterations"])
        skipped = tuple(path_from_json(path) for path in data["not_carried"])
        return cls(str(data["workspace"]), str(data["at"]), found, skipped)


def _alteration(data: Mapping[str, Any]) -> Alteration:
    change, kind = data["change"], data["kind"]
    if change not in ALTERED or kind not in KINDS:
        raise ValueError("no such change")
    path, mode = path_from_json(data["path"]), int(data["mode"], 8)
    return Alteration(path, change, kind, mode, int(data["size"]), data["digest"], data["before"])


def path_to_json(path: bytes) -> Json:
    """Return a path as JSON holds it without loss: text where it is UTF-8."""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(path).decode()}


def path_from_json(data: Any) -> bytes:
    """Return the path that `path_to_json` gave. Raises KeyError, TypeError or ValueError for anything else."""
    if isinstance(data, str):
        return data.encode()
    return base64.b64decode(data["base64"], validate=True)
