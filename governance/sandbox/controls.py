"""The CIS Docker Benchmark (1.6.0), 5.2 to 5.32: what each recommendation is proven by, field by field.

A complete table: each number is proven by fields of what the engine says of a container, or by a label of the
host's security module, or it is no setting of a container, and then it says what stands for it. Pure data; that
the fields are as planned is `attest`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json

__all__ = ["CONTROLS", "Control", "Standing", "rows", "shown_numbers"]

Standing: TypeAlias = Literal["proven", "elsewhere", "not proven"]
"""`proven` by fields that are as planned; `elsewhere` by what is no field; `not proven` by anything seen here."""


@dataclass(frozen=True, slots=True)
class Control:
    """One recommendation: its number, what it asks for, and the fields that prove it.

    `module` is the field in which the host's security module would name its label; without a label the control
    is not proven. `instead` says what stands for a control that is no container's setting, and is empty else.
    """

    number: str
    asks: str
    fields: tuple[str, ...] = ()
    module: str = ""
    instead: str = ""


_MOUNTS: Final = ("HostConfig.Binds", "HostConfig.Mounts", "HostConfig.VolumesFrom", "Mounts")
_NETWORK: Final = ("HostConfig.NetworkMode", "NetworkSettings.Networks")
_PORTS: Final = ("HostConfig.PortBindings", "HostConfig.PublishAllPorts")
_DEVICES: Final = ("HostConfig.Devices", "HostConfig.DeviceCgroupRules", "HostConfig.DeviceRequests")

CONTROLS: Final = (
    Control("5.2", "an AppArmor profile is enabled", module="AppArmorProfile"),
    Control("5.3", "SELinux security options are set", module="ProcessLabel"),
    Control("5.4", "capabilities are restricted", ("HostConfig.CapAdd", "HostConfig.CapDrop")),
    Control("5.5", "no privileged container", ("HostConfig.Privileged",)),
    Control("5.6", "no folder of the host's system is mounted", _MOUNTS),
    Control("5.7", "no sshd runs inside", ("Path", "Args", "Config.Entrypoint", "Config.Cmd")),
    Control("5.8", "no privileged port is mapped", _PORTS),
    Control("5.9", "only needed ports are open", _PORTS),
    Control("5.10", "the host's network namespace is not shared", _NETWORK),
    Control("5.11", "memory is limited", ("HostConfig.Memory", "HostConfig.MemorySwap")),
    Control("5.12", "processor time is limited", ("HostConfig.NanoCpus",)),
    Control("5.13", "the root is read-only", ("HostConfig.ReadonlyRootfs",)),
    Control("5.14", "incoming traffic is bound to an interface", _PORTS),
    Control("5.15", "restarts are limited", ("HostConfig.RestartPolicy",)),
    Control("5.16", "the host's process namespace is not shared", ("HostConfig.PidMode",)),
    Control("5.17", "the host's IPC namespace is not shared", ("HostConfig.IpcMode",)),
    Control("5.18", "no device of the host is exposed", _DEVICES),
    Control("5.19", "ulimits are set", ("HostConfig.Ulimits",)),
    Control("5.20", "no mount propagates", _MOUNTS),
    Control("5.21", "the host's UTS namespace is not shared", ("HostConfig.UTSMode",)),
    Control("5.22", "system calls are filtered", ("HostConfig.SecurityOpt",)),
    Control(
        "5.23",
        "no privileged exec",
        ("ExecIDs",),
        instead="nothing here asks an engine for an exec; none is at start",
    ),
    Control(
        "5.24",
        "no exec as root",
        ("ExecIDs",),
        instead="nothing here asks an engine for an exec; none is at start",
    ),
    Control(
        "5.25", "the control group is the engine's", ("HostConfig.CgroupParent", "HostConfig.CgroupnsMode")
    ),
    Control("5.26", "no new privileges", ("HostConfig.SecurityOpt",)),
    Control(
        "5.27",
        "health is checked",
        ("Config.Healthcheck",),
        instead="a container lives for one call and is watched and ended from outside; the engine's check is off",
    ),
    Control(
        "5.28",
        "the image is up to date",
        ("Image", "Config.Image"),
        instead="the image is the very one that was judged, by digest; its age is for `governance image build --fresh`",
    ),
    Control("5.29", "the number of processes is limited", ("HostConfig.PidsLimit",)),
    Control("5.30", "the engine's default bridge is not used", _NETWORK),
    Control("5.31", "the host's user namespace is not asked for", ("HostConfig.UsernsMode",)),
    Control("5.32", "the engine's socket is not mounted", _MOUNTS),
)
"""Every recommendation from 5.2 to 5.32, in order."""


def shown_numbers(field: str) -> str:
    """Return the numbers that a field belongs to, as they stand in a refusal, or nothing."""
    numbers = [control.number for control in CONTROLS if field in control.fields]
    return f" (CIS {', '.join(numbers)})" if numbers else ""


def rows(inspected: Mapping[str, object]) -> dict[str, Json]:
    """Return the table for a container whose every field was found as planned: how each number stands, and why."""
    return {control.number: _row(control, inspected) for control in CONTROLS}


def _row(control: Control, inspected: Mapping[str, object]) -> Json:
    row: dict[str, Json] = {"asks": control.asks, "standing": _standing(control, inspected)}
    if control.module:
        label = inspected.get(control.module)
        row["by"] = f"{control.module} {label}" if label else "the host's security module labels no container"
    else:
        row["by"] = control.instead or ", ".join(control.fields)
    return row


def _standing(control: Control, inspected: Mapping[str, object]) -> Standing:
    if control.module:
        return "proven" if inspected.get(control.module) else "not proven"
    return "elsewhere" if control.instead else "proven"
