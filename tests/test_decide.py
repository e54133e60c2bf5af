"""From a request to a decision: each rung of the ladder, what an agent is told, and faults that deny."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from governance.decide import decide, judge
from governance.policy.decision import Code
from governance.policy.facts import EngineFacts
from governance.policy.state import State
from governance.request.wire import Origin, Oversize, Syntax, parse_request
from tests.interfaces import DECISION_KEYS
from tests.policy.build import FACTS, bundle_of, call_of

if TYPE_CHECKING:
    from governance.policy import Bundle, Decision
    from governance.request.wire import Line

AT = "2026-11-23T10:00:00.000Z"
RULES = """
permit read { agent in coders  call fs.read, fs.list  when path under "/workspace"  sandbox reader  because "coders read"
  allows fs.read(path="/workspace/src/app.py"), fs.list(path="/workspace")
  denies fs.read(path="/etc/passwd") }
permit strong { agent in coders  call fs.edit  sandbox bare  because "strong isolation" }
permit secret-plan { agent in reviewers  call fs.write  sandbox editor  because "reviewers write"
  allows fs.write(path="/workspace/review.md", content="") }
forbid keys { call fs.*  when path matches "**/.env"  because "keys are not for agents" }
"""


# The agent without a workspace would make the examples fail: it is in the world for other tests.
def bundle() -> Bundle:
    return bundle_of(RULES.replace("agent in coders", 'agent "ann"'))


def asked(line: Line | str, agent: str | None = "ann", facts: EngineFacts | None = FACTS) -> Decision:
    request = parse_request(line.encode() if isinstance(line, str) else line, Origin(agent))
    return judge(bundle(), request, State(facts=facts), AT).decision


@pytest.mark.parametrize(
    ("line", "agent", "code"),
    [
        ("nonsense", "eve", Code.MALFORMED),
        (b"\xff", "ann", Code.MALFORMED),
        ("", "ann", Code.MALFORMED),
        ("{", "ann", Code.MALFORMED),
        (Oversize(1 << 30, "sha256:" + "0" * 64), "ann", Code.MALFORMED),
        ("fs.raed(path=1)", "eve", Code.UNKNOWN_CAPABILITY),
        ("fs.read(path=1)", "eve", Code.ILL_TYPED),
        ("fs.read()", "ann", Code.ILL_TYPED),
        ('fs.read(path="/workspace/../etc")', "ann", Code.ILL_TYPED),
        ('fs.read(path="/workspace/.env")', "eve", Code.UNKNOWN_AGENT),
        ('fs.read(path="/workspace/.env")', None, Code.UNKNOWN_AGENT),
        ('fs.read(path="/workspace/.env")', "", Code.UNKNOWN_AGENT),
        ('fs.read(path="/workspace/.env")', "ann", Code.FORBIDDEN),
        ('fs.delete(path="/workspace/.env")', "bob", Code.FORBIDDEN),
        ('fs.write(path="/workspace/.git/config", content="")', "bob", Code.FORBIDDEN),
        ('fs.read(path="/workspace/a")', "ann", Code.PERMITTED),
        ('fs.read(path="/etc/a")', "ann", Code.NO_PERMIT),
        ('fs.read(path="/workspace/a")', "bob", Code.NO_PERMIT),
        ('fs.edit(path="/a", old="x", new="y")', "ann", Code.FAIL_CLOSED),
    ],
)
def test_each_rung_of_the_ladder(line: Line | str, agent: str | None, code: Code) -> None:
    decision = asked(line, agent)
    assert decision.code is code
    assert decision.verdict == ("allow" if code is Code.PERMITTED else "deny")
    assert (decision.to_json()["sandbox"] is None) is (code is not Code.PERMITTED)
    assert decision.reason


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Please read the file /workspace/a.", Code.PERMITTED),
        ("read the file /workspace/.env", Code.FORBIDDEN),
        ("open /workspace/a", Code.MALFORMED),
        ('fs.read(path="/workspace/a")', Code.MALFORMED),
        ('{"name":"fs.read","arguments":{"path":"/workspace/a"}}', Code.MALFORMED),
    ],
)
def test_english_is_read_where_it_is_said_to_be(sentence: str, code: Code) -> None:
    request = parse_request(sentence.encode(), Origin("ann", syntax=Syntax.ENGLISH))
    assert judge(bundle(), request, State(facts=FACTS), AT).decision.code is code
    assert asked("read the file /workspace/a").code is Code.MALFORMED


def test_english_without_a_bundle_fails_closed_and_broken_bytes_stay_malformed() -> None:
    origin = Origin("ann", syntax=Syntax.ENGLISH)
    found = [
        judge(None, parse_request(line, origin), State(), AT).decision.code for line in (b"read /a", b"\xff")
    ]
    assert found == [Code.FAIL_CLOSED, Code.MALFORMED]


def test_an_allow_names_the_rule_the_reason_the_call_and_the_sandbox() -> None:
    data = asked('fs.read(path="/workspace/a")').to_json()
    assert list(data) == DECISION_KEYS
    assert data["rules"] == ["x/read"]
    assert data["reason"] == "coders read"
    assert json.loads(json.dumps(data["calls"])) == [
        {
            "capability": "fs.read",
            "arguments": {"path": "/workspace/a", "offset": 0, "limit": 1 << 20},
            "effects": ["read /workspace/a"],
        }
    ]


def test_what_cannot_be_read_is_told_with_its_column() -> None:
    assert asked('fs.read(path="a")').reason.startswith("column 14: `path`: a path is absolute")
    assert "did you mean `path`?" in asked('fs.read(pth="/a")').reason


@pytest.mark.parametrize(
    "line",
    [
        'fs.read(path="/etc/a")',
        'fs.read(path="/workspace/.env")',
        "fs.list()",
        'fs.delete(path="/workspace/a")',
        'fs.write(path="/workspace/a", content="")',
    ],
)
@pytest.mark.parametrize("agent", ["ann", "bob"])
def test_nearest_calls_are_permitted_to_this_very_agent(line: str, agent: str) -> None:
    found = asked(line, agent).to_json()["nearest"]
    assert isinstance(found, tuple)
    assert found or (line, agent) == ('fs.write(path="/workspace/a", content="")', "bob")
    for near in found:
        assert asked(str(near), agent).code is Code.PERMITTED


def test_nearest_calls_are_not_those_that_this_engine_cannot_run() -> None:
    assert asked('fs.read(path="/etc/a")', facts=EngineFacts((), ("container",))).to_json()["nearest"] == ()


def test_an_agent_learns_nothing_of_what_others_may_do() -> None:
    for line in ('fs.write(path="/w/a", content="")', 'fs.read(path="/workspace/.env")', "fs.write()"):
        text = json.dumps(asked(line).to_json())
        assert "secret-plan" not in text
        assert "review" not in text


def test_an_unknown_agent_is_told_no_calls() -> None:
    assert asked('fs.read(path="/etc/a")', "eve").to_json()["nearest"] == ()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (EngineFacts((), ("container",)), "governance/base is not on this engine"),
        (EngineFacts(FACTS.images, ()), "no container isolation"),
    ],
)
def test_a_missing_image_or_tier_fails_closed_and_names_the_permit(facts: EngineFacts, reason: str) -> None:
    decision = asked('fs.read(path="/workspace/a")', facts=facts)
    assert decision.code is Code.FAIL_CLOSED
    assert reason in decision.reason
    assert [rule.name for rule in decision.rules] == ["x/read"]


def test_without_a_bundle_everything_fails_closed() -> None:
    request = parse_request(b'fs.read(path="/workspace/a")', Origin("ann"))
    decision = judge(None, request, State(facts=FACTS), AT).decision
    assert (decision.verdict, decision.code, decision.bundle) == ("deny", Code.FAIL_CLOSED, None)


@pytest.mark.parametrize(
    "fault", [RuntimeError, KeyError, RecursionError, MemoryError, AssertionError, ValueError]
)
@pytest.mark.parametrize("where", ["asked.read_call", "asked.bind", "decide.compiled", "decide._nearby"])
def test_a_fault_of_the_engine_is_a_deny_that_names_it(
    where: str, fault: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise fault

    module, name = where.split(".")
    path = "governance.request.asked" if module == "asked" else "governance.decide"
    monkeypatch.setattr(sys.modules[path], name, fail)
    decision = asked('fs.read(path="/etc/a")')
    assert (decision.verdict, decision.code) == ("deny", Code.FAIL_CLOSED)
    assert decision.reason == f"the engine failed: {fault.__name__}"
    assert decision == asked('fs.read(path="/etc/a")')


def test_decide_gives_the_same_decision_as_judge_but_for_the_names_of_the_request() -> None:
    found = bundle()
    for text in ('fs.read(path="/workspace/a")', 'fs.read(path="/etc/a")', 'fs.read(path="/workspace/.env")'):
        one = decide(
            found, call_of(found, text), found.agents["ann"], State(facts=FACTS), AT
        ).decision.to_json()
        two = asked(text).to_json()
        assert {key: value for key, value in one.items() if key not in ("request", "id")} == {
            key: value for key, value in two.items() if key not in ("request", "id")
        }


def test_decide_denies_without_a_bundle_and_without_an_agent() -> None:
    found = bundle()
    call = call_of(found, 'fs.read(path="/workspace/a")')
    assert decide(None, call, found.agents["ann"], State(), AT).decision.code is Code.FAIL_CLOSED
    assert decide(found, call, None, State(), AT).decision.code is Code.UNKNOWN_AGENT


def test_a_call_that_was_bound_under_other_policies_is_denied() -> None:
    own = 'capability x.run "s" { path: Path  effects { read path }  argv { /bin/x $path } }\n'
    all_ = 'permit all { agent any  call any  sandbox reader  because "x" }\n'
    other, found = bundle_of(own), bundle_of(all_)
    for text in ('x.run(path="/a")', 'fs.read(path="/a")'):
        decision = decide(found, call_of(other, text), found.agents["ann"], State(), AT).decision
        assert (decision.verdict, decision.code) == ("deny", Code.UNKNOWN_CAPABILITY)


def test_ids_differ_for_every_decision_of_a_log() -> None:
    request = parse_request(b'fs.read(path="/workspace/a")', Origin("ann"))
    states = [State(decisions=number, facts=FACTS) for number in range(50)]
    assert len({judge(bundle(), request, state, AT).decision.id for state in states}) == 50
