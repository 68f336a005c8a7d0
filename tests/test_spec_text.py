"""Spec texts: units and digits as a designer writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.spec_text import effect_text, margin_text, moved_texts, plain_margin, value_text

GBW = {"name": "gbw", "unit": "Hz", "minimum": 30e6}
SATURATION = {"name": "saturation", "unit": "V", "shown": "mV", "minimum": 0.05}
SETTLING = {"name": "settling", "unit": "s", "maximum": 500e-9}


@pytest.mark.parametrize(
    ("spec", "value", "bound", "expected"),
    [
        (GBW, 53.6e6, "", "+79 %"),
        (GBW, 27e6, "", "-10 %"),
        ({"unit": "dB", "minimum": 70}, 73.24, "", "+3.2 dB"),
        ({"unit": "deg", "minimum": 60}, 56.04, "", "-4 deg"),
        ({"unit": "V/s", "shown": "V/us", "minimum": 20e6}, 21.4e6, "", "+7 %"),
        (SATURATION, 0.0846, "", "+35 mV"),
        (SETTLING, 400e-9, "", "+20 %"),
        (SETTLING, 1e-6, ">", "< -100 %"),
        (GBW, 60e6, ">", "> +100 %"),
        ({"unit": "V", "minimum": 1.19, "maximum": 1.21}, 1.199, "", "+9 mV"),
        ({"unit": "A", "maximum": 0.0}, 2e-6, "", "-2 uA"),
        (GBW, None, "", "—"),
    ],
)
def test_margins(spec: dict, value: float | None, bound: str, expected: str) -> None:
    assert margin_text(spec, value, bound) == expected


@given(st.floats(1e-12, 1e12), st.floats(0.5, 2.0))
def test_the_sign_of_a_margin_is_its_verdict(target: float, ratio: float) -> None:
    value = target * ratio
    assert margin_text({"unit": "Hz", "minimum": target}, value).startswith("+" if value >= target else "-")
    assert margin_text({"unit": "Hz", "maximum": target}, value).startswith("+" if value <= target else "-")


@pytest.mark.parametrize(
    ("spec", "value", "bound", "margin", "percent"),
    [
        (GBW, 33e6, "", 3e6, 10),
        (SETTLING, 600e-9, "", -100e-9, -20),
        ({"minimum": 1.19, "maximum": 1.21}, 1.205, "", 0.005, 100 * 0.005 / 1.21),
        ({"minimum": -70.0}, -63.0, "", 7.0, 10),
        ({"maximum": 0.0}, 2e-6, "", -2e-6, None),
        (GBW, 60e6, ">", 30e6, 100),  # at least
        (SETTLING, 100e-9, ">", None, None),
        (GBW, 20e6, "<", None, None),
        (GBW, None, "", None, None),
    ],
)
def test_margins_for_programs(
    spec: dict, value: float | None, bound: str, margin: float | None, percent: float | None
) -> None:
    found = plain_margin(spec, value, bound)
    assert found["margin_value"] == (None if margin is None else pytest.approx(margin))
    assert found["margin_percent"] == (None if percent is None else pytest.approx(percent, rel=0.01))


@pytest.mark.parametrize("value", [54.99996, 54.96, 54.9])
def test_a_missed_value_never_reads_as_its_target(value: float) -> None:
    text = value_text({"unit": "dB", "minimum": 55}, value)
    assert text != "55 dB" and float(text.split()[0]) < 55


def test_a_met_value_has_three_digits() -> None:
    assert value_text({"unit": "dB", "minimum": 55}, 55.0004) == "55 dB"
    assert value_text(SETTLING, 1e-6, ">") == "> 1 us"


def test_effects() -> None:
    assert effect_text(GBW, 2.1e6, 30e6) == "+7 %"
    assert effect_text({"unit": "dB"}, -0.413, 70) == "-0.41 dB"
    assert effect_text(SATURATION, 0.002, 0.08) == "+2 mV"
    assert (
        effect_text(GBW, 3e3, 30e6) == effect_text({"unit": "dB"}, 0.001, 70) == effect_text(SATURATION, 0, 1) == "≈ 0"
    )
    assert effect_text(GBW, None, 30e6) == effect_text(GBW, 1.0, None) == "—"


def test_moved_texts() -> None:
    pair = {"value": 28.1e6}, {"value": 31e6, "bound": ">"}
    assert moved_texts({"gbw": pair}, [SATURATION, GBW]) == {"gbw": "28.1 MHz → > 31 MHz"}
