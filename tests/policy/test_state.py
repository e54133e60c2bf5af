"""The state: what history adds to decisions, step by step, and what it never does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from governance.policy.change import Carry, Count, Expect, Hold, See, Use, change_from_json, change_to_json
from governance.policy.facts import EngineFacts
from governance.policy.state import Grant, State

GRANT = Grant("x/ask", "sha256:call", "ann", "sha256:bundle", "dana", 1000, 1)
HELD = Hold("spend@1", "s", (5, 1), (100, 50))


def test_a_hold_counts_until_it_is_released() -> None:
    state = State().decided((HELD,), 10, "d1")
    assert [state.counted("spend@1", place, "s", 9) for place in (0, 1)] == [5, 1]
    assert state.settled("d1", 20, completed=False).counted("spend@1", 0, "s", 0) == 0


def test_a_completed_hold_counts_from_the_outcome_on() -> None:
    state = State().decided((HELD,), 10, "d1").settled("d1", 70, completed=True)
    assert state.counted("spend@1", 0, "s", 60) == 5
    assert state.counted("spend@1", 0, "s", 70) == 0


def test_an_outcome_counts_once_and_that_of_another_decision_never() -> None:
    state = State().decided((HELD,), 10, "d1")
    assert state.settled("d2", 20, completed=True) == state
    done = state.settled("d1", 20, completed=True)
    assert done.settled("d1", 30, completed=True) == done


def test_a_new_start_settles_what_was_running_as_perhaps_completed() -> None:
    waiting = (
        HELD,
        Expect("s", "w", sure=True, outcome="completed"),
        Expect("s", "v", sure=True, outcome="failed"),
    )
    state = State().in_force("b", None, 0).decided(waiting, 10, "d1").in_force("b", None, 50)
    assert state.counted("spend@1", 0, "s", 0) == 5
    assert [state.happened("s", watch, 0) for watch in ("w", "v")] == [None, None]


def test_labels_stay_until_they_are_cleared() -> None:
    state = State().decided((Carry("s", "secret"), Carry("s", "pii")), 1, "d")
    cleared = state.declassified("s", frozenset({"secret", "other"}))
    assert (state.carries("s", "secret"), state.carries("t", "secret")) == (True, False)
    assert (cleared.carries("s", "secret"), cleared.carries("s", "pii")) == (False, True)


@pytest.mark.parametrize(("since", "found"), [(0, True), (10, True), (11, None), (20, None), (21, False)])
def test_what_was_seen_is_sure_perhaps_or_too_long_ago(since: int, found: bool | None) -> None:
    state = (
        State().decided((See("s", "w", sure=True),), 10, "d").decided((See("s", "w", sure=False),), 20, "e")
    )
    assert state.happened("s", "w", since) is found


def test_a_value_was_said_by_whoever_said_it() -> None:
    state = State().with_text("s", ["user"], "send 12.5 to ann@example.org, please")
    assert state.said("s", "user", "ann@example.org") is True
    assert state.said("s", "user", Decimal("12.5")) is True
    assert state.said("s", "user", "example.org") is None
    assert state.said("s", "trusted", "ann@example.org") is False
    assert state.said("t", "user", "ann@example.org") is False


def test_of_text_that_was_cut_off_nothing_is_sure() -> None:
    state = State().with_text("s", ["user"], "first words").with_text("s", ["user"], "x " * (1 << 17))
    assert state.said("s", "user", "first") is None
    assert state.said("s", "user", None) is False


def test_a_grant_covers_its_call_by_its_agent_until_it_ends_or_is_used_up() -> None:
    state = State().in_force("sha256:bundle", None, 0).with_grant("g", GRANT)

    def found(state: State, at: int = 5, agent: str = "ann", *approvers: str) -> str | None:
        return state.grant_for("x/ask", "sha256:call", agent, at, frozenset(approvers))

    assert found(state) == "g"
    assert found(state, 5, "ann", "dana", "lee") == "g"
    assert [found(state, 1000), found(state, 5, "bob"), found(state, 5, "ann", "lee")] == [None] * 3
    assert found(state.decided((Use("g"),), 6, "d")) is None
    assert found(state.revoked("g")) is None
    assert state.revoked("h") == state
    assert found(state.in_force("sha256:other", None, 7).in_force("sha256:bundle", None, 8)) is None


@pytest.mark.parametrize(
    "change",
    [
        Count("k", "s", (10**40, 1), (5, 6)),
        HELD,
        Carry("s", "l"),
        See("s", "w", sure=False),
        Expect("s", "w", sure=True, outcome="failed"),
        Use("g"),
    ],
)
def test_a_change_comes_back_from_its_record(change: Count) -> None:
    assert change_from_json(change_to_json(change)) == change


@pytest.mark.parametrize(
    "data", [["count", "k"], ["other"], [], ["use"], ["count", "k", "s", ["x"], [1]], [3]]
)
def test_what_is_no_change_is_refused(data: list[object]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        change_from_json(data)


def test_the_digest_tells_histories_apart() -> None:
    facts = EngineFacts((), ("container",))
    states = [
        State(),
        State().decided((), 1, "d"),
        State().decided((Carry("s", "l"),), 1, "d"),
        State().decided((Carry("s", "l"),), 2, "d"),
        State().decided((Carry("s", "l"),), 1, "e"),
        State().in_force("b", None, 1),
        State().in_force("b", facts, 1),
        State().with_text("s", ["user"], "x"),
        State().with_text("s", ["trusted"], "x"),
        State().with_grant("g", GRANT),
        State().declassified("s", frozenset({"l"})),
    ]
    assert len({state.digest for state in states}) == len(states)
    assert State().decided((Carry("s", "l"),), 1, "d").digest == states[2].digest


def test_a_long_history_has_a_digest() -> None:
    state = State()
    for number in range(20_000):
        state = state.decided((Carry("s", "l"),), number, "d")
    assert state.digest.startswith("sha256:")
