"""The sandbox image: which layers it has, its configuration, and the archive that an engine loads.

The image's id is the digest of its configuration, which names its layers by digest and no time but a fixed
one; so a policy can pin it. Nothing comes from a registry.
"""

from __future__ import annotations

import platform
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.canonical import Json, canonical, digest
from governance.capabilities.declaration import OWN_TOOLS
from governance.resources import state_path
from governance.sandbox.engine_setup import image_id, load_image, read_file
from governance.sandbox.image_debian import debian_layer
from governance.sandbox.image_layer import EPOCH, Layer, files_layer
from governance.sandbox.provision import this_host

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from governance.sandbox.provision import Host, Say

__all__ = ["BASE", "base_layers", "build_archive", "ensure_image", "image_config", "packages", "tool_files"]

BASE: Final = "governance/base"
"""The image's name, as policies say it."""

_TAG: Final = "latest"
_USER: Final = 65532
_ENVIRONMENT: Final = ("PATH=/usr/bin:/bin", "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1")
_MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
_BLOCK: Final = 512
"""The unit of a tar archive; two empty ones end it (POSIX pax)."""

_TOOLS: Final = Path(__file__).parent / "tools"
_LIBRARY: Final = f"{OWN_TOOLS}python/governance/sandbox/tools/"
"""Where the image has the tools' modules, so that they are imported by the names that they have here."""

_NAMES: Final = ("fs", "lines", "relay", "run", "runner", "unpack")
"""The tools that are programs."""


def ensure_image(url: str, say: Say, host: Host | None = None, *, fresh: bool = False) -> str:
    """Return the id of the sandbox image of the engine at `url`, built and loaded first where it must be.

    `fresh` builds it again, from the newest packages. Raises what `base_layers` and `load_image` raise.
    """
    layers = base_layers(state_path("image"), say, host, fresh=fresh)
    wanted = digest(image_config(layers))
    if image_id(url, BASE) == wanted:
        return wanted
    say(f"loading the sandbox image {BASE} into the engine: {sum(layer.size for layer in layers) >> 20} MiB")
    return load_image(url, build_archive(BASE, layers))


def base_layers(
    folder: Path, say: Say, host: Host | None = None, *, fresh: bool = False
) -> tuple[Layer, ...]:
    """Return the image's layers: Debian, kept in `folder`, and above it the tools that act on files and run plans."""
    debian = debian_layer(folder, say, host or this_host(), fresh=fresh)
    return debian, files_layer("the tools of the sandbox", tool_files())


def tool_files() -> dict[str, tuple[int, bytes]]:
    """Return the tools as the image has them, from absolute path to mode and content."""
    launch = _TOOLS / "launch.py"
    modules = {path.name: path for path in _TOOLS.glob("*.py") if path != launch}
    files = {f"{_LIBRARY}{name}": (0o444, path.read_bytes()) for name, path in modules.items()}
    return files | {f"{OWN_TOOLS}{name}": (0o555, launch.read_bytes()) for name in _NAMES}


def packages(url: str, image: str) -> tuple[str, ...]:
    """Return what the image of this id was built from: package, version, architecture and SHA-256 a line."""
    return tuple(read_file(url, image, "/usr/lib/governance/packages").decode().splitlines())


def image_config(layers: Sequence[Layer]) -> bytes:
    """Return the configuration of an image of these layers, lowest first (Docker Image Specification 1.2)."""
    created = datetime.fromtimestamp(EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    machine = platform.machine()
    config: dict[str, Json] = {
        "architecture": _MACHINES.get(machine, machine),
        "os": "linux",
        "created": created,
        "config": {"User": f"{_USER}:{_USER}", "Env": _ENVIRONMENT, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
        "history": [{"created": created, "comment": layer.comment} for layer in layers],
    }
    return canonical(config)


def build_archive(name: str, layers: Sequence[Layer]) -> Iterator[bytes]:
    """Yield a `docker load` archive of the image `name` made of these layers, lowest first."""
    config = image_config(layers)
    config_name = digest(config).removeprefix("sha256:") + ".json"
    names = [layer.digest.removeprefix("sha256:") + "/layer.tar" for layer in layers]
    manifest = canonical([{"Config": config_name, "RepoTags": [f"{name}:{_TAG}"], "Layers": names}])
    for path, body in (("manifest.json", manifest), (config_name, config)):
        yield from _entry(path, len(body), iter([body]))
    for path, layer in zip(names, layers, strict=True):
        yield from _entry(path, layer.size, layer.chunks())
    yield bytes(2 * _BLOCK)


def _entry(path: str, size: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    header = tarfile.TarInfo(path)
    header.size, header.mtime, header.mode = size, EPOCH, 0o644
    yield header.tobuf(tarfile.PAX_FORMAT)
    yield from chunks
    yield bytes(-size % _BLOCK)
