"""Laws of the design space."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.problem.space import DesignSpace, Parameter

LIN = Parameter("a", 0.42e-6, 100e-6, "m", "lin", 1e-8, "", 1e-6, ())
LOG = Parameter("b", 100.0, 5e4, "Ohm", "log", None, "", 1e3, ())
COUNT = Parameter("c", 1.0, 20.0, "", "log", 1.0, "", 2.0, ())
WIDTH = Parameter("d", 1e-6, 1e-4, "m", "log", 1e-8, "", 1e-6, ())
ONE = Parameter("e", 2.0, 2.0, "", "lin", 1.0, "", 2.0, ())
SPACE = DesignSpace((LIN, LOG, COUNT, WIDTH, ONE))


@given(st.lists(st.floats(-0.5, 1.5), min_size=5, max_size=5))
def test_every_position_gives_a_legal_sizing_and_snapping_is_final(positions: list[float]) -> None:
    sizing = SPACE.from_unit(positions)
    for parameter in SPACE.parameters:
        value = sizing[parameter.name]
        assert parameter.minimum <= value <= parameter.maximum
        if parameter.step:
            assert value / parameter.step == pytest.approx(round(value / parameter.step), abs=1e-6)
    assert SPACE.snap(sizing) == sizing
    assert SPACE.from_unit(SPACE.to_unit(sizing)) == sizing


@given(st.lists(st.lists(st.floats(0, 1), min_size=5, max_size=5), max_size=4))
def test_many_sizings_have_the_positions_of_each(rows: list[list[float]]) -> None:
    sizings = [SPACE.from_unit(row) for row in rows]
    assert SPACE.to_units(sizings).shape == (len(rows), 5)
    assert SPACE.to_units(sizings) == pytest.approx(np.reshape([SPACE.to_unit(one) for one in sizings], (-1, 5)))


@given(st.floats(0, 1), st.floats(0, 1))
def test_order_is_kept(first: float, second: float) -> None:
    low, high = sorted((first, second))
    for parameter in SPACE.parameters:
        assert parameter.from_unit(low) <= parameter.from_unit(high)


@given(st.lists(st.lists(st.floats(-0.5, 1.5), min_size=5, max_size=5), min_size=1, max_size=8))
def test_many_positions_become_legal_as_one_does(rows: list[list[float]]) -> None:
    together = SPACE.legal_units(np.array(rows))
    for row, found in zip(rows, together.tolist(), strict=True):
        sizing = SPACE.from_unit(found)
        # legal positions stay where they are; what was not is moved by half a step of its grid at most, or to the last
        # step inside the range
        for parameter, asked, position in zip(SPACE.parameters, row, found, strict=True):
            value = sizing[parameter.name]
            assert parameter.to_unit(value) == pytest.approx(position, abs=2e-4 if parameter.step is None else 1e-9)
            if parameter.step is None:
                assert position == min(max(asked, 0.0), 1.0)
                continue
            width = parameter.maximum / parameter.minimum
            inside = min(max(asked, 0.0), 1.0)
            wanted = (
                parameter.minimum * width**inside
                if parameter.scale == "log"
                else parameter.minimum + inside * (parameter.maximum - parameter.minimum)
            )
            assert abs(value - wanted) <= parameter.step * (0.5 + 1e-6) or wanted < parameter.minimum + parameter.step
