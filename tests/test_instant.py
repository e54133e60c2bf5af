from __future__ import annotations

import pytest

from governance.instant import check_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00.000Z"),
        ("2026-01-31T23:59:59.999Z", "2026-01-31T23:59:59.999Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"),
    ],
)
def test_instant_is_written_with_milliseconds(text: str, instant: str) -> None:
    assert check_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "2026-01-31T09:00:00",
        "2026-01-31T09:00:00+00:00",
        "2026-01-31T09:00:00z",
        "2026-01-31 09:00:00Z",
        "2026-01-31T09:00:00.1Z",
        "2026-01-31T09:00:00.000000Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T09:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-01-31T09:00:00Z\n",
        " 2026-01-31T09:00:00Z",
        "\u0662026-01-31T09:00:00Z",
        "2026-1-31T09:00:00Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an instant is written like"):
        check_instant(text)
