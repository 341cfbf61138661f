"""Severities: one table for everybody who shows one."""

import pytest

from barograph.results.severity import NOTHING, SCALE


def luminance(colour: str) -> float:
    """That of `#rrggbb`, 0 to 1 (WCAG 2, relative luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, ground: str) -> float:
    lighter, darker = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_critical_stands_out_from_its_ground_far_more_than_what_is_major(theme: str) -> None:
    *_, major, critical = (contrast(getattr(one, theme), getattr(NOTHING, theme)) for one in SCALE)
    assert critical >= 1.5 * major
    assert critical >= 7.4
    assert major >= 3.7
