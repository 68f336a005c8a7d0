"""What the waveform of a source says: the levels and the period of a pulse."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.spice_numbers import parse_spice_number


def peak_of(words: Sequence[str]) -> float | None:
    """The highest level of a pulse or of a piecewise linear waveform, None for other sources."""
    found = re.search(r"(?i)\b(pulse|pwl)\s*\(?\s*([^()]*)", " ".join(words))
    if found is None:
        return None
    numbers = [parse_spice_number(word) for word in re.split(r"[\s,]+", found[2].strip())]
    values = numbers[:2] if found[1].lower() == "pulse" else numbers[1::2]
    levels = [value for value in values if value is not None]
    return max(levels) if levels and len(levels) == len(values) else None


def period_of(words: Sequence[str]) -> float:
    """The period (s) of a source's pulse, 0 for other sources and for a pulse without one."""
    found = re.search(r"(?i)\bpulse\s*\(?\s*([^()]*)", " ".join(words))
    numbers = re.split(r"[\s,]+", found[1].strip()) if found else []
    return (parse_spice_number(numbers[6]) or 0.0) if len(numbers) > 6 else 0.0


def middle_of(words: Sequence[str]) -> float | None:
    """The middle of both levels of a pulse, V; None for other sources, and where a DC value says the level at rest.

    Args:
        words: those of the source's line behind its nets.
    """
    found = re.match(r"(?i)pulse\s*\(?\s*([^()]*)", " ".join(words))
    levels = [parse_spice_number(word) for word in re.split(r"[\s,]+", found[1].strip())[:2]] if found else []
    if len(levels) < 2 or levels[0] is None or levels[1] is None:
        return None
    return (levels[0] + levels[1]) / 2
