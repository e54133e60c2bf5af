"""From the profiles that policies name to the sandbox of one call: combined, then cut down to what it does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from governance.canonical import digest
from governance.capabilities.declaration import Verb
from governance.policy.decision import ISOLATIONS, REUSES, Mount, Network, SandboxSpec, Scratch, Sharer
from governance.policy.hosts import common, covers_host
from governance.policy.profile import Egress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.capabilities.declaration import Effect
    from governance.capabilities.work import Work
    from governance.policy.facts import EngineFacts
    from governance.policy.profile import Profile
    from governance.policy.rule import Agent
    from governance.policy.state import State

__all__ = ["combinable", "combine", "combined", "derive", "tainted"]


def combinable(left: Profile, right: Profile) -> str | None:
    """Return why the two have no strictest common sandbox, None when they have one."""
    if left.image != right.image:
        return f"{left.name} runs {left.image} and {right.name} runs {right.image}"
    if left.mount != right.mount:
        return f"{left.name} mounts the workspace at {left.mount} and {right.name} at {right.mount}"
    ours, theirs = left.egress, right.egress
    if ours is None or theirs is None:
        return None
    if ours.port != theirs.port:
        return f"{left.name} reaches port {ours.port} and {right.name} port {theirs.port}"
    if ours.methods and theirs.methods and ours.methods.isdisjoint(theirs.methods):
        return f"{left.name} and {right.name} have no method in common"
    return None


def combine(profiles: tuple[Profile, ...]) -> Profile:
    """Return the strictest of each field, whatever the order of the profiles. They can be combined: that is checked."""
    names = sorted({each.name for each in profiles})
    result = profiles[0]
    for other in profiles[1:]:
        sizes = {each.target: each.size for each in other.scratch}
        waivers = [each.waiver for each in (result, other) if each.waiver is not None]
        result = replace(
            result,
            name=" and ".join(names),
            isolation=max(result.isolation, other.isolation, key=ISOLATIONS.index),
            root=result.root and other.root,
            writable=result.writable and other.writable,
            scratch=tuple(
                Scratch(each.target, min(each.size, sizes[each.target]))
                for each in result.scratch
                if each.target in sizes
            ),
            egress=_common(result.egress, other.egress),
            secrets=tuple(each for each in result.secrets if each in other.secrets),
            reuse=min(result.reuse, other.reuse, key=REUSES.index),
            waiver=min(waivers, key=lambda waiver: (waiver.until, waiver.reason), default=None),
            memory=min(result.memory, other.memory),
            cpus=min(result.cpus, other.cpus),
            pids=min(result.pids, other.pids),
            timeout=min(result.timeout, other.timeout),
            output=min(result.output, other.output),
        )
    return result


def _common(left: Egress | None, right: Egress | None) -> Egress | None:
    """Return what both may reach; no method named means every method. Without a common one nothing is reached."""
    hosts = common(left.hosts, right.hosts) if left is not None and right is not None else None
    if left is None or right is None or not hosts:
        return None
    methods = left.methods & right.methods if left.methods and right.methods else left.methods | right.methods
    if left.port != right.port or (not methods and left.methods):
        return None
    return Egress(hosts, left.port, methods)


def combined(profiles: tuple[Profile, ...]) -> Profile | str:
    """Return the strictest of the sandboxes of calls made together, or the reason why there is none."""
    kinds = tuple(dict.fromkeys(profiles))
    for place, one in enumerate(kinds):
        for other in kinds[:place]:
            reason = combinable(other, one)
            if reason is not None:
                return f"these calls have no sandbox in common ({reason}); ask for one after the other"
    return combine(kinds)


_TAINTS: Final = ("untrusted", "secret")
"""The labels of a session whose calls leave no sandbox for another, unless the policy says so."""


def tainted(state: State, session: str, labels: Iterable[str]) -> bool:
    """Whether the session, or a call that attaches `labels` to it, has what no later call may come upon."""
    return any(state.carries(session, label) for label in _TAINTS) or not set(_TAINTS).isdisjoint(labels)


def derive(
    profile: Profile,
    work: Work,
    agent: Agent,
    facts: EngineFacts | None,
    effects: tuple[Effect, ...],
    *,
    taint: bool,
) -> SandboxSpec | str:
    """Return the sandbox of `work`, or the reason why there can be none here; `taint` says that it is `tainted`.

    The workspace is writable only where the profile allows it and the call changes something; the network is
    there only where the call sends or receives something.
    """
    network = _network(profile, effects)
    reason = _missing(profile, agent, facts, network)
    if reason is not None:
        return reason
    changes = any(effect.verb in (Verb.WRITE, Verb.CREATE, Verb.DELETE) for effect in effects)
    mounts = (
        ()
        if profile.mount is None
        else (Mount(agent.workspace or "", profile.mount, profile.writable and changes),)
    )
    hosts = network.hosts if network else ()
    return SandboxSpec(
        image=_image(profile, facts) or profile.image,
        isolation=profile.isolation,
        argv=work.argv,
        stdin=None if work.stdin is None else digest(work.stdin),
        mounts=mounts,
        scratch=profile.scratch,
        root=profile.root,
        network=network,
        secrets=tuple(
            sorted(each for each in profile.secrets if any(covers_host(host, each.host) for host in hosts))
        ),
        memory=profile.memory,
        cpus=profile.cpus,
        pids=profile.pids,
        timeout=profile.timeout,
        output=profile.output,
        reuse=_sharer(profile, agent, taint=taint),
    )


def _sharer(profile: Profile, agent: Agent, *, taint: bool) -> Sharer | None:
    """Return whose calls the sandbox may run; what a tainted call leaves there is for no other one."""
    if profile.reuse == "per-call" or (taint and profile.reuse != "per-agent-labelled"):
        return None
    return Sharer(agent.name, agent.tenant)


def _network(profile: Profile, effects: tuple[Effect, ...]) -> Network | None:
    """Return the hosts that the profile allows and the call reaches, None for no network."""
    if profile.egress is None:
        return None
    wanted = {str(effect.target) for effect in effects if effect.verb in (Verb.SEND, Verb.RECEIVE)}
    allowed = profile.egress.hosts
    hosts = tuple(sorted(host for host in wanted if any(covers_host(each, host) for each in allowed)))
    return Network(hosts, profile.egress.port, tuple(sorted(profile.egress.methods))) if hosts else None


def _missing(
    profile: Profile, agent: Agent, facts: EngineFacts | None, network: Network | None
) -> str | None:
    """Return what this engine does not have of what the sandbox needs."""
    if _image(profile, facts) is None:
        return f"the sandbox image {profile.image} is not on this engine; ask the operator to build it"
    if facts is not None and profile.isolation not in facts.tiers:
        return f"this engine has no {profile.isolation} isolation; ask the operator"
    if facts is not None and network is not None and profile.isolation not in facts.egress:
        return "this engine has no governed way to the network; ask the operator"
    if facts is not None and profile.root:
        return "this engine makes no sandbox with a writable root; ask the operator"
    if profile.mount is not None and agent.workspace is None:
        return "the sandbox needs a workspace, and this agent has none; ask the operator"
    return None


def _image(profile: Profile, facts: EngineFacts | None) -> str | None:
    """Return the image by digest; one that the policy pins must be the one the engine has."""
    if facts is None:
        return profile.image
    name, _, pinned = profile.image.partition("@")
    found = facts.image(name)
    return None if found is None or (pinned and pinned != found) else f"{name}@{found}"
