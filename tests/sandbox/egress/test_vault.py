from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import pytest

from governance.errors import SandboxError
from governance.policy.profile import Secret
from governance.sandbox.egress.fields import Strainer, answer_fields, request_fields
from governance.sandbox.egress.vault import Sealed, Vault
from tests.sandbox.egress.world import HOST

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "secret-word"


def secret(form: str = "bearer") -> Secret:
    return Secret("TOKEN", HOST, form)


def store(folder: Path, text: str) -> Vault:
    (folder / "secrets.toml").write_text(text)
    return Vault.read(folder / "secrets.toml")


def test_a_secret_lies_in_a_variable_a_file_or_what_a_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGRESS_TEST", VALUE)
    (tmp_path / "token").write_text(f"{VALUE}\n")
    (tmp_path / "token").chmod(0o600)
    places = ('environment = "EGRESS_TEST"', f'file = "{tmp_path}/token"', f'command = ["echo", "{VALUE}"]')
    for place in places:
        sealed = store(tmp_path, f"TOKEN = {{ {place} }}").seal(secret())
        assert (sealed.name, sealed.value) == (b"authorization", f"Bearer {VALUE}".encode())
        assert VALUE not in repr(sealed)
        assert {
            VALUE.encode(),
            base64.b64encode(VALUE.encode()).rstrip(b"="),
            VALUE.encode().hex().encode(),
        } <= sealed.traces


@pytest.mark.parametrize(
    ("form", "value", "problem"),
    [
        ("bearer", "short", "between 8 and 8192 characters"),
        ("bearer", "two\nlines here", "no line feed within"),
        ("bearer", "not ascii: é", "ASCII"),
        ("bearer", " leading space", "ASCII"),
        ("bearer", "x" * 8193, "between 8 and 8192"),
        ("header", VALUE, "is not a header"),
        ("header", "Host: evil.example.org", "is not a header"),
        ("header", "Transfer-Encoding: chunked", "is not a header"),
        ("header", "X Y: secret-word", "is not a header"),
        ("header", "X: short", "is not a header"),
    ],
)
def test_what_cannot_stand_in_a_field_is_refused(
    form: str, value: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGRESS_TEST", value)
    with pytest.raises(SandboxError, match=problem) as refused:
        Vault({"TOKEN": ("environment", "EGRESS_TEST")}).seal(secret(form))
    assert value not in refused.value.render()


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(VALUE)
    vault = Vault({"TOKEN": ("file", str(path))})
    for mode in (0o644, 0o640, 0o700, 0o604):
        path.chmod(mode)
        with pytest.raises(SandboxError, match="mode 0600"):
            vault.seal(secret())
    path.chmod(0o600)
    assert vault.seal(secret())
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("link", "pipe", "nowhere", "."):
        with pytest.raises(SandboxError):
            Vault({"TOKEN": ("file", str(tmp_path / name))}).seal(secret())


@pytest.mark.parametrize(
    "places",
    [
        {},
        {"TOKEN": ("environment", "EGRESS_TEST_IS_NOT_SET")},
        {"TOKEN": ("command", ["false"])},
        {"TOKEN": ("command", ["/nowhere/at/all"])},
        {"TOKEN": ("command", ["true"])},
    ],
)
def test_a_secret_that_is_not_there_is_an_error(places: dict[str, tuple[str, object]]) -> None:
    with pytest.raises(SandboxError) as refused:
        Vault(places).seal(secret())
    assert refused.value.code == "secret"


@pytest.mark.parametrize(
    "text",
    [
        'TOKEN = "word"',
        "TOKEN = {}",
        'TOKEN = { environment = "A", file = "B" }',
        'TOKEN = { value = "word" }',
        'TOKEN = { command = "pass show x" }',
        "TOKEN = { command = [] }",
        "TOKEN = { command = [1] }",
        "TOKEN = { file = 1 }",
        "TOKEN",
    ],
)
def test_a_store_that_says_no_places_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as refused:
        store(tmp_path, text)
    assert refused.value.code == "secret-store"


SEALED = Sealed(b"authorization", b"Bearer secret-word", frozenset({b"secret-word", b"c2Vj"}))


def test_what_leaves_has_one_host_no_hop_and_the_secret_in_place_of_what_was_said() -> None:
    said = (
        (b"host", b"evil.example.org"),
        (b"connection", b"close, X-Hop, authorization, content-length"),
        (b"x-hop", b"1"),
        (b"te", b"trailers"),
        (b"proxy-authorization", b"x"),
        (b"upgrade", b"h2c"),
        (b"authorization", b"mine"),
        (b"accept", b"*/*"),
        (b"content-length", b"3"),
    )
    assert request_fields(said, b"api.example.org", [SEALED]) == [
        (b"host", b"api.example.org"),
        (b"accept", b"*/*"),
        (b"content-length", b"3"),
        (b"authorization", b"Bearer secret-word"),
        (b"accept-encoding", b"identity"),
        (b"connection", b"close"),
    ]


def test_what_comes_back_leads_nowhere_else_and_holds_no_secret() -> None:
    said = (
        (b"alt-svc", b"h3"),
        (b"connection", b"keep-alive, X-Hop"),
        (b"x-hop", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"x-echo", b"Bearer secret-word, c2Vj"),
    )
    assert answer_fields(said, Strainer(SEALED.traces)) == [
        (b"x-echo", b"Bearer ***********, ****"),
        (b"connection", b"close"),
    ]


@pytest.mark.parametrize("size", range(1, 14))
def test_no_cut_lets_a_secret_through(size: int) -> None:
    strainer = Strainer(SEALED.traces)
    data = b"a secret-word and secret-wor and c2Vj and secret-secret-word."
    pieces = [strainer.feed(data[at : at + size]) for at in range(0, len(data), size)]
    assert (
        b"".join([*pieces, strainer.finish()])
        == b"a *********** and secret-wor and **** and secret-***********."
    )
