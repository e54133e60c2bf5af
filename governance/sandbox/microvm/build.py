"""The guest of a micro VM, from Debian's packages: kernel, initramfs and root, the same bytes at each build.

The kernel is Debian's cloud kernel, unpacked and never installed. The root is read-only: a container engine, a
Python for what runs as the first process, and nothing that a guest has no use for. All of it is kept in the
state folder by the digest of its recipe.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.canonical import digest, digest_of
from governance.sandbox import debian, image_layer
from governance.sandbox.debian import suite, unpacked
from governance.sandbox.image_layer import files_layer, normalise
from governance.sandbox.microvm import frames, guest, link
from governance.sandbox.microvm import initramfs as initramfs_module
from governance.sandbox.microvm import squash as squash_module
from governance.sandbox.microvm.initramfs import initramfs
from governance.sandbox.microvm.squash import squash
from governance.sandbox.provision import alone

if TYPE_CHECKING:
    from governance.sandbox.provision import Host, Say

__all__ = ["Guest", "ensure_guest", "kept_guest"]

_PACKAGES: Final = ("busybox-static", "docker.io", "python3")
_DROPPED: Final = (
    "dev/*", "proc/*", "sys/*", "run/*", "tmp/*", "boot", "home", "media", "mnt", "opt", "srv", "root/*", "kernel", "modules",
    "etc/*shadow*", "etc/*-", "etc/apt", "etc/dpkg", "etc/cron*", "etc/default", "etc/init.d", "etc/systemd", "etc/perl",
    "etc/machine-id", "etc/hostname", "etc/resolv.conf", "var/cache", "var/log", "var/backups", "var/lib/dpkg", "var/lib/apt",
    "usr/share/*", "usr/lib/systemd", "usr/lib/*/gconv", "usr/lib/*/*perl*", "usr/lib/apt", "usr/lib/dpkg", "usr/lib/python3*/lib2to3",
    "usr/lib/python3*/pydoc_data", "usr/bin/docker", "usr/bin/dnet", "usr/bin/ctr", "usr/bin/perl*", "usr/bin/apt*", "usr/bin/dpkg*",
    "usr/sbin/ovrouter", "usr/sbin/docker-proxy", "usr/bin/containerd-shim", "usr/bin/containerd-shim-runc-v1",
    "usr/bin/containerd-stress", "usr/lib/python3*/__pycache__", "usr/lib/python3*/*__pycache__",
)  # fmt: skip
_FILES: Final = Path(__file__).parent / "guest_files"
_FINISH: Final = _FILES / "finish.sh"
_INIT: Final = _FILES / "init.sh"
_OWN: Final = "usr/lib/governance"
_FOLDERS: Final = ("bin", "dev", "modules", "proc", "root", "sys")
_OPTIONS: Final = (
    "--variant=extract",
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    f'--extract-hook=sh {_FINISH} "$1"',
)
"""Packages are unpacked and not configured: nothing of them runs at the build."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest's three files, the digest of their bytes, and the kernel's package: its SHA-256 and file name."""

    kernel: Path
    initramfs: Path
    root: Path
    digest: str
    package: str


def ensure_guest(folder: Path, say: Say, host: Host) -> Guest:
    """Return the guest that is kept in `folder`, built first if there is none of this recipe.

    Raises SandboxError `no-image-builder` where it cannot be built here, `set-up-failed`.
    """
    with alone(folder, say):
        kept = kept_guest(folder)
        if kept is not None:
            return kept
        say("building the micro VM's guest from Debian's packages; this happens once and takes half a minute")
        with tempfile.TemporaryDirectory(dir=folder) as place:
            made = _build(Path(place), say, host)
            for old in folder.glob("guest-*"):
                shutil.rmtree(old)
            made.rename(folder / f"{_prefix()}{_content(made)}")
    return ensure_guest(folder, say, host)


def kept_guest(folder: Path) -> Guest | None:
    """Return the guest of this recipe that is kept in `folder`, None if there is none."""
    prefix = _prefix()
    kept = next(folder.glob(f"{prefix}*"), None)
    return None if kept is None else _guest(kept, prefix)


def _prefix() -> str:
    return f"guest-{_recipe()[:16]}-"


def _guest(kept: Path, prefix: str) -> Guest:
    known = "sha256:" + kept.name.removeprefix(prefix)
    package = (kept / "package").read_text().strip()
    return Guest(kept / "kernel", kept / "initramfs", kept / "root", known, package)


def _content(made: Path) -> str:
    """Return one digest, in hexadecimal, of all that was built."""
    parts: list[str] = []
    for name in ("kernel", "initramfs", "root", "package"):
        with (made / name).open("rb") as file:
            parts.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digest_of(parts).removeprefix("sha256:")


def _own() -> dict[str, tuple[int, bytes]]:
    """Return the modules that run inside, in packages that hold nothing else, by absolute path."""
    packages = ("governance", "governance/sandbox", "governance/sandbox/microvm")
    files = {f"/{_OWN}/{package}/__init__.py": (0o444, b"") for package in packages}
    for module in (frames, guest, link):
        path = Path(str(module.__file__))
        files[f"/{_OWN}/{packages[-1]}/{path.name}"] = (0o444, path.read_bytes())
    return files


def _recipe() -> str:
    """Return a digest of everything here that decides what is built, this code included."""
    code = (
        __file__,
        squash_module.__file__,
        debian.__file__,
        image_layer.__file__,
        initramfs_module.__file__,
        _FINISH,
        _INIT,
    )
    own = [digest(body) for _, body in _own().values()]
    parts = [*(digest(Path(str(path)).read_bytes()) for path in code), *own]
    return digest_of([*parts, platform.machine(), suite()]).removeprefix("sha256:")


def _build(place: Path, say: Say, host: Host) -> Path:
    raw, made = unpacked(place, _OPTIONS, _PACKAGES, say, host), place / "guest"
    made.mkdir(mode=0o755)
    with tarfile.open(raw) as archive:
        files = {member.name.removeprefix("./"): member for member in archive if member.isreg()}

        def content(name: str) -> bytes:
            with archive.extractfile(files[name]) as file:  # type: ignore[union-attr]  # a regular file
                return file.read()

        programs = {name: content(name) for name in files if name.startswith("modules/")}
        programs |= {"bin/busybox": content("usr/bin/busybox"), "init": _INIT.read_bytes()}
        (made / "kernel").write_bytes(content("kernel/vmlinuz"))
        (made / "initramfs").write_bytes(initramfs(_FOLDERS, programs))
        (made / "package").write_bytes(content("kernel/package"))
    squash("making the guest's root", _root(raw, place / "root.tar"), made / "root", say, host)
    for file in made.iterdir():
        file.chmod(0o444)
    return made


def _root(raw: Path, whole: Path) -> Path:
    """Write the tar of the root: what is left of the packages, and our own modules."""
    normalise(raw, whole, _DROPPED)
    with (
        tarfile.open(whole, "a") as archive,
        files_layer("", _own()).open() as layer,
        tarfile.open(fileobj=layer) as own,
    ):
        for member in own:
            archive.addfile(member, own.extractfile(member) if member.isreg() else None)
    return whole
