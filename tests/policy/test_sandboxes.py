"""The sandbox of a call: the strictest of what its permits say, and no wider than what the call does."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from governance.canonical import digest
from governance.policy.decision import Mount, SandboxSpec, Scratch
from governance.policy.facts import EngineFacts
from governance.policy.profile import Egress
from governance.policy.sandboxes import combine
from tests.policy.build import FACTS, bundle_of, verdict_of

IMAGE = "sha256:" + "a" * 64
BOXES = """
sandbox one { image "governance/base" mount workspace at "/workspace" writable isolation container
  memory 64MiB cpus 2 pids 10 timeout 50s output 2KiB scratch "/tmp" 1MiB scratch "/a" 1MiB }
sandbox two { image "governance/base" mount workspace at "/workspace" writable isolation gvisor
  memory 128MiB cpus 0.5 pids 20 timeout 10s output 9KiB scratch "/b" 1MiB scratch "/tmp" 8KiB }
"""


def sandbox_of(rules: str, text: str, facts: EngineFacts | None = None) -> SandboxSpec:
    bundle = bundle_of(rules)
    verdict = verdict_of(bundle, text, facts=facts)
    assert verdict.sandbox is not None, verdict.reason
    return verdict.sandbox


def permits(*sandboxes: str, call: str = "fs.*") -> str:
    return "".join(
        f'permit p{number} {{ agent any  call {call}  sandbox {name}  including protected  because "x" }}\n'
        for number, name in enumerate(sandboxes)
    )


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one"), ("one", "two", "one")])
def test_each_field_is_the_strictest_of_all_permits_that_apply(order: tuple[str, ...]) -> None:
    spec = sandbox_of(BOXES + permits(*order), 'fs.write(path="/workspace/a", content="")')
    assert spec.isolation == "gvisor"
    assert (spec.memory, spec.cpus, spec.pids, spec.timeout, spec.output) == (
        64 << 20,
        500,
        10,
        10_000,
        2 << 10,
    )
    assert spec.scratch == (Scratch("/tmp", 8 << 10),)
    assert spec.mounts == (Mount("repos/web", "/workspace", writable=True),)


def test_one_read_only_mount_makes_all_read_only() -> None:
    spec = sandbox_of(permits("editor", "reader"), 'fs.write(path="/workspace/a", content="")')
    assert [mount.writable for mount in spec.mounts] == [False]


@pytest.mark.parametrize(
    ("text", "writable"),
    [
        ('fs.read(path="/workspace/a")', False),
        ('fs.search(path="/workspace", text="x")', False),
        ('fs.write(path="/workspace/a", content="")', True),
        ('fs.edit(path="/workspace/a", old="x", new="y")', True),
        ('fs.delete(path="/workspace/a")', True),
        ('proc.exec(argv=["/bin/x"])', True),
    ],
)
def test_the_workspace_is_writable_only_for_calls_that_change_something(text: str, writable: bool) -> None:
    spec = sandbox_of(permits("editor", call="any"), text)
    assert [mount.writable for mount in spec.mounts] == [writable]


def test_the_argv_is_that_of_the_call_word_for_word() -> None:
    spec = sandbox_of(permits("reader", call="any"), 'proc.exec(argv=["/bin/x", "a b", "$(c)", "-d;e"])')
    assert spec.argv == ("/bin/x", "a b", "$(c)", "-d;e")
    assert spec.stdin is None


def test_what_a_program_reads_is_named_by_its_digest() -> None:
    spec = sandbox_of(permits("editor"), 'fs.write(path="/workspace/a", content="hé")')
    assert spec.stdin == digest(b'{"content":"h\\u00e9"}') or spec.stdin == digest(
        '{"content":"hé"}'.encode()
    )
    assert "hé" not in " ".join(spec.argv)


def test_a_sandbox_without_a_mount_needs_no_workspace() -> None:
    rules = 'sandbox none { image "governance/base" }\n' + permits("none", call="proc.exec")
    bundle = bundle_of(rules)
    verdict = verdict_of(bundle, 'proc.exec(argv=["/bin/x"])', "homeless")
    assert verdict.sandbox is not None
    assert verdict.sandbox.mounts == ()
    assert verdict.effects == ("execute /bin/x",)


def test_the_image_is_the_engines_by_digest() -> None:
    assert sandbox_of(permits("reader"), 'fs.read(path="/a")').image == "governance/base"
    assert sandbox_of(permits("reader"), 'fs.read(path="/a")', FACTS).image == f"governance/base@{IMAGE}"


@pytest.mark.parametrize(
    ("image", "facts", "reason"),
    [
        ("governance/base", EngineFacts((), ("container",)), "not on this engine"),
        ("governance/other", FACTS, "not on this engine"),
        (f"governance/base@sha256:{'b' * 64}", FACTS, "not on this engine"),
        ("governance/base", EngineFacts(FACTS.images, ()), "no container isolation"),
    ],
)
def test_what_the_engine_does_not_have_is_no_sandbox(image: str, facts: EngineFacts, reason: str) -> None:
    bundle = bundle_of(f'sandbox s {{ image "{image}" }}\n' + permits("s"))
    verdict = verdict_of(bundle, 'fs.read(path="/a")', facts=facts)
    assert verdict.code.value == "fail-closed"
    assert verdict.sandbox is None
    assert reason in verdict.reason


def test_a_pinned_image_that_the_engine_has_is_used() -> None:
    rules = f'sandbox s {{ image "governance/base@{IMAGE}" }}\n' + permits("s")
    assert sandbox_of(rules, 'fs.read(path="/a")', FACTS).image == f"governance/base@{IMAGE}"


@pytest.mark.parametrize(
    "egresses",
    [
        (("GET", 443), ("POST", 443)),
        (("GET HEAD", 443), ("HEAD POST", 443), ("GET POST", 443)),
        (("GET", 443), ("GET", 80)),
    ],
)
def test_ways_to_the_network_with_nothing_in_common_are_no_way(egresses: tuple[tuple[str, int], ...]) -> None:
    (rule,) = bundle_of(permits("reader")).rules
    assert rule.profile is not None
    hosts = frozenset({"a.example.org"})
    profiles = tuple(
        replace(rule.profile, egress=Egress(hosts, port, frozenset(methods.split())))
        for methods, port in egresses
    )
    assert combine(profiles).egress is None
    assert combine(profiles[:1] * 2).egress == profiles[0].egress


def test_the_order_of_profiles_changes_nothing() -> None:
    reader = bundle_of(BOXES + permits("one", "two", "reader")).rules
    profiles = tuple(rule.profile for rule in reader if rule.profile is not None)
    found = {combine(order) for order in permutations((*profiles, profiles[0]))}
    assert len(found) == 1
