"""What a turn measured, as plain data: the form in which a turn store encodes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Measured(NamedTuple):
    """Evaluation and score as plain data.

    Attributes:
        reasons: (corner, spec, why).
        failures: (testbench, corner, kind, words).
        points: device → numbers in the order of `FIELDS`.
        results: (spec, corner, why, bound, value, margin, satisfaction).
        bounds: (corner, spec, bound).
    """

    values: Mapping[str, Mapping[str, float | None]]
    reasons: Sequence[Sequence[str]]
    failures: Sequence[Sequence[str]]
    points: Mapping[str, Sequence[float | None]]
    jobs: int
    cached: int
    seconds: float
    value: float
    merit: float
    results: Sequence[tuple[str, str, str, str, float | None, float, float]]
    bounds: Sequence[Sequence[str]]
