"""An axis of the trade-off has the values of a spec, in the unit of its target."""

from __future__ import annotations

from typing import Any

import pytest

from eda_agent.tui.axis import Axis


@pytest.mark.parametrize(
    ("spec", "value", "label", "target", "shown"),
    [
        ({"name": "gbw", "unit": "Hz", "minimum": 30e6, "maximum": None}, 39.7e6, "gbw, MHz", 30.0, 39.7),
        ({"name": "dc_gain", "unit": "dB", "minimum": 50.0, "maximum": None}, 49.4, "dc_gain, dB", 50.0, 49.4),
        (
            {"name": "regulation", "unit": "V/V", "minimum": None, "maximum": 0.01},
            0.002,
            "regulation, V/V",
            0.01,
            0.002,
        ),
        ({"name": "a", "unit": "", "minimum": None, "maximum": 2.0}, 1.5, "a", 2.0, 1.5),
    ],
)
def test_values_and_targets_are_in_the_unit_of_the_label(
    spec: dict[str, Any], value: float, label: str, target: float, shown: float
) -> None:
    axis = Axis({**spec, "metric": spec["name"]})
    assert axis.label == label
    assert axis.targets == pytest.approx([target])
    assert axis.values([{"specs": {spec["name"]: {"value": value}}}]) == pytest.approx([shown])


@pytest.mark.parametrize(
    ("low", "high", "better"), [(50.0, None, "higher"), (None, 2.0, "lower"), (1.0, 2.0, "within its bounds")]
)
def test_an_axis_knows_the_better_direction(low: float | None, high: float | None, better: str) -> None:
    assert Axis({"name": "gain", "unit": "dB", "shown": "dB", "minimum": low, "maximum": high}).better == better
