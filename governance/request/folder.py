"""The folder where a command is typed, and what path a word of it is.

Words of a command line of the host's are paths of the host: what lies under none of its roots is no path here.
Where a word is no path for sure, nothing in it is changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from governance.request.programs import PLACE
from governance.request.roots import mapped
from governance.request.typed import HostPathError, MisfitError
from governance.text import excerpt

if TYPE_CHECKING:
    from governance.request.roots import HostRoot
    from governance.request.typed import TypedWord

__all__ = ["Folder"]

_NOTHING: Final = "/dev/null"
"""The same file everywhere."""


class Folder(NamedTuple):
    """A folder of the sandbox; with `roots`, absolute paths that are typed there are the host's."""

    path: str
    roots: tuple[HostRoot, ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        """What a shell that is started here knows by it: on the host the folder has another name."""
        return {} if self.roots else {"PWD": self.path}

    def placed(self, text: str, word: TypedWord) -> str:
        """Return the path that `text` is: `.` and doubled slashes lead nowhere, `..` is refused. Raises `MisfitError`."""
        if not text:
            raise MisfitError("a path is not empty", "name the path", word)
        if "://" in text:
            raise MisfitError("this is a URL, and no path", "name a file", word)
        parts = [part for part in text.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise MisfitError("a path has no `..`", "write where it leads to", word)
        absolute = text.startswith("/")
        beneath = "" if absolute or self.path == "/" else self.path
        path = f"{beneath}/{'/'.join(parts)}" if parts or not beneath else beneath
        return self._of_host(path, word) if absolute and self.roots else path

    def program(self, text: str, word: TypedWord) -> str:
        """Return the program that `text` names: without a slash one of `/usr/bin`, else the file where it is typed.

        An absolute path under no root of the host's is one of the sandbox's image.
        """
        if "/" not in text:
            return Folder(PLACE).placed(text, word)
        try:
            return self.placed(text, word)
        except HostPathError:
            return Folder(self.path).placed(text, word)

    def check_opaque(self, word: TypedWord) -> None:
        """Refuse a word whose meaning is not known where it may name a path of the host. Raises `HostPathError`."""
        for root in self.roots:
            if root.host != root.sandbox and root.host in (word.text or ""):
                message = f"`{excerpt(root.host)}` is a folder of the host, and this word is passed as it is"
                raise HostPathError(message, f"write it as {excerpt(root.sandbox)}, or relative", word)

    def _of_host(self, path: str, word: TypedWord) -> str:
        if path == _NOTHING:
            return path
        # The `*` of a glob stands for any text, that in the name of a root for itself.
        roots = tuple(root for root in self.roots if not (word.glob and "*" in root.host))
        try:
            return mapped(path, roots)
        except ValueError as error:
            raise HostPathError(str(error), "name a file beneath a host root", word) from None
