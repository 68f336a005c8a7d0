"""Metrics of the geometry come from the sizes alone, without a waveform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eda_agent.metrics.metric import Metric, add


def gate_area(devices: Iterable[Mapping[str, float]]) -> float:
    """Σ W·L·m over MOSFETs, in m²; each device maps "w", "l" (m) and optionally "m"."""
    return sum(device["w"] * device["l"] * device.get("m", 1.0) for device in devices)


add(
    Metric(
        "gate_area", "m²", "log", None, "sum of W·L·m over all MOSFETs", id=7,
        second="tests/measurements/test_response.py",
    )
)  # fmt: skip
