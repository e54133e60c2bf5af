"""Small policies, and calls, agents and requests under them."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from governance import resources
from governance.capabilities.call import make_model
from governance.decide import decide
from governance.instant import milliseconds
from governance.policy import check
from governance.policy.case import Case, session_key
from governance.policy.check import capabilities
from governance.policy.decision import Allow
from governance.policy.evaluate import evaluate
from governance.policy.facts import EngineFacts
from governance.policy.parse import parse_file
from governance.policy.state import State
from governance.policy.stored import make_bundle
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.capabilities import Call
    from governance.policy import Bundle
    from governance.policy.decision import Code, RuleReference, SandboxSpec
    from governance.policy.evaluate import Ruling

WORLD = """
agent "ann" { tenant "web" groups coders workspace "repos/web" }
agent "bob" { groups reviewers workspace "repos/docs" }
agent "homeless" { groups coders }
sandbox reader { image "governance/base" mount workspace at "/workspace" read-only }
sandbox editor { image "governance/base" mount workspace at "/workspace" writable }
sandbox bare { image "governance/base" mount workspace at "/workspace" read-only isolation gvisor }
"""
AT = "2026-11-23T12:00:00.000Z"
NOON = milliseconds(AT)
"""A Monday."""

FACTS = EngineFacts((("governance/base", "sha256:" + "a" * 64),), ("container",))


@cache
def library() -> dict[str, str]:
    """Return the standard library's files by name."""
    folder = resources.folder("policies") / "std"
    return {path.name: path.read_text() for path in folder.glob("*.policy")}


_parsed = lru_cache(maxsize=64)(parse_file)
_model = lru_cache(maxsize=256)(make_model)


@contextmanager
def reading_once() -> Iterator[None]:
    """Read each text and make each model once: both are pure, and the library is the same in every bundle."""
    with patch.object(check, "parse_file", _parsed), patch.object(capabilities, "make_model", _model):
        yield


@contextmanager
def idle_rules() -> Iterator[None]:
    """Read once, and do not look at what rules mean together: that is another test's business."""
    with reading_once(), patch.object(check, "analyse", lambda *_: ()):
        yield


def bundle_of(rules: str, **files: str) -> Bundle:
    """Return the bundle of the world above and these rules, with further `files` by name; rules may be idle."""
    texts = {f"{name}.policy": imported(text) for name, text in {"x": rules, **files}.items()}
    with idle_rules():
        return make_bundle(library(), {"world.policy": WORLD, **texts})


def imported(text: str) -> str:
    """Return a policy that can name what the world above declares; no line of it moves."""
    return f'{text}\nimport "world.policy"\n'


def call_of(bundle: Bundle, text: str) -> Call:
    """Return the call that `text` is."""
    return bind(parse_call(Source("call", text)), bundle.capabilities)


def case_of(
    bundle: Bundle, text: str, agent: str = "ann", at: int = NOON, state: State | None = None
) -> Case:
    """Return the call `text` by `agent` as a case, in a session of its own."""
    lineage = bundle.lineage(bundle.agents[agent])
    return Case(call_of(bundle, text), lineage, session_key(agent, ""), at, state or State())


def ruling_of(bundle: Bundle, text: str, agent: str = "ann") -> Ruling:
    """Return the ruling on the call `text`, before which nothing has happened."""
    return evaluate(bundle, case_of(bundle, text, agent))


class Verdict(NamedTuple):
    """What a decision came to."""

    code: Code
    rules: tuple[RuleReference, ...]
    reason: str
    effects: tuple[str, ...]
    sandbox: SandboxSpec | None


def verdict_of(
    bundle: Bundle, text: str, agent: str | None = "ann", facts: EngineFacts | None = None
) -> Verdict:
    """Return the verdict on the call `text`, before which nothing has happened."""
    known = bundle.agents.get(agent) if agent else None
    found = decide(bundle, call_of(bundle, text), known, State(facts=facts), AT).decision
    sandbox = found.sandbox if isinstance(found, Allow) else None
    return Verdict(found.code, found.rules, found.reason, found.calls[0].effects, sandbox)


def outcome(bundle: Bundle, text: str, agent: str | None = "ann") -> str:
    """Return the code of the verdict and the short names of the rules that determined it, sorted."""
    verdict = verdict_of(bundle, text, agent)
    names = sorted(rule.name.rpartition("/")[2] for rule in verdict.rules)
    return " ".join([verdict.code.value, *names])
