from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from typer.testing import CliRunner

from governance.canonical import digest
from governance.cli import engine as engine_commands
from governance.cli import image as image_commands
from governance.sandbox import tools
from governance.sandbox.engine_setup import image_id, read_file
from governance.sandbox.image import BASE, base_layers, ensure_image, image_config, packages
from governance.sandbox.provision import this_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def inside(engine_url: str, image: str) -> Iterator[Callable[[str], str]]:
    """Run a line of shell in the image, as its own user and without a network; return what it prints."""
    client = docker.DockerClient(base_url=engine_url)

    def run(line: str) -> str:
        options = {"network_mode": "none", "remove": True, "read_only": True, "tmpfs": {"/tmp": ""}}
        output = client.containers.run(image, ["/bin/sh", "-c", line], working_dir="/tmp", **options)
        return bytes(output).decode()

    yield run
    client.close()


@pytest.fixture(scope="module")
def members(engine_url: str, image: str) -> dict[str, tarfile.TarInfo]:
    """Everything in the image, by path."""
    client = docker.APIClient(base_url=engine_url)
    container = client.create_container(image, ["none"], network_disabled=True)["Id"]
    try:
        content = b"".join(client.export(container))
    finally:
        client.remove_container(container)
        client.close()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: member for member in archive}


def test_image_that_is_there_is_not_loaded_again(engine_url: str, image: str) -> None:
    told: list[str] = []
    assert ensure_image(engine_url, told.append) == image == image_id(engine_url, BASE)
    assert told == []


@pytest.mark.slow
def test_two_builds_from_the_same_packages_have_the_same_id(tmp_path: Path) -> None:
    ids = set()
    for name, mask in (("one", 0o022), ("two", 0o077)):
        before = os.umask(mask)
        try:
            ids.add(digest(image_config(base_layers(tmp_path / name, print, this_host()))))
        finally:
            os.umask(before)
    assert len(list(tmp_path.glob("*/*.tar"))) == 2
    assert len(ids) == 1


def test_compiled_modules_are_those_that_hold_no_time(members: dict[str, tarfile.TarInfo]) -> None:
    compiled = [name for name in members if name.endswith(".pyc")]
    assert len(compiled) > 500
    assert not [name for name in compiled if not name.startswith("usr/lib/python3")]


def test_id_is_the_digest_of_the_configuration(engine_url: str, derived_image: Callable[..., str]) -> None:
    files = {"/opt/tool": (0o555, b"#!/bin/sh\necho here\n")}
    first, second = (derived_image("governance/test-derived", files) for _ in range(2))
    assert first == second
    assert image_id(engine_url, "governance/test-derived") == first
    assert read_file(engine_url, first, "/opt/tool") == files["/opt/tool"][1]
    other = derived_image("governance/test-derived", {"/opt/tool": (0o500, files["/opt/tool"][1])})
    assert other != first


def test_wanted_programs_run_as_the_sandbox_user(inside: Callable[[str], str]) -> None:
    told = inside(
        "id -un; id -u; pwd; git init -q r && cd r && echo a > a && git add a"
        " && git -c user.name=n -c user.email=n@example.org commit -qm m && git log --format=%s"
        " && printf 'def test_it(): pass\\n' > test_it.py && python3 -m pytest -q -p no:cacheprovider | tail -1"
        " && find . -name test_it.py | xargs grep -l test_it"
    ).splitlines()
    assert told[:4] == ["sandbox", "65532", "/tmp", "m"]
    assert told[4].startswith("1 passed")
    assert told[5] == "./test_it.py"


def test_every_library_that_a_program_needs_is_there(inside: Callable[[str], str]) -> None:
    programs = "/usr/bin/git /usr/bin/python3 /usr/bin/grep /usr/bin/find /usr/lib/python3*/lib-dynload/*.so"
    assert inside(f"ldd {programs} | grep 'not found' || echo whole") == "whole\n"


def test_python_is_compiled_and_does_not_compile_again(inside: Callable[[str], str]) -> None:
    told = inside("python3 -v -c 'import json.decoder' 2>&1 | grep -F json/__pycache__")
    assert "matches" in told or "code object from" in told


def test_file_tool_is_ours_and_cannot_be_changed(
    engine_url: str, image: str, members: dict[str, tarfile.TarInfo], inside: Callable[[str], str]
) -> None:
    library = "usr/lib/governance/python/governance/sandbox/tools/fs.py"
    for name, ours, mode in (("usr/lib/governance/fs", "launch.py", 0o555), (library, "fs.py", 0o444)):
        file = Path(tools.__file__).with_name(ours)
        assert read_file(engine_url, image, f"/{name}") == file.read_bytes()
        assert stat.S_IMODE(members[name].mode) == mode
    assert inside("/usr/lib/governance/fs; echo $?") == "2\n"


def test_nothing_in_the_image_grants_rights_or_reaches_a_device(members: dict[str, tarfile.TarInfo]) -> None:
    assert not [name for name, member in members.items() if member.mode & 0o6000]
    assert not [name for name, member in members.items() if member.isdev() and not name.startswith("dev/")]
    assert not [
        name for name, member in members.items() if "SCHILY.xattr.security.capability" in member.pax_headers
    ]
    writable = {name for name, member in members.items() if member.mode & 0o002 and not member.issym()}
    assert {name for name in writable if not name.startswith(("dev", "proc", "sys"))} <= {
        "tmp", "var/tmp", "run/lock", "var/lock",
    }  # fmt: skip


def test_no_address_of_a_package_source_and_no_host_name_is_left(members: dict[str, tarfile.TarInfo]) -> None:
    beneath = (
        "etc/apt",
        "var/lib/apt",
        "var/lib/dpkg",
        "var/log",
        "var/cache",
        "etc/shadow",
        "etc/machine-id",
    )
    assert not [name for name in members if name.startswith(beneath)]
    assert "workspace" in members


def test_package_list_names_what_the_image_was_built_from(engine_url: str, image: str) -> None:
    rows = [line.split(" ") for line in packages(engine_url, image)]
    assert {"git", "python3", "python3-pytest", "coreutils", "findutils", "grep"} <= {row[0] for row in rows}
    assert all(len(row) == 4 and len(row[3]) == 64 for row in rows)


def test_commands_say_what_is_there(engine_url: str, image: str) -> None:
    told = CliRunner().invoke(engine_commands.app, ["status", "--json"])
    found = json.loads(told.stdout)
    assert found["engine"] == engine_url
    assert found["images"] == {BASE: image}
    assert "container" in found["tiers"]
    shown = CliRunner().invoke(image_commands.app, ["status", "--packages"])
    assert f"{BASE}@{image}" in shown.stdout
    assert "python3-pytest " in shown.stdout
    built = CliRunner().invoke(image_commands.app, ["build"])
    assert built.stdout == f"image: {BASE}@{image}\n"
