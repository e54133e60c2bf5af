"""What a call wrote is kept as far as the call declared it or a rule permits it, and not where a rule forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.capabilities.difference import Alteration, Difference
from governance.decide import decide
from governance.policy.commit import Working, judge_commit
from governance.policy.decision import Allow, Code
from governance.policy.state import State
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source
from tests.policy.build import bundle_of

if TYPE_CHECKING:
    from governance.policy.commit import Commit

BASE = """
agent "a-1" { groups coders  workspace "web" }
sandbox box { image "governance/base"  mount workspace at "/workspace" writable }
permit work { agent in coders
  call fs.write, fs.edit, fs.delete, files.remove_tree, make.run, git.commit, proc.exec
  sandbox box  including protected  because "work" }
"""
PLAIN = BASE.replace("  including protected", "").replace("make.run, git.commit, proc.exec, ", "")
BUILD = """
permit keep { agent in coders  call fs.commit  when path under "/workspace/build"  sandbox box  because "built" }
"""
LINKS = """
permit links { agent in coders  call fs.commit  when path under "/workspace/build"
  sandbox box  including protected  because "links" }
"""
UNDELETABLE = """
forbid stays { call any that deletes under "/workspace/build"  because "stays" }
"""
ASK = """
ask look { call fs.commit  when path under "/workspace/build/ask"  because "a person looks" }
"""
FEW = """
limit few { call fs.commit  at most 2 per 1h }
"""
MAKE = 'make.run(folder="/workspace")'
TREE = 'files.remove_tree(paths=["/workspace/d"])'
WRITE = 'fs.write(path="/workspace/src/a", content="x", parents=true)'


def change(path: str | bytes, how: str = "added", kind: str = "file", mode: int = 0o644) -> Alteration:
    raw = path if isinstance(path, bytes) else path.encode()
    return Alteration(raw, how, kind, mode, 0, None, None)  # type: ignore[arg-type]


def judged(policy: str, call: str, *found: Alteration, state: State | None = None) -> Commit:
    bundle = bundle_of(policy)
    bound = bind(parse_call(Source("call", call)), bundle.capabilities)
    agent = bundle.agents["a-1"]
    judgement = decide(bundle, bound, agent, State(), "2026-11-23T10:00:00.000Z")
    assert isinstance(judgement.decision, Allow), judgement.decision
    working = Working.of(judgement.decision, (bound,), agent, "")
    difference = Difference("web", "/workspace", tuple(sorted(found)))
    return judge_commit(bundle, working, difference, state or State(), 0)


def kept(commit: Commit, *found: Alteration) -> list[str]:
    ordered = sorted(found)
    return [ordered[place].path.decode("utf-8", "replace") for place in commit.kept]


TABLE = [
    # What the call declared is kept without a further rule.
    (PLAIN, WRITE, [change("src/a")], ["src/a"], Code.PERMITTED),
    (PLAIN, WRITE, [change("src/a", "changed")], ["src/a"], Code.PERMITTED),
    (PLAIN, WRITE, [change("src", kind="folder", mode=0o755), change("src/a")], ["src", "src/a"], Code.PERMITTED),
    (PLAIN, 'fs.edit(path="/workspace/a", old="x", new="y")', [change("a", "changed")], ["a"], Code.PERMITTED),
    (PLAIN, 'fs.delete(path="/workspace/a")', [change("a", "deleted")], ["a"], Code.PERMITTED),
    (BASE, 'git.commit(repo="/workspace", message="m")', [change(b"objects/\xff\n")], ["objects/\ufffd\n"], Code.PERMITTED),
    # What it did not declare is left out, and so is what it declared something else of.
    (PLAIN, WRITE, [change("src/b")], [], Code.NO_PERMIT),
    (PLAIN, WRITE, [change("src/a", "deleted")], [], Code.NO_PERMIT),
    (PLAIN, WRITE, [change("src/a"), change("src/b")], ["src/a"], Code.PERMITTED),
    (PLAIN, 'fs.edit(path="/workspace/a", old="x", new="y")', [change("a")], [], Code.NO_PERMIT),
    # What code that ran could reach is not what it declared.
    (BASE, MAKE, [change("build/a")], [], Code.NO_PERMIT),
    (BASE + BUILD, MAKE, [change("build/a")], ["build/a"], Code.PERMITTED),
    (BASE + BUILD, MAKE, [change("build/a"), change("src/a", "changed")], ["build/a"], Code.PERMITTED),
    (BASE + BUILD, MAKE, [change(b"build/\xff")], [], Code.NO_PERMIT),
    (BASE + BUILD, MAKE, [change(b"build/a\nb")], [], Code.NO_PERMIT),
    # Where something is left out nothing is deleted, nor put where that was.
    (BASE + BUILD, MAKE, [change("build/a", "deleted"), change("src/a")], [], Code.NO_PERMIT),
    (
        BASE + BUILD,
        MAKE,
        [
            change("build/a", "deleted"), change("build/a", kind="folder", mode=0o755), change("build/a/b"),
            change("build/c"), change("src/a"),
        ],
        ["build/c"],
        Code.PERMITTED,
    ),
    # What the call declared to delete is deleted, whatever else it wrote; a folder only with all that is in it.
    (BASE, TREE, [change("d", "deleted", "folder"), change("d/x", "deleted"), change("other")], ["d", "d/x"], Code.PERMITTED),
    (PLAIN, 'fs.delete(path="/workspace/d")', [change("d", "deleted", "folder"), change("d/x", "deleted")], [], Code.NO_PERMIT),
    # What has to be asked, or is too much, lets nothing be kept.
    (BASE + BUILD + ASK, MAKE, [change("build/a"), change("build/ask")], [], Code.NEEDS_APPROVAL),
    (BASE + BUILD + FEW, MAKE, [change("build/a"), change("build/b")], ["build/a", "build/b"], Code.PERMITTED),
    (BASE + BUILD + FEW, MAKE, [change("build/a"), change("build/b"), change("build/c")], [], Code.OVER_LIMIT),
    # Links, permissions and protected paths are a class of their own.
    (BASE + BUILD, MAKE, [change("build/l", kind="link")], [], Code.FORBIDDEN),
    (BASE + BUILD, MAKE, [change("build/x", "mode", mode=0o755)], [], Code.FORBIDDEN),
    (BASE + BUILD, MAKE, [change("build/x", mode=0o755)], ["build/x"], Code.PERMITTED),
    (BASE + BUILD, MAKE, [change("build/l", "deleted", "link")], ["build/l"], Code.PERMITTED),
    (BASE + BUILD, MAKE, [change("build/package.json")], [], Code.FORBIDDEN),
    (BASE + BUILD, MAKE, [change("build/.git/hooks/pre-commit")], [], Code.FORBIDDEN),
    (BASE + BUILD + LINKS, MAKE, [change("build/l", kind="link")], ["build/l"], Code.PERMITTED),
    (BASE + BUILD + LINKS, MAKE, [change("build/x", "mode", mode=0o755)], ["build/x"], Code.PERMITTED),
    (BASE + BUILD + LINKS, MAKE, [change("build/package.json")], ["build/package.json"], Code.PERMITTED),
    (PLAIN, WRITE, [change("src/a", kind="link")], [], Code.FORBIDDEN),
    (PLAIN, WRITE, [change("src/a", "mode", mode=0o755)], [], Code.FORBIDDEN),
    (PLAIN, WRITE, [change("src/b", kind="link")], [], Code.NO_PERMIT),
    (BASE, WRITE, [change("src/a", kind="link")], ["src/a"], Code.PERMITTED),
    (BASE + LINKS, MAKE, [change("build/s", mode=0o4755)], [], Code.FORBIDDEN),
    (BASE + LINKS, MAKE, [change("build/s", "mode", mode=0o2755)], [], Code.FORBIDDEN),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "call", "found", "expected", "code"), TABLE)
def test_what_is_kept(
    policy: str, call: str, found: list[Alteration], expected: list[str], code: Code
) -> None:
    commit = judged(policy, call, *found)
    assert kept(commit, *found) == expected
    assert commit.code is code
    assert commit.verdict == ("commit" if expected else "drop")
    if code is Code.PERMITTED:
        assert len(commit.left) == len(found) - len(expected)
    assert commit.reason


def test_a_forbidden_deletion_drops_all_and_says_which() -> None:
    policy = BASE.replace("make.run, git.commit, proc.exec, ", "") + BUILD + UNDELETABLE
    found = [change("src/a"), change("build/a", "deleted"), change("build/b")]
    commit = judged(policy, WRITE, *found)
    assert commit.verdict == "drop"
    assert (commit.code, commit.reason) == (Code.FORBIDDEN, "stays")
    assert [rule.name.rpartition("/")[2] for rule in commit.rules] == ["stays"]
    assert [(sorted(found)[left.place].path, left.code) for left in commit.left] == [
        (b"build/a", Code.FORBIDDEN)
    ]


def test_a_forbid_on_deleting_says_nothing_of_what_is_added() -> None:
    policy = BASE.replace("make.run, git.commit, proc.exec, ", "") + BUILD + UNDELETABLE
    assert judged(policy, WRITE, change("src/a"), change("build/b")).verdict == "commit"


def test_limits_count_what_is_kept_over_calls() -> None:
    policy = BASE + BUILD + FEW
    first = judged(policy, MAKE, change("build/a"))
    after = State().decided(first.changes, 0, first.id)
    assert judged(policy, MAKE, change("build/b"), state=after).verdict == "commit"
    assert judged(policy, MAKE, change("build/b"), change("build/c"), state=after).code is Code.OVER_LIMIT


def test_the_order_of_changes_changes_nothing() -> None:
    found = [change("build/a"), change("build/b", "deleted"), change("src/x")]
    one = judged(BASE + BUILD, MAKE, *found)
    assert one == judged(BASE + BUILD, MAKE, *reversed(found))


def test_nobody_asks_for_a_commit() -> None:
    from governance.decide import judge
    from governance.request import Origin, Syntax
    from governance.request.wire import parse_request

    text = b'fs.commit(path="/workspace/build/a", change="added", kind="file", mode="0644")'
    request = parse_request(text, Origin("a-1", "", Syntax.CALL))
    decision = judge(bundle_of(BASE + BUILD), request, State(), "2026-11-23T10:00:00.000Z").decision
    assert (decision.verdict, decision.code) == ("deny", Code.FORBIDDEN)
    assert "never asked for" in decision.reason


def test_many_changes_cost_as_much_each_as_few() -> None:
    """Each change is judged once: the number of questions to the rules grows with the changes, and nothing else does."""
    found = [change(f"build/{number:05}") for number in range(3000)]
    commit = judged(BASE + BUILD, MAKE, *found, change("src/a"))
    assert len(commit.kept) == len(found)
    assert [left.code for left in commit.left] == [Code.NO_PERMIT]


@pytest.mark.parametrize("row", [row for row in TABLE if len(row[2]) > 1], ids=lambda row: row[1])
def test_a_forbid_more_never_keeps_more(row: tuple[str, str, list[Alteration], list[str], Code]) -> None:
    policy, call, found, expected, _ = row
    forbid = (
        'forbid more { call fs.commit  when kind == "link" or path matches ["**/a", "**/b"]  because "no" }\n'
    )
    assert set(kept(judged(policy + forbid, call, *found), *found)) <= set(expected)
