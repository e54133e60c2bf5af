"""Debian's packages, unpacked into one tar: from the host's own sources, of its own release, verified by apt.

What becomes of them (an image's layer, a guest's root) is the caller's business.
"""

from __future__ import annotations

import platform
import subprocess
from typing import TYPE_CHECKING, Final

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.image_layer import EPOCH
from governance.sandbox.provision import install, search_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from governance.sandbox.provision import Host, Say

__all__ = ["require_builder", "suite", "unpacked"]

_COMPONENTS: Final = frozenset({"main", "universe"})
_ORIGINS: Final = frozenset({"Debian", "Ubuntu", ""})
_HELP: Final = """\
type this as root, then the same command again:
    apt-get install mmdebstrap"""


def require_builder(host: Host, say: Say) -> None:
    """Install mmdebstrap where it is missing. Raises SandboxError `no-image-builder`."""
    if host.find("mmdebstrap") is None and not install(host, ["mmdebstrap"], say):
        raise SandboxError(Diagnostic("no-image-builder", "this host has no mmdebstrap", help=_HELP))


def suite() -> str:
    """Return the code name of the host's Debian; the packages are its own release's."""
    try:
        return platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        return ""


def unpacked(place: Path, options: Sequence[str], packages: Sequence[str], say: Say, host: Host) -> Path:
    """Return a tar in the folder `place` of `packages` and all they need.

    `options` are mmdebstrap's own: how much is installed, and what is run on it. Raises SandboxError
    `no-image-builder`, `set-up-failed`.
    """
    require_builder(host, say)
    sources, raw = place / "sources", place / "raw.tar"
    release = suite()
    sources.write_text("\n".join(_sources(release, host)) + "\n")
    command = ["mmdebstrap", *options, f"--include={','.join(packages)}", "--format=tar"]
    command += ['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Retries "3"']
    command += [f"--aptopt={line}" for line in _apt_network()]
    command += [release, str(raw), str(sources)]
    environment = {"SOURCE_DATE_EPOCH": str(EPOCH), "TMPDIR": str(place)}
    host.run("unpacking the packages", command, say, environment)
    return raw


def _sources(release: str, host: Host) -> list[str]:
    """Return the host's own sources of its release's packages, as lines of a sources.list."""
    lines: set[str] = set()
    if release and host.find("apt-get") is not None:
        fields = "$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
        for line in _output("apt-get", "indextargets", "--format", fields):
            kind, uri, named, component, origin = line.split("|")
            known = (
                named in {release, f"{release}-updates", f"{release}-security"} and component in _COMPONENTS
            )
            if kind == "Packages" and known and (origin in _ORIGINS or origin.startswith("$")):
                lines.add(f"deb {uri} {named} {component}")
    if not lines:
        message = "apt names no source of this host's release, so there is nothing to build the image from"
        mend = "build it on Debian or Ubuntu, with the release's own lines in /etc/apt"
        raise SandboxError(Diagnostic("no-image-builder", message, help=mend))
    return sorted(lines)


def _apt_network() -> list[str]:
    """Return how this host's apt reaches its sources: proxies and certificates."""
    return [
        line
        for line in _output("apt-config", "dump")
        if line.startswith("Acquire::http") and '""' not in line
    ]


def _output(*command: str) -> list[str]:
    done = subprocess.run(  # noqa: S603 - our words
        command, check=True, capture_output=True, text=True, env={"PATH": search_path(), "LC_ALL": "C"}
    )
    return done.stdout.splitlines()
