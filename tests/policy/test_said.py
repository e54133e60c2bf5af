"""What someone said: a value as a whole, as a part of something longer, or not at all."""

from __future__ import annotations

import pytest

from governance.policy.said import occurs

WHOLE, PERHAPS, NOT = True, None, False


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("ann@example.org", "to ann@example.org, please", WHOLE),
        ("ann@example.org", "to ann@example.org.", WHOLE),
        ("ann@example.org", "mailto:ann@example.org", WHOLE),
        ("ann@example.org", "<ann@example.org>", WHOLE),
        ("ann@example.org", "ann.ann@example.org", PERHAPS),
        ("ann@example.org", "x-ann@example.org", PERHAPS),
        ("ann@example.org", "joann@example.org", NOT),
        ("ann@example.org", "ann@example.org.evil.example", PERHAPS),
        ("ann@example.org", "joann@example.org, then ann@example.org", WHOLE),
        ("ann@example.org", "joann@example.org, then x.ann@example.org", PERHAPS),
        ("example.org", "see https://example.org/a", WHOLE),
        ("example.org", "see https://api.example.org/a", PERHAPS),
        ("https://example.org/", "see https://example.org/", WHOLE),
        ("https://example.org/", "see https://example.org/a", PERHAPS),
        ("https://example.org/a", "see https://example.org/a?b=1", PERHAPS),
        ("https://example.org/a", "is it https://example.org/a?", WHOLE),
        ("/workspace/a", "look at /workspace/a.", WHOLE),
        ("/workspace/a", "look at /workspace/a/b", PERHAPS),
        ("/workspace/a", "look at /workspace/a.py", PERHAPS),
        ("/workspace/a", "look at /workspace/a/../b", PERHAPS),
        ("/workspace/a", "look at /old/workspace/a", PERHAPS),
        ("/workspace/a", "look at /workspace/ab", NOT),
        ("100", "pay 100", WHOLE),
        ("100", "pay 100, then 200", WHOLE),
        ("100", "pay 100.50", PERHAPS),
        ("100", "pay 100,000", PERHAPS),
        ("100", "pay 5,100", PERHAPS),
        ("100", "pay 2100", NOT),
        ("12.5", "pay 12.5.", WHOLE),
        ("2.5", "pay 12.5", NOT),
        ("an", "an", NOT),
        ("bob", "ann", NOT),
        ("---", "-" * 200, PERHAPS),
        ("abc", "abc" + "." * 200, PERHAPS),
    ],
)
def test_a_value_stands_in_a_text_as_a_whole_as_a_part_or_not(
    value: str, text: str, *, found: bool | None
) -> None:
    assert occurs(value, text) is found
