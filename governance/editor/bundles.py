"""Which files make one bundle with the file that is being written, and what stands in them just now.

What is open in the editor counts, not what was last saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.library import STANDARD, SUFFIX, policy_files, standard_library
from governance.policy.stored import named_sources
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Place", "place_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder whose files make one bundle; its policies are called by their paths within it."""

    folder: Path

    def files(self, opened: Mapping[Path, str]) -> dict[str, str]:
        """Return the text of each file by name, `opened` before what is saved. Raises `PolicyError`."""
        saved = dict(policy_files(self.folder)) if self.folder.is_dir() else {}
        here = {path: text for path, text in opened.items() if path.is_relative_to(self.folder)}
        return saved | {path.relative_to(self.folder).as_posix(): text for path, text in here.items()}

    def sources(self, opened: Mapping[Path, str]) -> list[Source]:
        """Return all sources of the bundle, with those of the standard library. Raises `PolicyError`."""
        named = named_sources(standard_library(), {} if self.is_standard else self.files(opened))
        return [Source(name, text) for name, text in named.items()]

    def path(self, name: str) -> Path:
        """Return the file that the bundle calls `name`."""
        standard = name.removeprefix("std/")
        return self.folder / name if standard == name else STANDARD / standard

    def name(self, path: Path) -> str:
        """Return how the bundle calls the file `path`."""
        prefix = "std/" if self.is_standard else ""
        return prefix + path.relative_to(self.folder).as_posix()

    @property
    def is_standard(self) -> bool:
        """Whether this is the standard library, which is part of every bundle and none by itself."""
        return self.folder == STANDARD


def place_of(path: Path, folders: Sequence[Path]) -> Place:
    """Return the bundle that the policy file `path` belongs to.

    It is the highest folder that is reached upwards from the file's own through folders which hold policies
    themselves, within that of `folders`, the editor's, which holds the file.
    """
    folder = path.parent
    while folder not in folders and _holds_policies(folder.parent):
        folder = folder.parent
    return Place(folder)


def _holds_policies(folder: Path) -> bool:
    try:
        return any(each.suffix == SUFFIX and each.is_file() for each in folder.iterdir())
    except OSError:
        return False
