"""A warrant opens one sandbox, once, soon, and only if its issuer gave it out."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from governance.errors import SandboxError
from governance.sandbox.warrant import Warrant, Warrants
from tests.sandbox.build import allow, receipt, spec


class Clock:
    """A monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(warrants: Warrants, warrant: Warrant) -> str:
    with pytest.raises(SandboxError) as caught:
        warrants.redeem(warrant)
    assert "nothing was run" in caught.value.diagnostics[0].help
    return caught.value.code


def test_a_fresh_warrant_is_redeemed_once() -> None:
    warrants = Warrants()
    warrant = warrants.issue(receipt(spec()), None)
    warrants.redeem(warrant)
    assert refused(warrants, warrant) == "warrant-used"


def test_a_warrant_carries_what_was_judged() -> None:
    judged = receipt(spec("/bin/cat", stdin=b"text"), seq=7)
    warrant = Warrants().issue(judged, b"text")
    assert (warrant.decision, warrant.seq, warrant.stdin) == (judged.subject, 7, b"text")


def test_a_warrant_expires() -> None:
    clock = Clock()
    warrants = Warrants(clock, lifetime=30.0)
    in_time, late = (warrants.issue(receipt(spec(), seq), None) for seq in (1, 2))
    clock.now += 30.0
    warrants.redeem(in_time)
    clock.now += 0.5
    assert refused(warrants, late) == "warrant-expired"


def test_an_expired_warrant_does_not_come_back_when_the_clock_does() -> None:
    clock = Clock()
    warrants = Warrants(clock, lifetime=30.0)
    warrant = warrants.issue(receipt(spec()), None)
    clock.now += 31.0
    refused(warrants, warrant)
    clock.now -= 31.0
    assert refused(warrants, warrant) == "warrant-used"


def test_a_warrant_built_by_hand_is_foreign() -> None:
    warrants = Warrants()
    real = warrants.issue(receipt(spec()), None)
    assert refused(warrants, Warrant(real.decision, real.seq, real.stdin)) == "warrant-foreign"
    assert refused(warrants, replace(real, stdin=None)) == "warrant-foreign"
    warrants.redeem(real)


def test_a_warrant_of_another_issuer_is_foreign() -> None:
    assert refused(Warrants(), Warrants().issue(receipt(spec()), None)) == "warrant-foreign"


@pytest.mark.parametrize(
    ("field", "value"),
    [("decision", allow(spec("/bin/rm"))), ("seq", 2), ("stdin", b"other")],
)
def test_a_warrant_that_was_changed_is_refused(field: str, value: object) -> None:
    warrants = Warrants()
    warrant = warrants.issue(receipt(spec("/bin/cat", stdin=b"text")), b"text")
    object.__setattr__(warrant, field, value)
    assert refused(warrants, warrant) == "warrant-changed"


@pytest.mark.parametrize(
    ("judged", "given"), [(None, b""), (b"", None), (b"text", b"text "), (b"text", None), (None, b"text")]
)
def test_input_other_than_the_judged_gets_no_warrant(judged: bytes | None, given: bytes | None) -> None:
    warrants = Warrants()
    with pytest.raises(SandboxError) as caught:
        warrants.issue(receipt(spec("/bin/cat", stdin=judged)), given)
    assert caught.value.code == "warrant-stdin"
    warrants.issue(receipt(spec("/bin/cat", stdin=judged)), judged)


def test_a_receipt_gets_one_warrant() -> None:
    warrants = Warrants()
    warrants.issue(receipt(spec(), 1), None)
    with pytest.raises(SandboxError) as caught:
        warrants.issue(receipt(spec(), 1), None)
    assert caught.value.code == "warrant-issued"
    warrants.issue(receipt(spec(), 2), None)


def test_many_threads_redeem_a_warrant_once() -> None:
    warrants = Warrants()
    warrant = warrants.issue(receipt(spec()), None)
    together, codes = threading.Barrier(8), []

    def redeem() -> None:
        together.wait()
        try:
            warrants.redeem(warrant)
        except SandboxError as error:
            codes.append(error.code)
        else:
            codes.append("redeemed")

    threads = [threading.Thread(target=redeem) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["redeemed", *["warrant-used"] * 7]
