"""Requests that people wrote to tools, with phrases that a fixed rule makes of the tools' schemas: never a wrong call."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from governance.errors import RequestError
from governance.request.english import parse_sentence
from governance.text import Source

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
ROWS = [
    json.loads(line) for line in (ROOT / "tests" / "data" / "bfcl.requests.jsonl").read_text().splitlines()
]
READ = {
    "Find the highest common factor of 36 and 24.",
    "What is the version?",
    "Calculate the circumference of a circle with radius 3",
}


def rule() -> ModuleType:
    """Return the module of the benchmarks that declares functions by their schemas."""
    spec = spec_from_file_location("bench_schemas", ROOT / "bench" / "schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["bench_schemas"] = module
    spec.loader.exec_module(module)
    return module


SCHEMAS = rule()


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in ROWS])
def test_request_is_the_expected_call_or_none(row: dict[str, Any]) -> None:
    known = SCHEMAS.declared(row["tools"])
    try:
        call = parse_sentence(Source("request", row["request"]), known.capabilities)
    except RequestError:
        assert row["request"] not in READ
        return
    assert "calls" in row, "no tool can serve it"
    assert SCHEMAS.is_expected(call, known, row)
