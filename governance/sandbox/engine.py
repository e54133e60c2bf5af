"""The container engine: the few requests that the sandbox makes of it, over its local socket.

The only module that knows the engine's client library, and the only place where the library's errors become
ours. It holds no rule: what to ask for is `plan`'s, whether it was done is `attest`'s.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException
from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnection, UnixHTTPConnectionPool

from governance.errors import Diagnostic, SandboxError
from governance.policy.facts import EngineFacts
from governance.sandbox.attest import ImageSettings
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from governance.canonical import Json
    from governance.policy.decision import Isolation
    from governance.sandbox.plan import ContainerPlan

__all__ = ["Attachment", "Container", "ContainerEngine"]

_SCHEME: Final = "unix://"
_PATIENCE: Final = 60
"""Seconds that an engine may take to answer one request."""

_CLIP: Final = 500
_GONE: Final = 404
_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class Container:
    """A container that the engine lists: its id, its state and its labels."""

    id: str
    state: str
    labels: Mapping[str, str]


class Attachment:
    """A container's streams; output and input are framed as the engine's interface says."""

    def __init__(self, streams: socket.socket, release: Callable[[], None]) -> None:
        """Use `ContainerEngine.attach`; `release` closes the connection that `streams` is a second end of."""
        self.streams = streams
        self._release = release

    def close(self) -> None:
        """Close the streams: the container's input ends."""
        self.streams.close()
        self._release()


class ContainerEngine:
    """A connected engine; its methods may be called from any thread and raise SandboxError alone.

    The codes: `engine-gone` when no answer came, `engine-refused` when the answer was no, `image-missing`.
    """

    def __init__(self, client: docker.APIClient, path: str) -> None:
        """Use `connect`; `path` is the socket's."""
        self.socket = path
        self._client = client
        self._images: dict[str, ImageSettings] = {}

    @classmethod
    def connect(cls, url: str) -> ContainerEngine:
        """Return the engine at `url`, which is a `unix://` address: workspaces are folders of this host."""
        if not url.startswith(_SCHEME):
            mend = "use an engine of this host: `unix://` and the path of its socket"
            raise SandboxError(
                Diagnostic("engine-remote", f"`{shown(url)}` is not a local engine", help=mend)
            )
        path = url.removeprefix(_SCHEME)
        with _asking("say its version"):
            _connected(path, _PATIENCE).close()
            client = docker.APIClient(base_url=url, version="auto", timeout=_PATIENCE)
        client.trust_env = False
        client.mount("http+docker://", _OnePool(path))
        return cls(client, path)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def facts(self, names: Iterable[str]) -> EngineFacts:
        """Return the ids of those of the images `names` that the engine has, and its isolation tiers."""
        found = ((name, self._image_id(name)) for name in sorted(set(names)))
        with _asking("name its runtimes"):
            runtimes = self._client.info()["Runtimes"]
        tiers: tuple[Isolation, ...] = ("container", "gvisor") if "runsc" in runtimes else ("container",)
        return EngineFacts(tuple((name, image) for name, image in found if image is not None), tiers)

    def about(self) -> dict[str, Json]:
        """Return what the engine says of itself that a sandbox depends on: its version, and each runtime's command."""
        with _asking("say its version and runtimes"):
            runtimes: dict[str, dict[str, Json]] = self._client.info()["Runtimes"]
            version = str(self._client.version()["Version"])
        commands: dict[str, Json] = {
            name: [str(each["path"]), *map(str, _sequence(each.get("runtimeArgs")))]
            for name, each in sorted(runtimes.items())
            if "path" in each
        }
        return {"version": version, "runtimes": commands}

    def _image_id(self, name: str) -> str | None:
        with _asking(f"find the image {name}"):
            try:
                return str(self._described(name)["Id"])
            except APIError as error:
                if error.status_code != _GONE:
                    raise
                return None

    def image(self, image: str) -> ImageSettings:
        """Return what the image of this id adds to containers; an id's content never changes, so it is kept."""
        if image not in self._images:
            with _asking(f"describe the image {image}"):
                self._images[image] = _settings(self._described(image)["Config"] or {})
        return self._images[image]

    def _described(self, image: str) -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = self._client.inspect_image(image)  # type: ignore[no-untyped-call]
        return found

    def create(self, plan: ContainerPlan) -> str:
        """Create the planned container and return its id; nothing is pulled."""
        with _asking("create the container", image=plan.image):
            created: dict[str, str] = self._client.create_container_from_config(  # type: ignore[no-untyped-call]
                dict(plan.body), plan.name
            )
            return created["Id"]

    def inspect(self, container: str) -> Mapping[str, object]:
        """Return all that the engine says of a container."""
        with _asking("describe the container"):
            found: Mapping[str, object] = self._client.inspect_container(container)
            return found

    def attach(self, container: str) -> Attachment:
        """Return the container's streams as a socket that does not block; it is the caller's to close."""
        with _asking("attach to the container"):
            raw = self._client.attach_socket(container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
            streams = socket.socket(fileno=os.dup(raw.fileno()))
        streams.settimeout(0)
        return Attachment(streams, raw._response.close)  # noqa: SLF001  # the library keeps the connection's owner nowhere else

    def start(self, container: str) -> None:
        """Start a created container."""
        with _asking("start the container"):
            self._client.start(container)

    def wait(self, container: str, seconds: float) -> int | None:
        """Return the program's exit code once it has ended, or None if it has not within `seconds`."""
        with _asking("wait for the container"):
            try:
                return int(self._client.wait(container, timeout=max(1, ceil(seconds)))["StatusCode"])
            except requests.ReadTimeout:
                return None

    def out_of_memory(self, container: str) -> bool:
        """Tell whether the kernel stopped a program of this ended container for its memory."""
        with _asking("describe the container"):
            return bool(self._client.inspect_container(container)["State"]["OOMKilled"])

    def changes(self, container: str) -> tuple[str, ...]:
        """Return the paths of the container's root that differ from its image."""
        with _asking("compare the container with its image"):
            return tuple(entry["Path"] for entry in self._client.diff(container) or ())

    def kill(self, container: str) -> None:
        """Kill all of a container at once; one that has ended is left as it is."""
        with _asking("kill the container", settled=(_GONE, _CONFLICT)):
            self._client.kill(container)

    def pause(self, container: str) -> None:
        """Stop all of a running container where it is."""
        with _asking("pause the container"):
            self._client.pause(container)

    def unpause(self, container: str) -> None:
        """Let a paused container go on, so that it can be killed whatever its runtime."""
        with _asking("unpause the container", settled=(_GONE, _CONFLICT)):
            self._client.unpause(container)

    def remove(self, container: str) -> None:
        """Remove a container and its volumes, running or not; one that is gone or going is left to go."""
        with _asking("remove the container", settled=(_GONE, _CONFLICT)):
            self._client.remove_container(container, v=True, force=True)

    def containers(self, label: str) -> tuple[Container, ...]:
        """Return all containers that carry `label`, in whatever state."""
        with _asking("list its containers"):
            found = self._client.containers(all=True, filters={"label": label})
            return tuple(Container(entry["Id"], entry["State"], dict(entry["Labels"])) for entry in found)


def _sequence(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


class _Connection(UnixHTTPConnection):
    """A connection that closes its socket where the library's own would leave it open: when nobody answers."""

    def connect(self) -> None:
        self.sock = _connected(self.unix_socket, _PATIENCE)


class _Pool(UnixHTTPConnectionPool):
    def _new_conn(self) -> _Connection:  # type: ignore[override]  # as the library's own, whose stub says otherwise
        return _Connection(self.base_url, self.socket_path)


class _OnePool(UnixHTTPAdapter):
    """All requests to the engine share one pool; the library's own adapter keeps one for each address asked."""

    def __init__(self, path: str) -> None:
        super().__init__(f"http+unix://{path}", _PATIENCE)
        self._pool = _Pool("http+docker://localhost", path, _PATIENCE)

    def get_connection(self, url: str | bytes, proxies: Mapping[str, str] | None = None) -> _Pool:
        del url, proxies
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()


def _connected(path: str, seconds: float) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.settimeout(seconds)
        opened.connect(path)
    except OSError:
        opened.close()
        raise
    return opened


def _settings(config: Mapping[str, object]) -> ImageSettings:
    environment, labels, ports = config.get("Env"), config.get("Labels"), config.get("ExposedPorts")
    return ImageSettings(
        environment=tuple(environment) if isinstance(environment, list) else (),
        labels=tuple(sorted(labels.items())) if isinstance(labels, dict) else (),
        ports=tuple(sorted(ports)) if isinstance(ports, dict) else (),
    )


@contextmanager
def _asking(what: str, *, image: str = "", settled: tuple[int, ...] = ()) -> Iterator[None]:
    """Turn the library's errors into ours; an answer whose status is in `settled` is as good as done."""
    try:
        yield
    except APIError as error:
        if error.status_code in settled:
            return
        raise _refused(what, error, image) from error
    except (
        DockerException,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        OSError,
        LookupError,
    ) as error:
        mend = "see that the engine runs, for instance with `governance doctor`, then send the request again"
        message = f"the engine did not answer when asked to {what}: {_clip(str(error))}"
        raise SandboxError(Diagnostic("engine-gone", message, help=mend)) from error


def _refused(what: str, error: APIError, image: str) -> SandboxError:
    if error.status_code == _GONE and image:
        mend = "build it with `governance image build`; images are never pulled when a call is dispatched"
        return SandboxError(Diagnostic("image-missing", f"the engine has no image {image}", help=mend))
    message = f"the engine refused to {what}: {_clip(str(error.explanation or error))}"
    mend = "the engine's own words stand above; nothing of the call's sandbox was changed to please it"
    return SandboxError(Diagnostic("engine-refused", message, help=mend))


def _clip(text: str) -> str:
    return shown(text if len(text) <= _CLIP else text[:_CLIP] + "…")
