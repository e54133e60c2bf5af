"""Calls made together: judged in order, the strictest counts for all, and all of it happens or nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.policy.case import Case, session_key
from governance.policy.change import Count
from governance.policy.compiled import Compiled
from governance.policy.decision import Code
from governance.policy.state import Grant, State
from governance.policy.together import Together, judge_together
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source
from tests.laws import language_strategies as language
from tests.laws.test_compiled_laws import EXAMPLES, START

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.policy import Bundle
    from governance.policy.evaluate import Ruling

pytestmark = pytest.mark.slow

law = settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=list(HealthCheck))

WIDE = 'permit wide { agent any  call t.*  sandbox online  including protected  because "all" }\n'
SOMETIMES = (
    'ask often { call t.save, t.mail, t.file  because "look" }\n',
    'ask named { call any that sends  approver "dana", "eve"  because "look" }\n',
    "limit tries { call t.*  at most 9 per 1h  counting attempted }\n",
    "limit few { call any that reads or sends  at most 2 per 1h }\n",
    "limit running { call t.*  at most 3 per 1h  counting completed }\n",
    'forbid leak { call any that sends  when session carries secret  because "kept" }\n',
    "label secret { call any that reads }\n",
    'forbid again { call any that writes  when earlier any that sends within 1h  because "done" }\n',
)
STRICTNESS = {Code.PERMITTED: 0, Code.NEEDS_APPROVAL: 1}

Asked = tuple["Bundle", "Callable[[Case], Ruling]", "tuple[Case, ...]"]


@st.composite
def _asked(draw: st.DrawFn) -> Asked:
    """Return a bundle, its judge, and two to five calls by one agent after some others of hers."""
    some = draw(st.lists(st.sampled_from(SOMETIMES), unique=True, max_size=5))
    rules = draw(st.one_of(st.just(""), language.policies))
    bundle = language.bundle_of("".join([WIDE, *some, rules]))
    judge = Compiled(bundle)
    few = draw(st.lists(language.calls, min_size=1, max_size=3))
    texts = draw(st.lists(st.sampled_from(few), min_size=2, max_size=5))
    lineage = bundle.lineage(bundle.agents[draw(st.sampled_from(language.AGENTS))])
    state = State().in_force(bundle.digest, None, START)
    calls = [bind(parse_call(Source("call", text)), bundle.capabilities) for text in texts]
    for number, call in enumerate(calls[: draw(st.integers(0, 1))]):
        before = Case(call, lineage, session_key("", "s"), START, state)
        state = state.decided(judge(before).changes, START, f"before {number}")
    return bundle, judge, tuple(Case(call, lineage, "session:s", START, state) for call in calls)


asked = _asked()


def together_of(found: Asked, most: int | None = None) -> Together:
    bundle, judge, cases = found
    return judge_together(bundle, judge, cases[0], *(case.call for case in cases[1:most]))


def strictness(ruling: Ruling) -> int:
    return STRICTNESS.get(ruling.code, 2)


@law
@given(asked)
def test_one_call_alone_is_judged_as_ever(found: Asked) -> None:
    _, judge, cases = found
    alone = together_of(found, 1)
    assert alone.ruling == judge(cases[0])
    assert alone.changes == alone.ruling.changes


@law
@given(asked)
def test_the_strictest_verdict_is_that_of_all(found: Asked) -> None:
    together = together_of(found)
    assert strictness(together.ruling) == max(map(strictness, together.rulings))
    assert together.case.call is found[2][together.decisive].call
    assert all(
        strictness(each) < strictness(together.ruling) for each in together.rulings[: together.decisive]
    )


@law
@given(asked)
def test_another_call_never_makes_it_less_strict(found: Asked) -> None:
    together = together_of(found)
    for most in range(1, len(found[2])):
        fewer = together_of(found, most)
        assert fewer.rulings == together.rulings[:most]
        assert strictness(fewer.ruling) <= strictness(together.ruling)


@law
@given(asked)
def test_where_all_are_allowed_it_is_as_if_one_came_after_the_other(found: Asked) -> None:
    _, judge, cases = found
    together, state = together_of(found), cases[0].state
    for number, (case, ruling) in enumerate(zip(cases, together.rulings, strict=True)):
        if ruling.code is not Code.PERMITTED:
            return
        case.state = state
        assert judge(case) == ruling
        state = state.decided(ruling.changes, START, str(number))
    after = cases[0].state.decided(together.changes, START, "all")
    for part in ("tallies", "held", "labels", "seen", "grants"):
        assert getattr(after, part) == getattr(state, part)
    done = after.settled("all", START, completed=True)
    for number in range(len(cases)):
        state = state.settled(str(number), START, completed=True)
    for part in ("tallies", "held", "pending", "labels", "seen"):
        assert getattr(done, part) == getattr(state, part)


@law
@given(asked)
def test_where_one_is_not_allowed_only_attempts_count(found: Asked) -> None:
    bundle, _, cases = found
    together = together_of(found)
    if together.ruling.code is Code.PERMITTED:
        return
    attempted = {rule.key for rule in bundle.rules if rule.budget and rule.budget.counting == "attempted"}
    assert all(isinstance(change, Count) and change.key in attempted for change in together.changes)
    before = cases[0].state
    after = before.decided(together.changes, START, "all")
    for part in ("held", "pending", "labels", "seen", "grants", "texts"):
        assert getattr(after, part) == getattr(before, part)


@law
@given(asked)
def test_what_is_asked_about_can_be_approved(found: Asked) -> None:
    """Once every call that was asked about is approved, none of all is refused for what the others do."""
    bundle, judge, cases = found
    together = together_of(found)
    if together.ruling.code is not Code.NEEDS_APPROVAL:
        return
    approvers = {rule.reference: rule.approvers for rule in bundle.rules}
    state = cases[0].state
    for case, ruling in zip(together.cases, together.rulings, strict=True):
        for reference in ruling.rules if ruling.code is Code.NEEDS_APPROVAL else ():
            person = min(approvers[reference], default="anyone")
            named = (reference.name, case.call.digest, case.agent.name, bundle.digest, person)
            state = state.with_grant(f"grant {len(state.grants)}", Grant(*named, START + 1, None))
    cases[0].state = state
    approved = judge_together(bundle, judge, cases[0], *(case.call for case in cases[1:]))
    assert {ruling.code for ruling in approved.rulings} <= {Code.PERMITTED, Code.NO_PERMIT}


@law
@given(asked)
def test_a_supposed_approval_leaves_nothing_behind(found: Asked) -> None:
    together = together_of(found)
    assert all(not case.state.grants for case in together.cases)
