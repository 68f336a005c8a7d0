"""Where versions of ngspice differ, a designer's deck gives the numbers of theory with each of them."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.simulation.executor import Task
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.script.area import area
from eda_agent.simulation.workbench import Workbench

from .test_equal_to_ngspice import as_printed, printed

STAGE = """* a stage beside a divider
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 gamma=0.4 phi=0.7 tox=6n
.model warm r rsh=1k tc1=5m
.subckt stage in out vdd vss
M1 out in vss vss nch w=5u l=1u
RD vdd out 20k
.ends
Vdd vdd 0 1.8
Vg g 0 0.75
Xs g out vdd 0 stage
Vr r 0 1
Rw r a warm l=10u w=10u
R2 a 0 1k
"""


@pytest.fixture(scope="module")
def pool():
    with_workers = LocalPool(1)
    yield with_workers
    with_workers.close()


def replied(folder: Path, body: str, pool: LocalPool) -> dict[str, Any]:
    """What the simulator answers for the stage with these lines."""
    deck = folder / "tb.spice"
    deck.write_text(f"{STAGE}{body}\n.end\n", encoding="utf-8")
    (folder / "spec.yaml").write_text(write_draft(read_circuit(deck, folder), deck.name), encoding="utf-8")
    problem = load_problem(folder / "spec.yaml")
    bench = Workbench(problem, folder / "models")
    return pool.run([Task(bench.decks[0], bench.instance(problem.space.initial))])[0]


def measured(folder: Path, body: str, pool: LocalPool) -> tuple[dict[str, tuple[float, str]], list[str]]:
    """(result → value and unit, messages) of the stage with these lines."""
    reply = replied(folder, body, pool)
    assert "failure" not in reply, reply["failure"]
    return {name: (row[0], row[1]) for name, row in reply["results"].items()}, reply["messages"]


def test_sens_leaves_the_circuit_as_it_was(pool, tmp_path):
    """ngspice 44 and 46 forget the resistor's temperature coefficient (0.5 V instead of 0.4 V) and stop at the level 1
    MOSFET, which they give a substrate doping of 0.
    """
    lines = (
        "option temp=127\nalter r2 = 2k\nsens v(a)\nop\nlet doubled = v(a)\nprint doubled\n"
        "sens v(a)\nalter r2 = 1k\nop\nlet even = v(a)\nprint even\n"
        "sens v(a)\nreset\noption temp=27\nop\nlet cold = v(a)\nprint cold"
    )
    found, messages = measured(tmp_path, f".control\n{lines}\n.endc", pool)
    # the model's resistor has 1 kOhm at 27 degC and 1.5 kOhm at 127 degC
    assert found["doubled"][0] == pytest.approx(2 / 3.5, rel=1e-6)
    assert found["even"][0] == pytest.approx(1 / 2.5, rel=1e-6)
    assert found["cold"][0] == pytest.approx(1 / 2, rel=1e-6)
    assert all("is wrong for resistors with a temperature coefficient at 127 degC" in one for one in messages)


def test_a_sensitivity_is_that_of_theory_or_is_said_to_be_wrong(pool, tmp_path):
    lines = "sens v(a)\nprint r2 rw\noption temp=127\nop\nsens v(a)\nlet warm = rw\nlet plain = r2\nprint warm plain"
    found, messages = measured(tmp_path, f".control\n{lines}\n.endc", pool)
    # v = R2 / (Rw (1 + 0.5) + R2), by Rw and by R2
    assert found["rw"][0] == pytest.approx(-1 / 4e3, rel=1e-4) and found["r2"][0] == pytest.approx(1 / 4e3, rel=1e-4)
    assert found["plain"][0] == pytest.approx(1.5 / 2.5**2 / 1e3, rel=1e-4)
    if pool.version.startswith("39"):
        assert found["warm"][0] == pytest.approx(-1.5 / 2.5**2 / 1e3, rel=1e-4) and not messages
    else:
        assert len(messages) == 1 and "line 19: sens of ngspice 4" in messages[0]


def test_a_value_that_waits_for_reset_stays_waiting_through_sens(pool, tmp_path):
    """The circuit cannot be loaded again without the new value: ngspice 39 needs no loading, others give a message."""
    lines = "alterparam level=2\nsens v(b)\nop\nprint v(b)\nreset\nop\nlet after = v(b)\nprint after"
    body = f".param level=1\nVb b 0 {{level}}\n.control\n{lines}\n.endc"
    reply = replied(tmp_path, body, pool)
    if pool.version.startswith("39"):
        assert reply["results"]["v_b"][0] == pytest.approx(1) and reply["results"]["after"][0] == pytest.approx(2)
    else:
        assert "line 19: sens of ngspice" in reply["failure"]["words"]
        assert "write reset between alterparam and sens" in reply["failure"]["words"]


def test_ranges_of_a_sweep_of_the_temperature_are_measured(pool, tmp_path):
    """ngspice 39 refuses them; 44 and 46 measure them, and these are their numbers."""
    kinds = {
        "most": "max",
        "least": "min",
        "mean": "avg",
        "swing": "pp",
        "where": "min_at",
        "all": "integ",
        "eff": "rms",
    }
    lines = "\n".join(f"meas dc {name} {kind} v(a)" for name, kind in kinds.items())
    found, messages = measured(tmp_path, f".control\ndc temp -50 150 0.5\n{lines}\n.endc", pool)
    theirs = printed(tmp_path / "tb.spice")
    assert theirs.keys() in (set(), set(kinds))  # all or none
    different = {name: (text, found[name]) for name, text in theirs.items() if as_printed(found[name][0], text) != text}
    assert not different and not messages

    def voltage(celsius: float) -> float:
        return 1 / (2 + 5e-3 * (celsius - 27))

    # the integral of 1 / (2 + k t) is ln(2 + k t) / k
    whole = math.log(voltage(-50) / voltage(150)) / 5e-3
    assert found["most"] == (pytest.approx(voltage(-50), rel=1e-6), "V")
    assert found["least"] == (pytest.approx(voltage(150), rel=1e-6), "V")
    assert found["swing"][0] == pytest.approx(voltage(-50) - voltage(150), rel=1e-6)
    assert found["where"] == (pytest.approx(150), "degC")
    assert found["all"][0] == pytest.approx(whole, rel=1e-5)
    assert found["mean"][0] == pytest.approx(whole / 200, rel=1e-5)
    # the integral of its square is -1 / (k (2 + k t))
    assert found["eff"][0] == pytest.approx(math.sqrt((voltage(-50) - voltage(150)) / 5e-3 / 200), rel=1e-5)


def test_an_integral_may_end_on_a_point_of_the_sweep(pool, tmp_path):
    """The worker ended; which points a transient has differs with the version of ngspice."""
    lines = "dc vr 0 1 0.125\nmeas dc all integ v(r) from=0 to=0.5\nmeas dc eff rms v(r) from=0.25 to=0.5"
    found, messages = measured(tmp_path, f".control\n{lines}\n.endc", pool)
    theirs = printed(tmp_path / "tb.spice")
    assert {name: as_printed(found[name][0], text) for name, text in theirs.items()} == theirs and len(theirs) == 2
    assert found["all"][0] == pytest.approx(0.125, rel=1e-9) and not messages


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5]), min_size=1, max_size=12),
    st.floats(-3, 3),
    st.floats(-3, 3),
)
def test_the_area_of_a_line_is_exact_at_any_steps(steps, slope, level):
    """Each rule of integration is exact for a straight line, with equal, unequal and empty steps."""
    x = [0.0, *itertools.accumulate(steps)]
    y = [slope * place + level for place in x]
    assert area(x, y) == pytest.approx(float(np.trapezoid(y, x)), rel=1e-9, abs=1e-9)
