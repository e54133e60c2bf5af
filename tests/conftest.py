"""How laws are tried: the same examples each time, so that a commit passes or fails always; `make soak` draws others."""

from __future__ import annotations

from hypothesis import settings

from tests.effort import SOAK, examples

settings.register_profile("effort", max_examples=examples(100), derandomize=SOAK == 1, deadline=None)
settings.load_profile("effort")
