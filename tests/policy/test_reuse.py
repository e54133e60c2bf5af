"""Whose calls one sandbox may run: those of one agent, and of none once its session carries what must not spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.decide import decide
from governance.policy.decision import Allow, SandboxSpec, Sharer
from governance.policy.state import State
from tests.policy.build import AT, bundle_of, call_of

if TYPE_CHECKING:
    from governance.policy.bundle import Bundle

ANN = 'agent "pat" { tenant "shop"  groups coders  workspace "repos/web" }\n'
READ, SEEN = 'fs.read(path="/workspace/a")', 'fs.read(path="/workspace/secret")'


def rules(*reuses: str, label: str = "secret") -> str:
    boxes = "".join(
        f'sandbox s{place} {{ image "governance/base"  mount workspace at "/workspace" read-only  {reuse} }}\n'
        f'permit p{place} {{ agent any  call fs.*  sandbox s{place}  because "x" }}\n'
        for place, reuse in enumerate(reuses)
    )
    return f'{boxes}label {label} {{ call fs.read  when path under "/workspace/secret" }}\n'


def boxes(bundle: Bundle, *calls: str, agent: str = "ann") -> list[SandboxSpec]:
    """Return the sandbox of each of these calls, made one after the other in one session."""
    state, found = State(), []
    for text in calls:
        judgement = decide(bundle, call_of(bundle, text), bundle.agents[agent], state, AT)
        assert isinstance(judgement.decision, Allow), judgement.decision.reason
        state = judgement.state
        found.append(judgement.decision.sandbox)
    return found


def reuses(bundle: Bundle, *calls: str) -> list[bool]:
    return [box.reuse is not None for box in boxes(bundle, *calls)]


def test_a_sandbox_is_for_one_call_unless_the_policy_says_otherwise() -> None:
    for reuse in ("", "reuse per-call"):
        (box,) = boxes(bundle_of(rules(reuse)), READ)
        assert box.reuse is None
        assert box.to_json()["reuse"] == "per-call"


def test_it_is_the_agent_s_own() -> None:
    bundle = bundle_of(rules("reuse per-agent") + ANN)
    (ann,), (pat,) = (boxes(bundle, READ, agent=name) for name in ("ann", "pat"))
    assert pat.reuse == Sharer("pat", "shop")
    assert pat.to_json()["reuse"] == {"agent": "pat", "tenant": "shop"}
    assert ann.box_digest != pat.box_digest


@pytest.mark.parametrize("label", ["secret", "untrusted"])
def test_from_a_label_on_each_call_has_a_sandbox_for_itself(label: str) -> None:
    bundle = bundle_of(rules("reuse per-agent", label=label))
    assert reuses(bundle, READ, READ, SEEN, READ) == [True, True, False, False]


def test_another_label_changes_nothing() -> None:
    bundle = bundle_of(rules("reuse per-agent", label="pii"))
    assert reuses(bundle, READ, SEEN, READ) == [True, True, True]


def test_the_policy_may_say_that_a_label_changes_nothing() -> None:
    bundle = bundle_of(rules("reuse per-agent-labelled"))
    assert reuses(bundle, READ, SEEN, READ) == [True, True, True]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (("per-agent", "per-call"), [False, False]),
        (("per-agent-labelled", "per-call"), [False, False]),
        (("per-agent-labelled", "per-agent"), [True, False]),
    ],
)
def test_of_several_sandboxes_the_strictest_counts(others: tuple[str, str], expected: list[bool]) -> None:
    for order in (others, others[::-1]):
        bundle = bundle_of(rules(*(f"reuse {word}" for word in order)))
        assert reuses(bundle, READ, SEEN) == expected
