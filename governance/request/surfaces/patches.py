"""What a patch means as a call: one file, and one change in it that a call says exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from governance.errors import Diagnostic, RequestError
from governance.request.patch import Add, Delete, Update, parse_patch

if TYPE_CHECKING:
    from governance.request.syntax import Plain
    from governance.text import Source

__all__ = ["PatchCall", "patch_call"]

_LONGEST_SHOWN: Final = 80


class PatchCall(NamedTuple):
    """A capability, the path that the patch names, as it names it, and the other arguments."""

    capability: str
    path: str
    arguments: dict[str, Plain]


def patch_call(source: Source) -> PatchCall:
    """Return the call that the patch `source` means. Raises `RequestError` where one call does not say it exactly."""
    first, *others = parse_patch(source)
    if others:
        raise _more(source, others[0].start, "one call changes one file", "send one patch for each file")
    match first:
        case Add(path, lines):
            return PatchCall("fs.write", path, {"content": _text(lines), "exists": "refuse", "parents": True})
        case Delete(path):
            return PatchCall("fs.delete", path, {})
        case Update():
            return _edit(source, first)
        case _:
            assert_never(first)


def _edit(source: Source, update: Update) -> PatchCall:
    change, *others = update.changes
    if update.moved is not None:
        mend = "send one patch that adds the new file, and one that deletes the old one"
        raise _more(source, update.start, "no call moves a file", mend)
    if others:
        mend = "send one patch for each change"
        raise _more(source, others[0].start, "one call changes one place", mend)
    if change.header:
        message = "no call looks for a place after another line"
        mend = "write just `@@`, and as many lines around the change as make its place the only one"
        raise _more(source, change.start, message, mend)
    if change.last:
        message = "no call looks for a place at the end of a file only"
        raise _more(
            source, change.start, message, "leave `*** End of File` out, and give more lines before it"
        )
    if not change.old:
        message = "lines are added without saying where"
        raise _more(source, change.start, message, "give a line that stands before or after them")
    old, new = _text(change.old), _text(change.new)
    return PatchCall("fs.edit", update.path, {"old": old, "new": new, "every": False, "whole_lines": True})


def _text(lines: tuple[str, ...]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _more(source: Source, start: int, message: str, mend: str) -> RequestError:
    end = source.text.find("\n", start, start + _LONGEST_SHOWN)
    span = source.span(start, end if end > start else start + 1)
    return RequestError(Diagnostic("no-counterpart", message, span, mend))
