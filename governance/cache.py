"""Checked bundles kept on disk, so that policies which have not changed need not be checked again.

A bundle is filed under a digest of the policies' whole text, of this engine's own code and of the packages whose
reading of them counts. What cannot be trusted or read is not used: the policies are then checked anew, and nothing
is refused or allowed for it. Whoever can write here can also change what this user's processes do; files that
others could have written are left alone.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance import resources
from governance.canonical import digest_of
from governance.policy.packed import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from governance.policy.bundle import Bundle

__all__ = ["keep_bundle", "kept_bundle"]

_MOST: Final = 16
"""How many bundles are kept; those that were used last stay."""

_LARGEST: Final = 1 << 28
_DIGEST: Final = 64
"""The characters of a file's first line: the SHA-256 of the rest."""


def kept_bundle(sources: Mapping[str, str]) -> Bundle | None:
    """Return the bundle of `sources`, text by name, if this very engine has found them right before."""
    path = _path(sources)
    try:
        data = _read(path)
        if data is None or sha256(data[_DIGEST + 1 :]).hexdigest().encode() != data[:_DIGEST]:
            return None
        found = unpack(data[_DIGEST + 1 :], sources)
        os.utime(path)
    except (OSError, ValueError):
        return None
    return found


def keep_bundle(bundle: Bundle) -> None:
    """Keep a checked bundle, if that is possible here."""
    data = pack(bundle)
    path = _path(bundle.sources)
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(path.parent.lstat(), stat.S_ISDIR):
            return
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=".", delete=False) as file:
            part = Path(file.name)
            try:
                file.write(sha256(data).hexdigest().encode() + b"\n" + data)
                file.flush()
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        _forget(path.parent)


def _forget(folder: Path) -> None:
    """Remove all but the bundles used last."""
    found = sorted((each.stat().st_mtime_ns, each) for each in folder.iterdir())
    for _, path in found[:-_MOST]:
        path.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    """Return what a file holds, None if another user could have written it."""
    if not _is_ours(path.parent.lstat(), stat.S_ISDIR):
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - of a descriptor
        if not _is_ours(os.fstat(file.fileno()), stat.S_ISREG):
            return None
        return file.read(_LARGEST)


def _is_ours(found: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    return is_kind(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _path(sources: Mapping[str, str]) -> Path:
    key = digest_of({"engine": _engine(), "sources": dict(sources)}).removeprefix("sha256:")
    return resources.state_path("bundles") / f"{key}.bundle"


@cache
def _engine() -> str:
    """Return a digest of what makes a bundle of policies: the code of this package, its grammars, the packages below."""
    files = [*resources.PACKAGE.rglob("*.py"), *resources.folder("grammars").glob("*.lark")]
    code = {str(path): sha256(path.read_bytes()).hexdigest() for path in files}
    packages = {name: version(name) for name in ("lark", "pydantic", "publicsuffixlist")}
    return digest_of({"code": code, "packages": packages})
