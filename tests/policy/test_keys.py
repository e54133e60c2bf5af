"""What limits count and rules watch for, from one bundle to the next: as long as it is written so, it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from governance.policy.change import Count, See
from governance.policy.compiled import Compiled
from governance.policy.decision import Code
from governance.policy.evaluate import evaluate
from governance.policy.state import State
from governance.policy.stored import load_bundle
from tests.laws import language_strategies as language
from tests.policy.build import NOON, bundle_of, case_of

if TYPE_CHECKING:
    from governance.policy.bundle import Bundle

FAMILY = """
capability m.one "s" { path: Path  effects { read path }  argv { /bin/x $path } }
"""
GROWN = """
capability m.two "s" { path: Path  effects { read path }  argv { /bin/x $path } }
"""
LETS = 'let places = ["/workspace/a"]\n'
LIMIT = """
limit few { agent in coders  call m.*  when path under places  at most 2 per 1h  for each agent }
permit all-of-it { agent any  call m.*  sandbox reader  because "x" }
"""
WATCH = """
forbid late { call m.one  when earlier m.*, fs.read where path under places within 30m  because "x" }
"""
ALL = FAMILY + LETS + LIMIT + WATCH


def keys_of(bundle: Bundle) -> tuple[str, str]:
    """Return what the one limit and the one watch go by."""
    (limit,) = (rule for rule in bundle.rules if rule.kind == "limit")
    (watch,) = bundle.watches
    return limit.key, watch.key


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(ALL + GROWN, id="its family grows"),
        pytest.param(ALL.replace('["/workspace/a"]', '["/workspace/b", "/w"]'), id="a let changes"),
        pytest.param(ALL.replace("  ", " # a comment\n     "), id="its layout changes"),
        pytest.param(WATCH + LIMIT + LETS + FAMILY, id="it stands elsewhere"),
        pytest.param(ALL.replace("per 1h", "per 60m"), id="the same time has another unit"),
        pytest.param(ALL.replace("  at most 2 per 1h", "").replace("limit few {", "limit few { at most 2 per 1h "), id="its clauses change places"),
        pytest.param(ALL.replace("for each agent", 'for each agent  because "less is enough"'), id="its reason changes"),
        pytest.param(ALL.replace("for each agent", "for each agent  counting allowed  until 2030-01-01"), id="it says what is so without, and ends"),
        pytest.param(ALL.replace("within 30m", "within 2h"), id="it looks back further"),
        pytest.param(ALL.replace("earlier m", "earlier allowed m"), id="it says that the call was allowed"),
        pytest.param(ALL.replace("path under places", "(path under places)"), id="it has brackets that part nothing"),
    ],
)  # fmt: skip
def test_what_is_written_the_same_is_counted_on(other: str) -> None:
    assert keys_of(bundle_of(other)) == keys_of(bundle_of(ALL))


@pytest.mark.parametrize(
    "change",
    [
        ("limit few", "limit fewer"),
        ("agent in coders  call", "agent in coders, reviewers  call"),
        ("agent in coders  call", "call"),
        ("call m.*  when path under places  at", "call m.one  when path under places  at"),
        ("when path under places  at", 'when path under ["/workspace/a"]  at'),
        ("when path under places  at", 'when path under places  unless path under "/workspace/a/b"  at'),
        ("when path under places  at", "at"),
        ("at most 2", "at most 3"),
        ("per 1h", "per 2h"),
        ("at most 2 per 1h", "at most 2 per 1h, 5 per 1d"),
        ("for each agent", "for each session"),
        ("for each agent", ""),
        ("for each agent", "for each agent  counting attempted"),
    ],
)
def test_a_limit_that_is_written_otherwise_begins_anew(change: tuple[str, str]) -> None:
    assert keys_of(bundle_of(ALL.replace(*change)))[0] != keys_of(bundle_of(ALL))[0]


@pytest.mark.parametrize(
    "change",
    [
        ("earlier m.*, fs.read", "earlier m.*"),
        ("earlier m.*, fs.read", "earlier completed m.*, fs.read"),
        ("where path under places within", 'where path under "/workspace/a" within'),
        ("where path under places within", "within"),
        ("m.*, fs.read where path under places", "any that reads"),
    ],
)
def test_a_watch_that_is_written_otherwise_begins_anew(change: tuple[str, str]) -> None:
    assert keys_of(bundle_of(ALL.replace(*change)))[1] != keys_of(bundle_of(ALL))[1]


def test_an_amount_of_another_type_begins_anew() -> None:
    text = """
capability m.pay "s" {{ amount: {}  effects {{ spend amount eur }}  argv {{ /bin/x $amount }} }}
limit spend {{ call m.pay  at most 5 of amount per 1h }}
permit pay {{ agent any  call m.pay  sandbox reader  because "x" }}
"""
    one, other = (
        next(rule.key for rule in bundle_of(text.format(kind)).rules if rule.kind == "limit")
        for kind in ("Int(0..9)", "Decimal(0..9)")
    )
    assert one != other


def test_a_watch_in_two_rules_is_one() -> None:
    other = 'forbid later { call fs.write  when earlier m.*,fs.read where path under  places within 1h  because "y" }\n'
    assert len(bundle_of(ALL + other).watches) == 1


@pytest.mark.parametrize("judge", ["evaluate", "compiled"])
def test_a_budget_that_is_used_up_stays_so_when_its_family_grows(judge: str) -> None:
    before, after = bundle_of(FAMILY + LETS + LIMIT), bundle_of(FAMILY + GROWN + LETS + LIMIT)
    state = State().in_force(before.digest, None, NOON)
    text = 'm.{}(path="/workspace/a/x")'
    for number in range(2):
        ruling = evaluate(before, case_of(before, text.format("one"), state=state))
        assert ruling.code is Code.PERMITTED
        assert any(isinstance(change, Count) for change in ruling.changes)
        state = state.decided(ruling.changes, NOON, str(number))
    state = state.in_force(after.digest, None, NOON)
    rule = Compiled(after) if judge == "compiled" else lambda case: evaluate(after, case)
    for name in ("one", "two"):
        assert rule(case_of(after, text.format(name), state=state)).code is Code.OVER_LIMIT


def test_what_was_seen_stays_seen_when_a_let_changes() -> None:
    permit = 'permit all-of-it { agent any  call m.*  sandbox reader  because "x" }\n'
    before = bundle_of(FAMILY + LETS + WATCH + permit)
    after = bundle_of(FAMILY + LETS.replace('"]', '", "/workspace/c"]') + WATCH + permit)
    state = State().in_force(before.digest, None, NOON)
    ruling = evaluate(before, case_of(before, 'm.one(path="/workspace/a/x")', state=state))
    assert any(isinstance(change, See) for change in ruling.changes)
    state = state.decided(ruling.changes, NOON, "0").in_force(after.digest, None, NOON)
    assert evaluate(after, case_of(after, 'm.one(path="/x")', state=state)).code is Code.FORBIDDEN


@settings(max_examples=100, deadline=None)
@given(language.policies)
def test_keys_follow_from_what_is_stored(rules: str) -> None:
    bundle = language.bundle_of(rules)
    again = load_bundle(bundle.stored, bundle.digest)
    said = [(rule.name, rule.key) for rule in bundle.rules]
    assert [(rule.name, rule.key) for rule in again.rules] == said
    assert all(bool(key) == (rule.kind == "limit") for rule, (_, key) in zip(bundle.rules, said, strict=True))
    other = language.bundle_of(rules.replace(" ", "  ") + "# a comment\n")
    assert [(rule.name, rule.key) for rule in other.rules] == said
    assert {watch.key for watch in other.watches} == {watch.key for watch in bundle.watches}
