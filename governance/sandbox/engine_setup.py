"""Finding the engine that answers, or making one answer: the order in which that is tried stands here alone.

An engine is only ever one of this host, because workspaces are folders of this host. Nothing is pulled from a
registry, by anything here.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import time
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.engine_daemon import LOCAL, PrivateEngine, answers
from governance.sandbox.provision import install, this_host
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from governance.canonical import Json
    from governance.sandbox.provision import Host, Say

__all__ = ["ensure_engine", "image_id", "load_image", "locate", "read_file", "stop_engine", "version"]

_SYSTEM: Final = "unix:///var/run/docker.sock"
_PATIENCE: Final = 600
"""Seconds that an engine may take over an image."""

_RELOAD: Final = 20.0
_TICK: Final = 0.05

_HELP: Final = """\
type one of these, then the same command again:
    as root:       apt-get install docker.io
    with Docker:   export DOCKER_HOST=unix:///path/of/an/engine.sock"""
_HELP_INSTALLED: Final = """\
type one of these, then the same command again:
    with systemd:  sudo systemctl start docker     (and be of the group docker)
    without:       export DOCKER_HOST=unix:///path/of/an/engine.sock     or run the command as root"""


def locate() -> str | None:
    """Return the address of the engine that answers, None if none does; nothing is started."""
    private = PrivateEngine.of_this_user().url
    return next(
        (url for url in (*_named(), _SYSTEM, private) if url.startswith(LOCAL) and answers(url)), None
    )


def ensure_engine(say: Say, host: Host | None = None) -> str:
    """Return the address of an engine that answers, started or first installed where it must be.

    Raises SandboxError: `no-engine` where the host has none and none can be installed, `engine-start`,
    `set-up-failed`, `long-path`.
    """
    host = host or this_host()
    private = PrivateEngine.of_this_user()
    url = locate()
    if url == private.url:
        _await_runtimes(url, private.configure(say, host))
    if url is not None:
        return url
    for named in _named():
        why = "does not answer" if named.startswith(LOCAL) else "is not on this host"
        say(f"the engine {shown(named)} {why}: looking for another")
    if host.find("dockerd") is not None and not host.root:
        message = "dockerd is installed here and does not run, and only root can start it"
        raise SandboxError(Diagnostic("no-engine", message, help=_HELP_INSTALLED))
    if host.find("dockerd") is None and not install(host, ["docker.io"], say):
        raise SandboxError(Diagnostic("no-engine", "this host has no Docker engine", help=_HELP))
    return locate() or private.start(say, host)


def _await_runtimes(url: str, news: Mapping[str, Json]) -> None:
    """Wait until the engine has read its configuration: it answers from the old one meanwhile."""
    begun = time.monotonic()
    with _client(url, "take up its runtimes") as client:
        while not _knows(client, news):
            if time.monotonic() - begun > _RELOAD:
                raise DockerException(f"it does not know {', '.join(sorted(news))} after {_RELOAD:.0f} s")
            time.sleep(_TICK)


def _knows(client: docker.APIClient, news: Mapping[str, Json]) -> bool:
    return not news or all(client.info()["Runtimes"].get(name) == value for name, value in news.items())


def stop_engine(say: Say) -> bool:
    """Stop the private engine, and what a killed one left; return whether anything ran."""
    return PrivateEngine.of_this_user().stop(say)


def _named() -> tuple[str, ...]:
    """Return the address that DOCKER_HOST gives, or else the current Docker context's."""
    host = os.environ.get("DOCKER_HOST") or _context()
    return (host,) if host else ()


def _context() -> str | None:
    """Return the current context's address: contexts lie in folders named by the digest of their name."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        name = (
            os.environ.get("DOCKER_CONTEXT")
            or json.loads((folder / "config.json").read_bytes())["currentContext"]
        )
        stored = folder / "contexts" / "meta" / sha256(name.encode()).hexdigest() / "meta.json"
        return str(json.loads(stored.read_bytes())["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def version(url: str) -> str:
    """Return the version of the engine at `url`."""
    with _client(url, "say its version") as client:
        return str(client.version()["Version"])


def image_id(url: str, name: str) -> str | None:
    """Return the id of the image `name` that the engine at `url` has, None if it has none."""
    with _client(url, f"find the image {name}") as client:
        try:
            return str(client.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return None


def load_image(url: str, archive: Iterable[bytes]) -> str:
    """Load a `docker load` archive that holds one named image into the engine at `url`; return the image's id."""
    with _client(url, "load an image") as client:
        told = list(client.load_image(archive))  # type: ignore[no-untyped-call]
        named = [
            str(line["stream"]) for line in told if str(line.get("stream", "")).startswith("Loaded image: ")
        ]
        if len(named) != 1:
            raise DockerException(f"it answered {told}")
        return str(client.inspect_image(named[0].partition(": ")[2].strip())["Id"])  # type: ignore[no-untyped-call]


def read_file(url: str, image: str, path: str) -> bytes:
    """Return the content of a file of an image, by way of a container that is never started."""
    with _client(url, f"read {path} of the image {image}") as client:
        container = client.create_container(image, ["none"], network_disabled=True)["Id"]
        try:
            chunks, _ = client.get_archive(container, path)
            with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
                file = archive.extractfile(Path(path).name)
                return file.read() if file else b""
        finally:
            client.remove_container(container, v=True, force=True)


@contextmanager
def _client(url: str, what: str) -> Iterator[docker.APIClient]:
    """Yield a client of the engine at `url`; the library's errors become SandboxError `engine-failed`."""
    try:
        client = docker.APIClient(base_url=url, version="auto", timeout=_PATIENCE)
        try:
            yield client
        finally:
            client.close()
    except (DockerException, requests.RequestException, OSError, LookupError) as error:
        mend = "see what `governance engine status` says of it, and start it again if it has stopped"
        message = f"the engine at {shown(url)} did not {what}: {shown(str(error))}"
        raise SandboxError(Diagnostic("engine-failed", message, help=mend)) from error
