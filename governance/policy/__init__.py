"""Policies: the language, the checker, bundles, and the evaluator. All pure: text and calls in, verdicts out."""

from governance.policy.bundle import Bundle
from governance.policy.decision import Allow, Ask, Decision, Deny
from governance.policy.facts import EngineFacts
from governance.policy.rule import Agent
from governance.policy.state import State

__all__ = ["Agent", "Allow", "Ask", "Bundle", "Decision", "Deny", "EngineFacts", "State"]
