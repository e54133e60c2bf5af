"""Where the mounts of one call are on the host, and what becomes of what the call wrote there.

A read-only mount is the workspace itself, a writable one a copy of it. What changed in the copy is reviewed, by who
can judge and record it, once the call has ended by itself; then it is committed, or dropped with the reason.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from governance.capabilities.difference import path_to_json
from governance.errors import Diagnostic, SandboxError
from governance.policy.decision import Code
from governance.sandbox.outcome import Kept, written_json
from governance.sandbox.workspace import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from governance.capabilities.difference import Difference
    from governance.policy.commit import Commit
    from governance.policy.decision import Allow, SandboxSpec
    from governance.sandbox.outcome import Outcome
    from governance.sandbox.workspace import Workspace, Workspaces
    from governance.sandbox.workspaces.store import Copy

__all__ = ["Places", "Review", "prepared"]

Review: TypeAlias = "Callable[[Allow, Difference], Commit]"
"""Judges what an allowed call changed, and records that durably; JournalError where it cannot be recorded."""

_CUT_OFF: Final = "the call did not end by itself"
_NO_REVIEW: Final = "nobody is here to judge it"
_NOTHING: Final = "nothing that it wrote was kept: "
_SOME: Final = "not all that it wrote was kept: "


@dataclass(frozen=True, slots=True)
class Places:
    """The host's folder of each mount's source, in their order, the user that the sandbox runs as (uid, gid), and the copy if any."""

    folders: tuple[tuple[str, Workspace], ...]
    user: tuple[int, int]
    copy: Copy | None

    def settled(self, outcome: Outcome, decision: Allow, review: Review | None) -> Outcome:
        """Return the outcome of a call that has ended, once what it wrote is committed or dropped.

        What `review` raises passes through, and then nothing is kept.
        """
        copy = self.copy
        if copy is None:
            return outcome
        if outcome.status not in ("ok", "failed"):
            return replace(
                outcome, kept=Kept(copy=copy.way, verdict="dropped", code="cut-off", reason=_CUT_OFF)
            )
        try:
            difference = copy.difference()
            kept = _kept(copy, difference, decision, review)
        except SandboxError as error:
            reason = f"{error}; {error.diagnostics[0].help}"
            kept = Kept(copy=copy.way, verdict="dropped", code=error.code, reason=reason)
        except OSError as error:
            reason = f"the host could not keep it: {error.strerror}"
            kept = Kept(copy=copy.way, verdict="dropped", code="workspace-store", reason=reason)
        return _told(outcome, kept)


def _kept(copy: Copy, difference: Difference, decision: Allow, review: Review | None) -> Kept:
    """Review and commit a difference; SandboxError where it cannot be committed."""
    skipped = tuple(path_to_json(difference.place(path)) for path in difference.not_carried)
    if not difference.alterations:
        return Kept(copy=copy.way, verdict="unchanged", not_carried=skipped)
    if review is None:
        return Kept(
            copy=copy.way, verdict="dropped", code="no-review", reason=_NO_REVIEW, not_carried=skipped
        )
    commit = review(decision, difference)
    chosen = [difference.alterations[place] for place in commit.kept]
    if chosen:
        copy.commit(chosen)
    return Kept(
        copy=copy.way,
        verdict="committed" if chosen else "dropped",
        code=commit.left[0].code.value if commit.left and chosen else "" if chosen else commit.code.value,
        reason=commit.reason if commit.left or not chosen else "",
        written=tuple(written_json(each, path_to_json(difference.place(each.path))) for each in chosen),
        left_out=tuple(
            {
                "path": path_to_json(difference.place(difference.alterations[left.place].path)),
                "change": difference.alterations[left.place].change,
                "code": left.code.value,
                "reason": left.reason,
            }
            for left in commit.left
        ),
        not_carried=skipped,
    )


def _told(outcome: Outcome, kept: Kept) -> Outcome:
    """Return the outcome with what was kept.

    A call that lost what it wrote has failed, whatever it says itself, but where all that it wrote is what it had not
    declared: the leavings of a test are no part of what was asked for.
    """
    if not kept.reason:
        return replace(outcome, kept=kept)
    lead = _NOTHING if kept.verdict == "dropped" else _SOME
    message = " ".join(filter(None, (outcome.message, lead + kept.reason)))
    lost = kept.verdict == "dropped" and kept.code != Code.NO_PERMIT.value
    return replace(outcome, kept=kept, status="failed" if lost else outcome.status, message=message)


@contextmanager
def prepared(workspaces: Workspaces, spec: SandboxSpec) -> Iterator[Places]:
    """Yield where the mounts of `spec` are; SandboxError `workspace…` says why nothing can be run there."""
    folders: list[tuple[str, Workspace]] = []
    users: set[tuple[int, int]] = set()
    copied: Copy | None = None
    with ExitStack() as stack:
        for mount in spec.mounts:
            if mount.writable:
                place, copied = stack.enter_context(workspaces.copied(mount.source, mount.target))
                place = replace(place, path=copied.path)
            else:
                place = workspaces.resolve(mount.source)
            folders.append((mount.source, place))
            users.add(place.user)
        if len(users) > 1:
            mend = "give all folders that one sandbox mounts the same owner and group"
            message = "the workspaces of this sandbox belong to different users"
            raise SandboxError(Diagnostic("workspace", message, help=mend))
        yield Places(tuple(folders), users.pop() if users else (NOBODY, NOBODY), copied)
