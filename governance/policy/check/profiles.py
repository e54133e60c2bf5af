"""Checks sandbox profiles: the image, the mount, scratch folders and limits, each within what an engine can do."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Final

from governance.capabilities.glob import PathSet
from governance.capabilities.values import check_path
from governance.policy.bundle import Profile
from governance.policy.check.literals import number
from governance.policy.decision import ISOLATIONS, Scratch
from governance.policy.syntax import Field, MountSyntax, ScratchSyntax

if TYPE_CHECKING:
    from governance.policy.check.scope import FileScope
    from governance.policy.decision import Isolation
    from governance.policy.syntax import SandboxSyntax, Word

__all__ = ["check_profile"]

_IMAGE: Final = re.compile(r"[a-z0-9][a-z0-9._/-]*(?::[A-Za-z0-9._-]+)?(?:@sha256:[0-9a-f]{64})?")

_QUANTITIES: Final = {
    "memory": ("Size", 256 << 20, 4 << 20, 1 << 40),
    "pids": ("Int", 64, 1, 4096),
    "timeout": ("Duration", 30_000, 1, 86_400_000),
    "output": ("Size", 1 << 20, 0, 1 << 26),
    "scratch": ("Size", 0, 4 << 10, 1 << 40),
}
"""The type, default, least and most of each quantity of a sandbox; a tmpfs of size 0 would have no limit."""

_SYSTEM: Final = tuple(
    PathSet.tree(f"/{name}")
    for name in ("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "sys", "usr")
)
"""Folders that programs come from: what lies over one would change what an argv runs."""


def check_profile(scope: FileScope, syntax: SandboxSyntax) -> Profile | None:
    """Return the sandbox profile that is declared, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    fields: dict[str, Word] = {}
    mounts = [each for each in syntax.fields if isinstance(each, MountSyntax)]
    scratch = [each for each in syntax.fields if isinstance(each, ScratchSyntax)]
    for each in syntax.fields:
        if isinstance(each, Field):
            scope.declare("field", each.name, each.value, fields)
    for extra in mounts[1:]:
        scope.report("said-twice", "the workspace is mounted twice", extra.target, "keep one mount")
    profile = Profile(
        name=syntax.name.text,
        image=_image(scope, fields.get("image"), syntax.name),
        isolation=_isolation(scope, fields),
        mount=_path(scope, mounts[0].target) if mounts else None,
        writable=bool(mounts) and _mode(scope, mounts[0].mode),
        scratch=tuple(
            Scratch(_path(scope, each.target), _limit(scope, each.size, "scratch")) for each in scratch
        ),
        memory=_limit(scope, fields.get("memory"), "memory"),
        cpus=_thousandths(scope, fields.get("cpus")),
        pids=_limit(scope, fields.get("pids"), "pids"),
        timeout=_limit(scope, fields.get("timeout"), "timeout"),
        output=_limit(scope, fields.get("output"), "output"),
    )
    _apart(scope, [*(each.target for each in mounts[:1]), *(each.target for each in scratch)])
    return profile if len(scope.scope.diagnostics) == before else None


def _limit(scope: FileScope, word: Word | None, name: str) -> int:
    kind, default, least, most = _QUANTITIES[name]
    value = default if word is None else number(scope, word, kind)
    if word is None or value is None:
        return default
    if not least <= value <= most:
        scope.report(
            "out-of-range", f"{name} {word.text} is out of range", word, f"between {least} and {most}"
        )
    return value


def _image(scope: FileScope, word: Word | None, name: Word) -> str:
    if word is None:
        scope.report(
            "no-image", f"the sandbox `{name.text}` names no image", name, 'add image "governance/base"'
        )
        return ""
    if not _IMAGE.fullmatch(word.text):
        scope.report(
            "bad-image", "this is no image's name", word, 'like "governance/base" or "name@sha256:…"'
        )
    return word.text


def _isolation(scope: FileScope, fields: dict[str, Word]) -> Isolation:
    root, network = fields.get("root"), fields.get("network")
    if root is not None and root.text != "read-only":
        scope.report(
            "writable-root", "the root can only be read-only", root, "write root read-only, and use scratch"
        )
    if network is not None and network.text != "none":
        scope.report("network", "the network can only be none", network, "write network none")
    word = fields.get("isolation")
    if word is None:
        return "container"
    if word.text not in ISOLATIONS:
        scope.unknown("isolation", word, ISOLATIONS)
        return "container"
    return word.text


def _path(scope: FileScope, word: Word) -> str:
    try:
        path = check_path(word.text)
    except ValueError as error:
        scope.report("bad-path", f"this is no path: {error}", word, 'like "/workspace"')
        return "/"
    if path == "/":
        scope.report("bad-path", "nothing can be mounted over the root", word, 'like "/workspace"')
    elif any(PathSet.one(path).within(folder) for folder in _SYSTEM):
        scope.report("bad-path", "this would lie over the system's own files", word, 'like "/workspace"')
    return path


def _apart(scope: FileScope, targets: list[Word]) -> None:
    """Report each target that lies in an earlier one, or holds it: one would hide the other."""
    for first, second in combinations(targets, 2):
        if PathSet.tree(first.text).meets(PathSet.tree(second.text)):
            scope.report("overlap", f"{second.text} and {first.text} overlap", second, "part them")


def _mode(scope: FileScope, word: Word) -> bool:
    if word.text not in ("read-only", "writable"):
        scope.report("bad-mode", f"`{word.text}` is no way to mount", word, "write read-only or writable")
    return word.text == "writable"


def _thousandths(scope: FileScope, word: Word | None) -> int:
    """Return processors as thousandths of one; `0.5` is 500."""
    if word is None:
        return 1000
    match = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,3}))?", word.text)
    value = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0")) if match else 0
    if not 10 <= value <= 256_000:
        scope.report("out-of-range", f"cpus {word.text} is out of range", word, "between 0.01 and 256")
    return value
