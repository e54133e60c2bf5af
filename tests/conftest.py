"""How many examples are tried of laws that do not say it themselves."""

from __future__ import annotations

from hypothesis import settings

from tests.effort import examples

settings.register_profile("effort", max_examples=examples(100))
settings.load_profile("effort")
