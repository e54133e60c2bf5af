"""From the profiles that policies name to the sandbox of one call: combined, then cut down to what it does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from governance.canonical import digest
from governance.policy.decision import ISOLATIONS, Mount, SandboxSpec, Scratch

if TYPE_CHECKING:
    from governance.capabilities.call import Call
    from governance.policy.bundle import Agent, Profile
    from governance.policy.facts import EngineFacts

__all__ = ["combinable", "combine", "derive"]


def combinable(left: Profile, right: Profile) -> str | None:
    """Return why the two have no strictest common sandbox, None when they have one."""
    if left.image != right.image:
        return f"{left.name} runs {left.image} and {right.name} runs {right.image}"
    if left.mount != right.mount:
        return f"{left.name} mounts the workspace at {left.mount} and {right.name} at {right.mount}"
    return None


def combine(profiles: tuple[Profile, ...]) -> Profile:
    """Return the strictest of each field. The checker has made sure that the profiles can be combined."""
    result = profiles[0]
    for other in profiles[1:]:
        sizes = {each.target: each.size for each in other.scratch}
        result = replace(
            result,
            isolation=max(result.isolation, other.isolation, key=ISOLATIONS.index),
            writable=result.writable and other.writable,
            scratch=tuple(
                Scratch(each.target, min(each.size, sizes[each.target]))
                for each in result.scratch
                if each.target in sizes
            ),
            memory=min(result.memory, other.memory),
            cpus=min(result.cpus, other.cpus),
            pids=min(result.pids, other.pids),
            timeout=min(result.timeout, other.timeout),
            output=min(result.output, other.output),
        )
    return result


def derive(
    profile: Profile, call: Call, agent: Agent, facts: EngineFacts | None, *, changes: bool
) -> SandboxSpec | str:
    """Return the sandbox of `call`, or the reason why there can be none here.

    The workspace is writable only where the profile allows it and the call `changes` something.
    """
    image = _image(profile, facts)
    if image is None:
        return f"the sandbox image {profile.image} is not on this engine; ask the operator to build it"
    if facts is not None and profile.isolation not in facts.tiers:
        return f"this engine has no {profile.isolation} isolation; ask the operator"
    if profile.mount is not None and agent.workspace is None:
        return "the sandbox needs a workspace, and this agent has none; ask the operator"
    mounts = (
        ()
        if profile.mount is None
        else (Mount(agent.workspace or "", profile.mount, profile.writable and changes),)
    )
    return SandboxSpec(
        image=image,
        isolation=profile.isolation,
        argv=call.argv,
        stdin=None if call.stdin is None else digest(call.stdin),
        mounts=mounts,
        scratch=tuple(sorted(profile.scratch)),
        memory=profile.memory,
        cpus=profile.cpus,
        pids=profile.pids,
        timeout=profile.timeout,
        output=profile.output,
    )


def _image(profile: Profile, facts: EngineFacts | None) -> str | None:
    """Return the image by digest; one that the policy pins must be the one the engine has."""
    if facts is None:
        return profile.image
    name, _, pinned = profile.image.partition("@")
    found = facts.image(name)
    return None if found is None or (pinned and pinned != found) else f"{name}@{found}"
