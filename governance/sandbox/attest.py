"""Is the created container the planned one, in every field? A pure comparison, made before anything runs.

Every setting that the engine reports must be one the plan has, or be empty; a field this version does not
know is refused unless it is empty, so that an engine's new feature cannot weaken a sandbox unseen. Which field
proves which recommendation of the CIS Docker Benchmark is `controls`' table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from governance.canonical import canonical, digest_of
from governance.errors import Diagnostic, SandboxError
from governance.sandbox.controls import rows, shown_numbers
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from governance.canonical import Json
    from governance.policy.decision import Isolation
    from governance.sandbox.plan import ContainerPlan

__all__ = ["Evidence", "ImageSettings", "attest"]

_HOST_FOLDERS: Final = frozenset(
    ("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "run", "sbin", "sys", "usr")
)
"""Top folders that hold the system itself (5.6); `/var/run` and the engine's own folder are named below."""

_HOST_WHOLE: Final = ("/", "/home", "/root", "/var", "/var/lib")
_HOST_BENEATH_VAR: Final = ("/var/run", "/var/lib/docker", "/var/lib/containerd")

_EXACT: Final = ("HostConfig.Init", "HostConfig.MemorySwappiness")
"""Settings of which null says something else than zero: unset, so that the engine's own default holds."""

_CLIP: Final = 200


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """What an image's own configuration adds to every container made from it."""

    environment: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was attested: the specification, the tier, the image, all effective settings, and the table of controls.

    `settings` is the digest of what `inspect` said, less what names one run: the same for each run of a
    specification. `place` is where it runs, as seen from inside and outside, once that was looked at.
    """

    spec: str
    tier: Isolation
    image: str
    runtime: str
    settings: str
    controls: Mapping[str, Json]
    place: Mapping[str, Json] | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the evidence as canonical data."""
        return {
            "spec": self.spec,
            "tier": self.tier,
            "image": self.image,
            "runtime": self.runtime,
            "inspect": self.settings,
            "controls": self.controls,
            "place": self.place,
        }

    @property
    def digest(self) -> str:
        """The digest that the outcome names."""
        return digest_of(self.to_json())


def attest(
    plan: ContainerPlan, inspected: Mapping[str, object], image: ImageSettings, socket: str
) -> Evidence:
    """Compare an engine's answer to `inspect` of a created container with its plan.

    `socket` is the path of the engine's socket, which no mount may hold. Raises SandboxError with one
    `attestation` diagnostic for each difference.
    """
    expected = _expected(plan, image)
    found = {name: _found(inspected, name) for name in expected}
    different = [line for name in expected for line in _differences(name, expected[name], found[name])]
    different += _mount_refusals(plan, socket)
    different += _module_refusals(inspected)
    if different:
        raise SandboxError(*(_diagnostic(line) for line in different))
    runtime = str(_mapping(plan.body["HostConfig"])["Runtime"])
    settings = digest_of(_settings(found))
    return Evidence(plan.spec_digest, plan.tier, plan.image, runtime, settings, rows(inspected))


def _expected(plan: ContainerPlan, image: ImageSettings) -> dict[str, Json]:
    """Return each part of `inspect` that holds settings, as it must be."""
    config = {name: value for name, value in plan.body.items() if name != "HostConfig"}
    config["Env"] = _environment(plan.body["Env"], image.environment)
    config["Labels"] = dict(image.labels) | dict(_mapping(plan.body["Labels"]))
    config["ExposedPorts"] = {port: {} for port in image.ports}
    host = _mapping(plan.body["HostConfig"])
    return {
        "Config": config,
        "HostConfig": host,
        "Mounts": [_mounted(_mapping(mount)) for mount in _sequence(host["Mounts"])],
        "Path": plan.argv[0],
        "Args": plan.argv[1:],
        "Image": plan.image,
        "Name": f"/{plan.name}",
        "ExecIDs": None,
        "State.Status": "created",
        "NetworkSettings.Networks": {str(host["NetworkMode"]): {}},
    }


def _environment(ours: Json, images: Sequence[str]) -> list[Json]:
    """Return the variables as the engine merges them: ours first, then the image's other ones."""
    mine = [str(entry) for entry in _sequence(ours)]
    names = {entry.partition("=")[0] for entry in mine}
    return [*mine, *(entry for entry in images if entry.partition("=")[0] not in names)]


def _mounted(mount: Mapping[str, Json]) -> Json:
    """Return a planned mount in the form of the effective ones."""
    return {
        "Type": "bind",
        "Source": mount["Source"],
        "Destination": mount["Target"],
        "RW": not mount["ReadOnly"],
        "Propagation": "rprivate",
    }


def _found(inspected: Mapping[str, object], name: str) -> object:
    """Return the value at a dotted name; of networks only which there are, for the rest is their state."""
    value: object = inspected
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if name == "NetworkSettings.Networks" and isinstance(value, Mapping):
        return {network: {} for network in value}
    return value


def _differences(name: str, expected: object, found: object) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping) and name in ("Config", "HostConfig"):
        for key in sorted({*expected, *found}):
            yield from _differences(f"{name}.{key}", expected.get(key), found.get(key))
    elif not _same(expected, found) or (name in _EXACT and found is not expected):
        yield f"{name} is {_clip(found)} where the plan has {_clip(expected)}{shown_numbers(name)}"


def _same(expected: object, found: object) -> bool:
    """Tell whether two values are equal, where all empty values are one and a missing key is empty."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return all(_same_entry(expected, found, key) for key in {*expected, *found})
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple) and len(expected) == len(found):
        return all(map(_same, expected, found))
    return (_empty(expected) and _empty(found)) or (type(expected) is type(found) and expected == found)


def _same_entry(expected: Mapping[str, object], found: Mapping[str, object], key: str) -> bool:
    """Compare one entry; a key whose value is `{}` is a member of a set, and so never like a missing one."""
    if key in expected and key in found:
        return _same(expected[key], found[key])
    value = expected.get(key, found.get(key))
    return _empty(value) and not isinstance(value, Mapping)


def _empty(value: object) -> bool:
    """Tell whether an engine means "not set" by `value`; `[0, 0]` is its unset size of a console."""
    return not value or (isinstance(value, list) and all(item == 0 for item in value))


def _mount_refusals(plan: ContainerPlan, socket: str) -> Iterator[str]:
    for mount in _sequence(_mapping(plan.body["HostConfig"])["Mounts"]):
        source = str(_mapping(mount)["Source"])
        if _of_the_system(source):
            yield f"the mount's source {shown(source)} is a folder of the host's system (CIS 5.6)"
        if f"{socket}/".startswith(source.rstrip("/") + "/"):
            yield f"the mount's source {shown(source)} holds the engine's socket (CIS 5.32)"


def _of_the_system(path: str) -> bool:
    parts = path.split("/")
    beneath = any(f"{path}/".startswith(f"{folder}/") for folder in _HOST_BENEATH_VAR)
    return path in _HOST_WHOLE or parts[1] in _HOST_FOLDERS or beneath


def _module_refusals(inspected: Mapping[str, object]) -> Iterator[str]:
    if inspected.get("AppArmorProfile") == "unconfined":
        yield "AppArmorProfile is unconfined where the host has AppArmor (CIS 5.2)"


def _settings(found: Mapping[str, object]) -> Json:
    """Return the settings that are the same for each run of a specification."""
    config = {key: value for key, value in _mapping(found["Config"]).items() if key != "Labels"}
    names = ("HostConfig", "Mounts", "Path", "Args", "Image", "NetworkSettings.Networks")
    return {"Config": config} | {name: cast("Json", found[name]) for name in names}


def _mapping(value: object) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def _clip(value: object) -> str:
    text = shown(canonical(value).decode()) if isinstance(value, dict | list | tuple) else shown(repr(value))
    return text if len(text) <= _CLIP else text[:_CLIP] + "…"


def _diagnostic(line: str) -> Diagnostic:
    mend = "nothing was run; the engine must create containers as asked: look for defaults in its daemon.json"
    return Diagnostic("attestation", f"the engine made another container than planned: {line}", help=mend)
