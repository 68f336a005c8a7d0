"""Packed rows and points are what they were made of."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.agent.packed import Points, Row
from eda_agent.simulation.operating_point import FIELDS, OperatingPoint

NUMBERS = st.floats(allow_nan=False)
NAMES = st.text(min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.none() | NUMBERS, max_size=20))
def test_a_row_is_its_dict(row: dict[str, float | None]) -> None:
    assert Row(row) == row and dict(Row(row)) == row
    assert list(Row(row)) == list(row)
    with pytest.raises(KeyError):
        Row(row)["a name too long"]


@given(st.dictionaries(NAMES, st.lists(st.none() | NUMBERS, min_size=len(FIELDS), max_size=len(FIELDS)), max_size=8))
def test_points_are_their_dict(numbers: dict[str, list[float | None]]) -> None:
    points = Points({name: dict(zip(FIELDS, row, strict=True)) for name, row in numbers.items()})
    assert list(points) == list(numbers)
    for name, row in numbers.items():
        found = points[name]
        assert isinstance(found, OperatingPoint)
        for field, value in zip(FIELDS, row, strict=True):
            assert math.isnan(getattr(found, field)) if value is None else getattr(found, field) == value
