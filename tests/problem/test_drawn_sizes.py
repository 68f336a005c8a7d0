"""What a front says of the size that is drawn is what the run simulates: the numbers in the netlist of the drawing."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.insight.devices import devices
from eda_agent.klayout import standing
from eda_agent.klayout.drawn_size import drawn, stepped, told
from eda_agent.klayout.fold import rule_of
from eda_agent.problem.drawn import Drawn
from eda_agent.problem.drawn_sizes import drawn_sizes
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.record.labels import end_text, parameter_table
from tests.conftest import CIRCUITS

FOLLOWS = {"W12": "xm1", "W34": "xm3", "W6": "xm6", "L12": "xm1", "L34": "xm4"}
"""Size of two_stage_miller → one of its transistors."""


@lru_cache
def problem() -> tuple[Problem, Drawn, dict[str, Any]]:
    folder = Path(mkdtemp()) / "miller"
    shutil.copytree(CIRCUITS / "two_stage_miller", folder)
    spec = folder / "spec.yaml"
    # two fingers of 7.375 um are beside the grid of 10 nm
    text = re.sub(r"(W12: \{min: [\w.]+, max: )\w+", r"\g<1>14.75u", spec.read_text())
    assert "max: 14.75u" in text
    spec.write_text(text + "\nlayout: {fold: auto, grid: 5n}\n")
    found = load_problem(spec)
    shutil.rmtree(folder.parent)
    sizes = drawn_sizes(found)
    assert sizes is not None
    # as an event and a command carry it
    return found, Drawn(found), json.loads(json.dumps(sizes))


def test_every_size_of_a_transistor_is_there() -> None:
    found, _, sizes = problem()
    lengths = {one.name for one in found.space.parameters if one.unit == "m"}
    assert set(sizes["sizes"]) == lengths and set(FOLLOWS) <= lengths
    assert sizes["copies"] == ["m5", "m7"]
    assert drawn_sizes(load_problem(CIRCUITS / "two_stage_miller" / "spec.yaml")) is None


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(FOLLOWS)), position=st.floats(0.0, 1.0))
def test_what_is_told_is_what_is_simulated(name: str, position: float) -> None:
    found, netlist, sizes = problem()
    one = next(parameter for parameter in found.space.parameters if parameter.name == name)
    row = next(row for row in parameter_table(found) if row["name"] == name)
    asked = one.minimum * (one.maximum / one.minimum) ** position
    kept = stepped(asked, row)
    values = netlist.edits({**found.space.initial, name: kept})
    (form,) = [form for form in sizes["sizes"][name] if form["of"] == name[0].lower()]
    size, fingers = drawn(kept, form, rule_of(sizes["rule"]), row)
    if abs(asked - one.initial) > 1e-9 * one.initial:
        # a proposal is recorded as it is drawn
        assert one.snap(asked) == pytest.approx(size, rel=1e-9)
        assert one.snap(one.snap(asked)) == one.snap(asked)
    places = {
        edit.attribute: value
        for edit, value in values.items()
        if isinstance(edit, Edit) and edit.device.lower() == FOLLOWS[name]
    }
    assert places[name[0].lower()] * found.pdk.scale == pytest.approx(size, rel=1e-9)
    assert one.minimum * (1 - 1e-9) <= size <= one.maximum * (1 + 1e-9)
    if name[0] == "W":
        assert places["nf"] == fingers
    assert (told(asked, row, sizes) == "") == (abs(size - asked) <= 1e-6 * asked)


def test_a_range_ends_on_a_drawn_size_and_a_rounded_lock_is_said() -> None:
    """Without the range, 14.75 um were two fingers of 7.38 um: 14.76 um."""
    found, netlist, _ = problem()
    values = {**found.space.initial, "W12": 14.75e-6}
    width = next(
        value for edit, value in netlist.edits(values).items() if (edit.device, edit.attribute) == ("xm1", "w")
    )
    assert width * found.pdk.scale == pytest.approx(14.74e-6, rel=1e-9)
    (row,) = [row for row in devices(found, values)["devices"] if row["name"] == "xm1"]
    assert row["span"][0] == pytest.approx((5e-7, 14.75e-6))
    # a locked value has no range to stay in
    space = replace(
        found.space,
        parameters=tuple(
            replace(one, locked=one.name == "W12", initial=values[one.name]) for one in found.space.parameters
        ),
    )
    locked = replace(found, space=space)
    assert devices(locked, values)["rounded"] == [
        "W12 is locked at 14.75 um; on the grid it is simulated and drawn as 14.76 um, 2 fingers of 7.38 um"
    ]
    assert standing.lines({"standing": {"ended": True, "met": True}, **devices(locked, values)})[0].startswith("W12 is")


def test_an_end_of_a_range_is_the_last_drawn_size() -> None:
    """Two fingers of 7.37 um: 14.75 um is not drawn."""
    found, _, _ = problem()
    (row,) = [row for row in parameter_table(found) if row["name"] == "W12"]
    (one,) = [one for one in found.space.parameters if one.name == "W12"]
    assert one.snap(one.maximum) == pytest.approx(14.74e-6, rel=1e-12)
    assert end_text(row, one.snap(one.maximum)) == "at its maximum"
    assert end_text(row, 14.72e-6) == "" and end_text(row, one.minimum) == "at its minimum"
    assert end_text({**row, "locked": True}, one.maximum) == ""


def test_a_value_on_no_step_is_said() -> None:
    row = {"name": "W1", "unit": "m", "minimum": 5e-7, "maximum": 1e-4, "step": 1e-8}
    wide = {"of": "w", "per": 1.0, "nf": 1, "m": 1, "matched": False}
    sizes = {"rule": {"widest": 1e-5, "narrowest": 1e-6, "grid": 5e-9}, "sizes": {"W1": [wide]}}
    assert told(7.5e-6, row, sizes) == ""
    assert told(7.503e-6, row, sizes) == "7.5 um"
    # four fingers of 9.8575 µm, each on 5 nm
    assert told(39.43e-6, row, sizes) == "39.44 um, 4 fingers of 9.86 um"
    assert told(7.503e-6, row, None) == "7.5 um"
    assert told(3.3e-12, {**row, "name": "C", "unit": "F", "minimum": 0, "maximum": 1, "step": None}, sizes) == ""
