"""Laws of the design space."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.problem.space import DesignSpace, Parameter

LIN = Parameter("a", 0.42e-6, 100e-6, "m", "lin", 1e-8, "", 1e-6, ())
LOG = Parameter("b", 100.0, 5e4, "Ohm", "log", None, "", 1e3, ())
COUNT = Parameter("c", 1.0, 20.0, "", "log", 1.0, "", 2.0, ())
SPACE = DesignSpace((LIN, LOG, COUNT))


@given(st.lists(st.floats(-0.5, 1.5), min_size=3, max_size=3))
def test_every_position_gives_a_legal_sizing_and_snapping_is_final(positions: list[float]) -> None:
    sizing = SPACE.from_unit(positions)
    for parameter in SPACE.parameters:
        value = sizing[parameter.name]
        assert parameter.minimum <= value <= parameter.maximum
        if parameter.step:
            assert value / parameter.step == pytest.approx(round(value / parameter.step), abs=1e-6)
    assert SPACE.snap(sizing) == sizing
    assert SPACE.from_unit(SPACE.to_unit(sizing)) == sizing


@given(st.floats(0, 1), st.floats(0, 1))
def test_order_is_kept(first: float, second: float) -> None:
    low, high = sorted((first, second))
    for parameter in SPACE.parameters:
        assert parameter.from_unit(low) <= parameter.from_unit(high)
