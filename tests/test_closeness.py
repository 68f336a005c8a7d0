"""Near and thin mean a few per cent of the target, or a small part of a dB or a degree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.closeness import CLOSE_SHARE, is_close
from eda_agent.record.labels import verdict

UNDERSHOOT = {"unit": "V", "maximum": 0.2}
GAIN = {"unit": "dB", "minimum": 60.0}
MARGIN = {"unit": "deg", "minimum": 60.0}
OUTPUT = {"unit": "V", "minimum": 1.19, "maximum": 1.21}


@pytest.mark.parametrize(
    ("spec", "value", "bound", "met", "expected"),
    [
        (UNDERSHOOT, 0.229, "", False, "fail"),  # 14.5 % beyond
        (UNDERSHOOT, 0.205, "", False, "near"),  # 2.5 %
        (UNDERSHOOT, 0.1992, "", True, "thin"),  # 0.4 % inside
        (UNDERSHOOT, 0.15, "", True, "pass"),
        (GAIN, 59.8, "", False, "near"),
        (GAIN, 59.0, "", False, "fail"),
        (GAIN, 60.2, "", True, "thin"),
        (MARGIN, 59.6, "", False, "near"),
        (MARGIN, 58.0, "", False, "fail"),
        (OUTPUT, 1.2, "", True, "pass"),  # 3 % of 1.2 V is wider than the window
        (OUTPUT, 1.2085, "", True, "thin"),
        (OUTPUT, 1.213, "", False, "fail"),
        (UNDERSHOOT, 0.201, ">", False, "fail"),  # it may be far more
        (UNDERSHOOT, None, "", False, "fail"),
        ({"unit": "V", "minimum": 0.0}, -1e-3, "", False, "fail"),
    ],
)
def test_verdicts(spec: dict, value: float | None, bound: str, met: bool, expected: str) -> None:
    assert verdict(spec, {"value": value, "bound": bound, "met": met}) == expected


@given(st.floats(1e-12, 1e12), st.floats(0.8, 1.2))
def test_close_is_a_share_of_the_target_on_both_sides(target: float, ratio: float) -> None:
    expected = abs(ratio - 1) <= CLOSE_SHARE
    if abs(abs(ratio - 1) - CLOSE_SHARE) > 1e-6:
        assert is_close({"unit": "Hz", "minimum": target}, target * ratio) == expected
        assert is_close({"unit": "Hz", "maximum": target}, target * ratio) == expected
