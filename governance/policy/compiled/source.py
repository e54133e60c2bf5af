"""The Python source of the rules on one capability: each rule a question, found by an index where there are many.

What is generated reads from above to below as the language decides: permits, forbids, protected paths, then what
history is asked and told. `governance check --show-code` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.declaration import Verb
from governance.policy.compiled.expressions import Expressions, path_expression
from governance.policy.compiled.indexing import indexed
from governance.policy.compiled.runtime import tree
from governance.policy.condition import All
from governance.policy.target import Doing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from governance.capabilities.declaration import Capability
    from governance.policy.bundle import Bundle
    from governance.policy.compiled.indexing import Index
    from governance.policy.compiled.runtime import Asked, Question, Tree
    from governance.policy.condition import Condition, Watch
    from governance.policy.rule import Rule

__all__ = ["Source", "Table"]

_CHANGES: Final = (Verb.WRITE, Verb.CREATE, Verb.DELETE)


@dataclass(slots=True)
class Source:
    """Writes the source for one capability; `expressions.constants` are the values that it names."""

    bundle: Bundle
    capability: Capability
    expressions: Expressions = field(init=False)
    _lines: list[str] = field(init=False, default_factory=list)
    _apart: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.expressions = Expressions(self.capability)

    @property
    def name(self) -> str:
        """The name of the function that is written."""
        return self.capability.name.replace(".", "_")

    def text(self) -> str:
        """Return the source: a function `NAME(case, a, agent)`, those it calls, and what history is told."""
        rules = self.bundle.rules_by_capability[self.capability.name]
        of_kind = {
            kind: {number: rule for number, rule in enumerate(rules) if rule.kind == kind}
            for kind in ("permit", "forbid", "limit", "ask", "label")
        }
        watches = self.bundle.watches_by_capability[self.capability.name]
        self._lines = [f"def {self.name}(case, a, agent):"]
        self._write(f'"""Decide {self.capability.name}: {len(rules)} rules."""')
        self._permits(of_kind["permit"])
        others = ("forbid", "limit", "ask", "label")
        history = bool(of_kind["limit"] or of_kind["ask"] or of_kind["label"] or watches)
        asks_effects = any(
            self._asks_effects(rule) for kind in others for rule in of_kind[kind].values()
        ) or any(isinstance(target, Doing) for watch in watches for target in watch.targets)
        touched = self._can_touch()
        reached = "judge.reached(permits)" if self.capability.opaque else "()"
        if asks_effects or (touched and not self._plain_changes()):
            self._write(f"effects = (*case.call.effects, *{reached})")
        else:
            self._write("effects = ()")
        self._section("forbids", of_kind["forbid"])
        self._protected(touched=touched)
        self._write(
            "plain = rulings.get((permits, forbids, touched)) or judge.ruling(permits, forbids, touched)"
        )
        if history:
            self._section("limits", of_kind["limit"])
            self._section("asks", of_kind["ask"])
            self._write("return judge.concluded(case, plain, limits, asks, effects)")
        else:
            self._write("return plain")
        self._labels(of_kind["label"])
        self._watched(watches)
        return "\n".join([*self._apart, *self._lines, ""])

    def _write(self, line: str, depth: int = 1) -> None:
        self._lines.append("    " * depth + line)

    def _permits(self, permits: dict[int, Rule]) -> None:
        self._section("permits", permits)
        if self.capability.opaque and any(self._asks_effects(rule) for rule in permits.values()):
            self._write("permits = judge.settled(case, permits)")
        if any(agent.narrows is not None for agent in self.bundle.agents.values()):
            self._write("if len(case.lineage) > 1 and not judge.every_level(case, permits):")
            self._write("permits = ()", 2)

    def _section(self, name: str, rules: dict[int, Rule]) -> None:
        """Write which of `rules` apply, as a tuple of their numbers called `name`."""
        if not rules:
            self._write(f"{name} = ()")
            return
        agents = {number: self._agents(rule) for number, rule in rules.items()}
        always, indexes = indexed(rules, agents, self.expressions)
        self._write(f"{name} = []" if rules else f"{name} = ()")
        for number in always:
            self._write(f"if {self._applies(rules[number])}:  # {rules[number].reference.name}")
            self._write(f"{name}.append({number})", 2)
        for index in indexes:
            self._lookup(name, index, rules)
        self._write(f"{name} = {'ordered' if indexes else 'tuple'}({name})")

    def _lookup(self, name: str, index: Index, rules: dict[int, Rule]) -> None:
        """Write a search for rules by what the call has, and the questions that are then left."""
        for number in sorted({number for numbers in index.rules.values() for number in numbers}):
            rule = rules[number]
            self._apart.append(f"def rule_{number}(case, a, agent, effects):  # {rule.reference.name}")
            met_agents = index.kind == "agent"
            self._apart.append(f"    return {self._applies(rule, index.met[number], met_agents=met_agents)}")
        table = self.expressions.constant(Table(index))
        depth = 1
        if index.parameter and index.parameter in self._optional:
            self._write(f"if {index.parameter!r} in a:")
            depth = 2
        if index.kind in ("under", "within"):
            deepest = max(str(key).count("/") for key in index.rules) + 1
            steps = f"{index.of}.split('/', {deepest})"
            if index.kind == "within":
                steps = f"reversed({index.of}.split('.'))"
            self._write(f"table = {table}", depth)
            self._write(f"for step in {steps}:", depth)
            self._write("found = table.get(step)", depth + 1)
            self._write("if found is None:", depth + 1)
            self._write("break", depth + 2)
            self._write("asked, table = found", depth + 1)
            depth += 1
            asked = "asked"
        else:
            asked = f"{table}.get({index.of}, ())"
        effects = "()" if name == "permits" else "effects"
        self._write(f"for number, applies in {asked}:", depth)
        self._write(f"if applies(case, a, agent, {effects}):", depth + 1)
        self._write(f"{name}.append(number)", depth + 2)

    @property
    def _optional(self) -> frozenset[str]:
        return frozenset(each.name for each in self.capability.parameters if each.type.optional)

    def _agents(self, rule: Rule) -> frozenset[str] | None:
        """Return the names of the agents that the rule is about, None for everyone."""
        if rule.audience.everyone:
            return None
        return frozenset(
            agent.name
            for agent in self.bundle.agents.values()
            if any(rule.audience.includes(each) for each in self.bundle.lineage(agent))
        )

    def _applies(self, rule: Rule, met: Condition | None = None, *, met_agents: bool = False) -> str:
        """Return an expression for whether the rule applies, once `met` holds; what asks least comes first."""
        permit = rule.kind == "permit"
        parts: list[str] = []
        agents = self._agents(rule)
        if agents is not None and not met_agents:
            parts.append(f"agent in {self.expressions.constant(agents)}")
        if rule.ends is not None:
            parts.append(f"case.at < {rule.ends}")
        when = _without(rule.when, met)
        if when is not None:
            parts.append(f"({self.expressions.holds(when, surely=permit)})")
        if rule.unless is not None:
            parts.append(f"not ({self.expressions.holds(rule.unless, surely=not permit)})")
        if self._asks_effects(rule) and not (permit and self.capability.opaque):
            parts.append(self._target(rule))
        return " and ".join(parts) or "True"

    def _asks_effects(self, rule: Rule) -> bool:
        """Whether it depends on what a call does that the rule is about it."""
        return not any(
            not isinstance(target, Doing) and self.capability.name in target.capabilities
            for target in rule.targets
        )

    def _target(self, rule: Rule) -> str:
        """Return an expression for whether a target of the rule holds what the call does."""
        how = "covers" if rule.kind == "permit" else "meets"
        effects = "case.call.effects" if rule.kind == "permit" else "effects"
        name = repr(self.capability.name)
        asked = [f"{how}({self.expressions.constant(target)}, {name}, {effects})" for target in rule.targets]
        return f"({' or '.join(asked)})"

    def _can_touch(self) -> bool:
        """Whether a call may change a protected path."""
        forms = self.capability.effects
        return bool(self.bundle.protected) and (
            self.capability.opaque or any(form.verb in _CHANGES for form in forms)
        )

    def _plain_changes(self) -> bool:
        """Whether all that a call changes are single paths that are surely given."""
        forms = [form for form in self.capability.effects if form.verb in _CHANGES]
        required = {each.name for each in self.capability.parameters if not each.type.optional}
        return not self.capability.opaque and all(
            form.spread is None and not form.steps and form.parameter in required and _is_path(form.kind)
            for form in forms
        )

    def _protected(self, *, touched: bool) -> None:
        self._write("touched = ()")
        if not touched:
            return
        self._write("if permits:")
        for number, block in enumerate(self.bundle.protected):
            if self._plain_changes():
                forms = [form for form in self.capability.effects if form.verb in _CHANGES]
                paths = dict.fromkeys(f"a[{form.parameter!r}]" for form in forms)
                asked = " or ".join(path_expression(block.paths, path, self.expressions) for path in paths)
            else:
                asked = f"touches({self.expressions.constant(block)}, effects)"
            self._write(f"if {asked}:  # {block.reference.name}", 2)
            self._write(f"touched += ({number},)", 3)

    def _labels(self, labels: dict[int, Rule]) -> None:
        if labels:
            self._lines += ["", "", "def labels(case, effects):"]
            self._write("a, agent = case.call.arguments, case.lineage[0].name")
            self._section("labels", labels)
            self._write("return labels")

    def _watched(self, watches: tuple[Watch, ...]) -> None:
        if not watches:
            return
        self._lines += ["", "", "def watched(case, effects):"]
        self._write("a = case.call.arguments")
        self._write("found = []")
        for number, watch in enumerate(watches):
            self._write(f"if {' and '.join(self._watch(watch, surely=False)) or 'True'}:")
            sure = " and ".join(self._watch(watch, surely=True)) or "True"
            self._write(f"found.append(({number}, bool({sure})))", 2)
        self._write("return found")

    def _watch(self, watch: Watch, *, surely: bool) -> Iterator[str]:
        """Yield what must hold for the call to be one that is watched for: in whole, or in part."""
        named = any(
            not isinstance(target, Doing) and self.capability.name in target.capabilities
            for target in watch.targets
        )
        if not named:
            how, name = "covers" if surely else "meets", repr(self.capability.name)
            targets = (self.expressions.constant(target) for target in watch.targets)
            yield f"({' or '.join(f'{how}({target}, {name}, effects)' for target in targets)})"
        if watch.where is not None:
            yield f"({self.expressions.holds(watch.where, surely=surely)})"


@dataclass(frozen=True, slots=True)
class Table:
    """An index whose rules are functions of the source: what its name stands for is made when that is loaded."""

    index: Index

    def loaded(self, names: Mapping[str, object]) -> Tree | dict[str | int, Asked]:
        """Return the rules to ask, by what a call has; `names` has the functions."""
        asked = {
            key: tuple((number, cast("Question", names[f"rule_{number}"])) for number in numbers)
            for key, numbers in self.index.rules.items()
        }
        match self.index.kind:
            case "under":
                return tree({tuple(str(key).split("/")): each for key, each in asked.items()})
            case "within":
                return tree({tuple(reversed(str(key).split("."))): each for key, each in asked.items()})
            case _:
                return asked


def _without(condition: Condition | None, met: Condition | None) -> Condition | None:
    """Return what is left of a condition to ask when a part of it is met."""
    if met is None or condition is met:
        return None if condition is met else condition
    if isinstance(condition, All):
        left = tuple(
            each for each in (_without(each, met) for each in condition.conditions) if each is not None
        )
        return All(left) if left else None
    return condition


def _is_path(kind: object) -> bool:
    return getattr(kind, "name", "") == "Path"
