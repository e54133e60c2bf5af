"""What agents could write under some policies: for each permit the paths, what takes some away, and a call that shows it.

The paths are the most that a permit can be about; each witness is a call that the evaluator permits as it stands, in a
sandbox whose workspace is writable. What code writes beside what its call declares is kept where `fs.commit` is
permitted, so of that the witness is a call and the change that is kept after it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from governance.capabilities.call import Call
from governance.capabilities.effects import Verb
from governance.capabilities.glob import PathSet
from governance.capabilities.work import Work
from governance.policy.bundle import rules_for
from governance.policy.case import Case, session_key
from governance.policy.commit import COMMIT
from governance.policy.compiled import compiled
from governance.policy.condition import All, Either, PathTest
from governance.policy.decision import Code, SandboxSpec
from governance.policy.nearest import nearest_calls
from governance.policy.permissible import permissible
from governance.policy.sandboxes import derive
from governance.policy.state import State
from governance.policy.target import Doing
from governance.request.english.examples import examples_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.capabilities.declaration import Capability, Parameter
    from governance.capabilities.values import Value
    from governance.policy.bundle import Bundle
    from governance.policy.condition import Condition
    from governance.policy.rule import Agent, Rule

__all__ = ["Writable", "writable"]

_CHANGES: Final = (Verb.WRITE, Verb.CREATE, Verb.DELETE)
_NAMES: Final = ("x", "x.txt", "x.py", "x.md")
_MOST_TRIED: Final = 16


class Writable(NamedTuple):
    """Paths that one permit lets an agent change by calls of one capability, and in which ways.

    `excepted` are the sets of paths that the permit's own exception and forbids take away; without `protected`
    protected paths are taken away too. `witness` is a call that changes `path`, None where none is found; for what is
    kept by `fs.commit` alone, `commit` is the change that is kept after it.
    """

    agent: str
    rule: str
    place: str
    capability: str
    can: tuple[Verb, ...]
    paths: tuple[PathSet, ...]
    excepted: tuple[PathSet, ...]
    protected: bool
    path: str | None
    witness: Call | None
    commit: Call | None = None


def writable(bundle: Bundle, agent: Agent, at: int) -> Iterator[Writable]:
    """Yield what `agent` could write, at the time `at` (milliseconds since 1970), in a session where nothing has happened."""
    asker = _Asker(bundle, agent, at)
    worker: Call | None = None
    for capability in permissible(bundle, agent):
        for rule in _permits(bundle, agent, capability, at):
            found = tuple(_by_parameter(asker, rule, capability))
            worker = worker or next((each.witness for each in found if each.witness), None)
            worker = worker or _code(asker, capability)
            yield from found
    if worker is not None and COMMIT in bundle.capabilities:
        capability = bundle.capabilities[COMMIT]
        for rule in _permits(bundle, agent, capability, at):
            for each in _by_parameter(asker, rule, capability):
                if each.can != (Verb.DELETE,):
                    can = _CHANGES
                    yield each._replace(
                        can=can, witness=worker if each.witness else None, commit=each.witness
                    )


def _permits(bundle: Bundle, agent: Agent, capability: Capability, at: int) -> Iterator[Rule]:
    """Yield the permits of this agent for the capability whose sandbox may write to the workspace."""
    if agent.workspace is None:
        return
    for rule in rules_for(bundle, capability.name, bundle.lineage(agent)).levels[0]:
        ended = rule.ends is not None and rule.ends <= at
        if (
            not ended
            and rule.profile is not None
            and rule.profile.mount is not None
            and rule.profile.writable
        ):
            yield rule


def _by_parameter(asker: _Asker, rule: Rule, capability: Capability) -> Iterator[Writable]:
    """Yield what calls of the capability that this permit covers can change, for each parameter that names paths."""
    verbs: dict[str, list[Verb]] = {}
    for form in capability.effects:
        if form.verb in _CHANGES and not form.steps:
            verbs.setdefault(form.parameter, []).append(form.verb)
    for name, can in verbs.items():
        parameter = capability.parameter(name)
        if parameter is None:
            continue
        paths = _paths(rule, name)
        witness, path = asker.witness(rule, capability, parameter, paths)
        yield Writable(
            asker.agent.name,
            rule.reference.name,
            rule.reference.place,
            capability.name,
            tuple(dict.fromkeys(can)),
            paths,
            tuple(asker.excepted(rule, capability, name, paths)),
            rule.including_protected,
            path,
            witness,
        )


def _paths(rule: Rule, parameter: str) -> tuple[PathSet, ...]:
    """Return the paths that a permit can be about by this parameter, within what its sandbox mounts."""
    mounted = PathSet.tree(rule.profile.mount if rule.profile and rule.profile.mount else "/")
    found = _tested(rule.when, parameter)
    if found is None:
        places = [target.places for target in rule.targets if isinstance(target, Doing)]
        found = tuple(each for place in places for each in place or ())
    return tuple(dict.fromkeys(each for each in found if each.meets(mounted))) or (mounted,)


def _tested(condition: Condition | None, parameter: str) -> tuple[PathSet, ...] | None:
    """Return the sets that the condition needs the parameter's paths to lie in, None where it asks for none."""
    match condition:
        case PathTest(given=given, sets=sets) if given.name == parameter and not given.steps:
            return sets
        case All():
            return next((found for each in condition.conditions if (found := _tested(each, parameter))), None)
        case Either():
            each_found = [_tested(each, parameter) for each in condition.conditions]
            if all(found is not None for found in each_found):
                return tuple(one for found in each_found for one in found or ())
    return None


class _Asker:
    """Asks the rules about calls of one agent, of whom nothing is known yet."""

    def __init__(self, bundle: Bundle, agent: Agent, at: int) -> None:
        self.bundle = bundle
        self.agent = agent
        self._at = at

    def case(self, call: Call) -> Case:
        """Return the call as it is to be judged."""
        lineage = self.bundle.lineage(self.agent)
        return Case(call, lineage, session_key(self.agent.name, ""), self._at, State())

    def writes(self, call: Call) -> bool:
        """Whether the call is permitted, in a sandbox in which it can write."""
        ruling = compiled(self.bundle)(self.case(call))
        if ruling.code is not Code.PERMITTED or ruling.profile is None:
            return False
        effects = (*call.effects, *ruling.reach)
        spec = derive(ruling.profile, Work.of(call), self.agent, None, effects, taint=True)
        return isinstance(spec, SandboxSpec) and any(mount.writable for mount in spec.mounts)

    def witness(
        self, rule: Rule, capability: Capability, parameter: Parameter, paths: tuple[PathSet, ...]
    ) -> tuple[Call | None, str | None]:
        """Return a call that changes one of `paths`, and which one."""
        calls = (each.call for each in rule.examples if each.verdict == "allow")
        for call in (
            *(call for call in calls if call.capability is capability),
            *_made(capability, parameter, paths),
        ):
            nearby = islice(nearest_calls(self.bundle, self.case(call)), _MOST_TRIED)
            for candidate in (call, *(each for each, _ in nearby)):
                path = _changed(candidate, paths)
                if path is not None and self.writes(candidate):
                    return candidate, path
        return None, None

    def excepted(
        self, rule: Rule, capability: Capability, parameter: str, paths: tuple[PathSet, ...]
    ) -> Iterator[PathSet]:
        """Yield the sets that exceptions and forbids take away of `paths`."""
        sets = list(_tested(rule.unless, parameter) or ())
        for forbid in rules_for(self.bundle, capability.name, self.bundle.lineage(self.agent)).forbids:
            sets += _tested(forbid.when, parameter) or ()
            for target in forbid.targets:
                if isinstance(target, Doing) and not target.verbs.isdisjoint(_CHANGES):
                    sets += target.places or ()
        yield from dict.fromkeys(each for each in sets if any(each.meets(path) for path in paths))


def _code(asker: _Asker, capability: Capability) -> Call | None:
    """Return a permitted call that runs code in a writable sandbox, None where there is none of this capability."""
    if not capability.opaque:
        return None
    shown = [
        example.call
        for rule in asker.bundle.rules_by_capability[capability.name]
        for example in rule.examples
        if example.verdict == "allow" and example.call.capability is capability
    ]
    made = _call(capability, {})
    for call in (*shown, *([made] if made else [])):
        nearby = (each for each, _ in islice(nearest_calls(asker.bundle, asker.case(call)), _MOST_TRIED))
        found = next((each for each in (call, *nearby) if asker.writes(each)), None)
        if found is not None:
            return found
    return None


def _made(capability: Capability, parameter: Parameter, paths: tuple[PathSet, ...]) -> Iterator[Call]:
    """Yield calls of which the parameter names a path in each of the sets."""
    for place in paths:
        for name in _NAMES:
            path = _sample(place, name)
            value: object = path if parameter.type.item is None else (path,)
            call = _call(capability, {parameter.name: value})
            if call is not None:
                yield call


def _sample(place: PathSet, name: str) -> str:
    """Return a path of the set; what may be anything is `name`."""
    parts = [
        name if part is None else "".join((name.partition(".")[0]).join(part)) for part in place.components
    ]
    return "/" + "/".join(parts)


def _call(capability: Capability, given: dict[str, object]) -> Call | None:
    """Return a call with what is given, all paths alike, and examples for all else that a call must have."""
    arguments: dict[str, Value] = {}
    path = next((value for value in given.values() if isinstance(value, str)), None)
    for parameter in capability.parameters:
        kind = parameter.type
        guesses: list[object] = [given[parameter.name]] if parameter.name in given else []
        if not guesses and not parameter.required:
            if parameter.default is not None:
                arguments[parameter.name] = parameter.default
            continue
        if kind.name == "Path" and path is not None:
            guesses.append(path)
        guesses += (
            [("0644")] if capability.name == COMMIT and parameter.name == "mode" else list(examples_of(kind))
        )
        for guess in guesses:
            try:
                arguments[parameter.name] = kind.check(guess)
            except ValueError:
                continue
            break
        else:
            return None
    return Call(capability, arguments)


def _changed(call: Call, paths: tuple[PathSet, ...]) -> str | None:
    """Return a path of `paths` that the call surely changes, as text; of a whole tree, the tree."""
    for effect in call.effects:
        target = effect.target
        if (
            effect.verb in _CHANGES
            and isinstance(target, PathSet)
            and any(target.within(each) for each in paths)
        ):
            return str(target)
    return None
