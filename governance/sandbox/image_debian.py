"""The lowest layer of the sandbox image: a small Debian, from the host's own package sources.

`mmdebstrap` verifies and unpacks the packages; what a sandbox has no use for is dropped, above all everything
that grants rights or differs between two builds. The layer is kept in the state folder and made again when
this recipe changes or newer packages are asked for.
"""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.canonical import digest, digest_of
from governance.sandbox import debian, image_layer
from governance.sandbox.debian import suite, unpacked
from governance.sandbox.image_layer import Layer, file_layer, normalise
from governance.sandbox.provision import alone

if TYPE_CHECKING:
    from governance.sandbox.provision import Host, Say

__all__ = ["debian_layer"]

_PACKAGES: Final = (
    "coreutils", "diffutils", "file", "findutils", "git", "grep", "make", "python3", "python3-pytest", "ripgrep", "sed", "tree",
)  # fmt: skip
_DROPPED: Final = (
    # accounts' secrets, rights, and what only a host needs
    "etc/*shadow*", "etc/*-", "etc/.pwd.lock", "etc/cron*", "etc/default", "etc/init.d", "etc/rc?.d", "etc/skel", "etc/opt",
    "etc/pam*", "etc/security", "etc/systemd", "etc/logrotate.d", "etc/update-motd.d", "root/.*", "boot", "dev/*",
    "home", "media", "mnt", "opt", "srv", "run/*", "tmp/*", "usr/games", "usr/local/*", "usr/src", "usr/lib/systemd",
    # what differs between builds or hosts
    "etc/apt", "etc/dpkg", "etc/hostname", "etc/machine-id", "etc/resolv.conf", "usr/lib/apt", "usr/lib/dpkg",
    "usr/lib/mime", "var/backups", "var/cache", "var/lib/*", "var/local", "var/log", "var/mail", "var/spool",
    # what maintainer scripts compiled while they ran, with times in it, and their helpers
    "usr/share/*__pycache__", "usr/share/python3",
    # what only people read
    "usr/share/bash-completion", "usr/share/bug", "usr/share/doc*", "usr/share/info", "usr/share/lintian",
    "usr/share/locale", "usr/share/man", "usr/share/pixmaps", "usr/share/applications", "usr/share/menu",
    # a second language, and programs that talk to other hosts or serve them
    "etc/perl", "usr/bin/perl*", "usr/lib/*/*perl*", "usr/share/perl*", "usr/bin/scalar", "usr/bin/git-shell",
    "usr/lib/git-core/scalar", "usr/lib/git-core/git-shell", "usr/lib/git-core/git-daemon",
    "usr/lib/git-core/git-http-*", "usr/lib/git-core/git-imap-send", "usr/lib/git-core/git-remote-*",
    "usr/lib/*/gconv", "usr/share/gitweb", "usr/share/gdb", "usr/lib/python3*/pydoc_data",
)  # fmt: skip
_FINISH: Final = Path(__file__).parent / "image_files" / "finish.sh"
_COMMENT: Final = "Debian packages: see /usr/lib/governance/packages"


def debian_layer(folder: Path, say: Say, host: Host, *, fresh: bool = False) -> Layer:
    """Return the layer kept in `folder`, made first if there is none of this recipe or a `fresh` one is wanted.

    Raises SandboxError: `no-image-builder` where it cannot be made here, `set-up-failed`.
    """
    with alone(folder, say):
        prefix = f"debian-{_recipe()[:16]}-"
        kept = next(folder.glob(f"{prefix}*.tar"), None)
        if kept is not None and not fresh:
            return file_layer(_COMMENT, kept, "sha256:" + kept.stem.removeprefix(prefix))
        say("building the sandbox image from Debian's packages; this happens once and takes about a minute")
        with tempfile.TemporaryDirectory(dir=folder) as place:
            made, content = _build(Path(place), say, host)
            for old in folder.glob("debian-*.tar"):
                old.unlink()
            path = made.rename(folder / f"{prefix}{content.removeprefix('sha256:')}.tar")
        return file_layer(_COMMENT, path, content)


def _recipe() -> str:
    """Return a digest of everything here that decides what the layer holds, this code included."""
    made_of = (__file__, debian.__file__, image_layer.__file__, _FINISH)
    parts = [digest(Path(path).read_bytes()) for path in made_of]
    return digest_of([*parts, platform.machine(), suite()]).removeprefix("sha256:")


def _build(place: Path, say: Say, host: Host) -> tuple[Path, str]:
    options = ["--variant=essential", f'--customize-hook=sh {_FINISH} "$1"']
    raw, made = unpacked(place, options, _PACKAGES, say, host), place / "layer.tar"
    say("dropping what a sandbox has no use for, and making the layer reproducible")
    return made, normalise(raw, made, _DROPPED)
