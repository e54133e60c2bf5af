"""What a decision may know of the engine that would run the call: facts that the log holds.

Nothing here looks anything up. The gateway asks the engine once and records the answer as an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from governance.canonical import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json
    from governance.policy.decision import Isolation

__all__ = ["EngineFacts"]


@dataclass(frozen=True)
class EngineFacts:
    """What the container engine offers: image ids (`sha256:…`) by the name policies use, and isolation tiers.

    `images` is sorted by name. A name that is not in it has no image here. `egress` are the tiers whose sandboxes
    were seen to reach nothing but the egress proxy; no other tier has a network.
    """

    images: tuple[tuple[str, str], ...]
    tiers: tuple[Isolation, ...]
    egress: tuple[Isolation, ...] = ()

    def image(self, name: str) -> str | None:
        """Return the id of the image called `name`."""
        return next((found for known, found in self.images if known == name), None)

    def to_json(self) -> dict[str, Json]:
        """Return the facts as canonical data."""
        egress: dict[str, Json] = {"egress": self.egress} if self.egress else {}
        return {"images": dict(self.images), "tiers": self.tiers, **egress}

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> EngineFacts:
        """Return the facts that `to_json` gave."""
        images = cast("Mapping[str, str]", data["images"])
        tiers, egress = (cast("list[Isolation]", data.get(name, ())) for name in ("tiers", "egress"))
        return cls(tuple(sorted(images.items())), tuple(tiers), tuple(egress))

    @cached_property
    def digest(self) -> str:
        """The digest of the canonical data."""
        return digest_of(self.to_json())
