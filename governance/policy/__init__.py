"""Policies: the language, the checker, bundles, and the evaluator. All pure: text and calls in, verdicts out."""

from governance.policy.bundle import Agent, Bundle
from governance.policy.decision import Allow, Decision, Deny
from governance.policy.facts import EngineFacts, State

__all__ = ["Agent", "Allow", "Bundle", "Decision", "Deny", "EngineFacts", "State"]
