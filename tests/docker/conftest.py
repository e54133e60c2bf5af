"""The real engine and the real image, set up if they are not there: what cannot be had fails, nothing is skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from governance.resources import state_path
from governance.sandbox.engine_setup import ensure_engine, load_image
from governance.sandbox.image import base_layers, build_archive, ensure_image
from governance.sandbox.image_layer import files_layer

if TYPE_CHECKING:
    from collections.abc import Mapping


class DerivedImage(Protocol):
    """Loads the image `name`: the sandbox image and above it `files`, from absolute path to mode and content."""

    def __call__(self, name: str, files: Mapping[str, tuple[int, bytes]]) -> str: ...


@pytest.fixture(scope="session")
def engine_url() -> str:
    return ensure_engine(print)


@pytest.fixture(scope="session")
def image(engine_url: str) -> str:
    return ensure_image(engine_url, print)


@pytest.fixture(scope="session")
def derived_image(engine_url: str) -> DerivedImage:
    def derive(name: str, files: Mapping[str, tuple[int, bytes]]) -> str:
        layers = (*base_layers(state_path("image"), print), files_layer("for a test", files))
        return load_image(engine_url, build_archive(name, layers))

    return derive
