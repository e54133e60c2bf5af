"""Paths and globs in their one spelling: by components, without `.`, `..`, doubled slashes or control characters.

What a glob matches is a set and lives in `governance.capabilities.glob`.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["check_glob", "check_path", "check_path_glob"]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def check_path(text: str, folder: str | None = None) -> str:
    """Return `text`, a canonical absolute POSIX path, under `folder` if one is given.

    Raises `ValueError` for anything else: relative, a doubled or a last slash, `.` or `..`, control
    characters, a component over 255 bytes, a path over 4096 bytes.
    """
    if not text.startswith("/"):
        raise ValueError("a path is absolute: it begins with /")
    if _CONTROL.search(text):
        raise ValueError("a path holds no control character")
    if text != "/":
        _check_components(text[1:].split("/"), text, "path")
    if folder is not None and text != folder and not text.startswith(folder.rstrip("/") + "/"):
        raise ValueError(f"it is not under {folder}")
    return text


def check_glob(text: str, *, rooted: bool = False) -> str:
    """Return `text`, a canonical glob: relative in a request, `rooted` (begins with `/` or `**`) in a policy.

    Raises `ValueError` for anything else.
    """
    if _CONTROL.search(text):
        raise ValueError("a glob holds no control character")
    if rooted != text.startswith(("/", "**/")) and (rooted or text.startswith("/")):
        raise ValueError(
            "a glob here begins with / or **/" if rooted else "a glob here does not begin with /"
        )
    components = text.removeprefix("/").split("/")
    _check_components(components, text, "glob")
    for component in components:
        if "**" in component and component != "**":
            raise ValueError("`**` stands alone between slashes; within a component write `*`")
    return text


def check_path_glob(text: str, folder: str | None = None) -> str:
    """Return `text`, a canonical absolute path or a glob that begins with `/`, under `folder` if one is given.

    Raises `ValueError` for anything else.
    """
    if "*" not in text:
        return check_path(text, folder)
    if not text.startswith("/"):
        raise ValueError("a path is absolute: it begins with /")
    check_glob(text, rooted=True)
    if folder is not None and not text.startswith(folder.rstrip("/") + "/"):
        raise ValueError(f"it is not under {folder}")
    return text


def _check_components(components: list[str], text: str, what: str) -> None:
    for component in components:
        if not component:
            raise ValueError(f"a {what} has no doubled slash and none at its end")
        if component in (".", ".."):
            raise ValueError(f"a {what} has no `{component}`; write where it leads to")
        if len(component.encode()) > 255:
            raise ValueError(f"a component of a {what} has at most 255 bytes")
    if len(text.encode()) > 4096:
        raise ValueError(f"a {what} has at most 4096 bytes")
