"""No field of what a real engine says of a container can change without a refusal: every leaf, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from governance.errors import SandboxError
from governance.sandbox.attest import attest
from governance.sandbox.plan import Owner, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docker.dispatch.lab import Lab

pytestmark = pytest.mark.engine

STRANGE: tuple[object, ...] = ("x", 1, -1, True, ["x"], {"x": 1}, {"x": {}}, [[]])
"""What a field that is empty is changed to."""

UNSET = (None, False, 0, "", [], {}, [0, 0])
"""What an engine says of a setting that is not set; without its key it is not set either."""


def changes(value: Any) -> Iterator[Any]:
    """Yield `value` with one thing in it changed, for each thing in it."""
    if isinstance(value, dict) and value:
        yield value | {"Unknown": "new"}
        for key, inner in value.items():
            if inner not in UNSET:
                yield {name: kept for name, kept in value.items() if name != key}
            yield from (value | {key: changed} for changed in changes(inner))
    elif isinstance(value, list) and value not in UNSET:
        yield [*value, "new"]
        yield value[1:]
        yield [*value, value[0]]
        for place, inner in enumerate(value):
            yield from ([*value[:place], changed, *value[place + 1 :]] for changed in changes(inner))
    elif isinstance(value, bool) or value in UNSET:
        yield from (True,) if value is False else STRANGE if value is not True else (False,)
    elif isinstance(value, int):
        yield from (value + 1, -value - 1, str(value))
    else:
        yield from (value + " ", value[1:], value.swapcase() + "x", [value])


@pytest.mark.parametrize("isolation", ["container", "gvisor"])
@pytest.mark.parametrize("part", ["HostConfig", "Config", "Mounts", "Path", "Args", "Image", "Name"])
def test_any_one_changed_field_is_refused(lab: Lab, isolation: str, part: str) -> None:
    spec = lab.spec("/bin/echo", "a", isolation=isolation)
    planned = plan(spec, Owner(lab.log, part, 0, 0), (7, 7), {"repos/web": str(lab.workspace)})
    container = lab.engine.create(planned)
    found = dict(lab.engine.inspect(container))
    lab.engine.remove(container)
    image = lab.engine.image(planned.image)
    attest(planned, found, image, lab.engine.socket)
    tried = 0
    for changed in changes(found[part]):
        tried += 1
        with pytest.raises(SandboxError, match="the engine made another container than planned"):
            attest(planned, found | {part: changed}, image, lab.engine.socket)
    assert tried >= (400 if part == "HostConfig" else 2)
