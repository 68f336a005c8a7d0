"""A simulation for specs ends a dc sweep behind the last place that they read, and changes no digit of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.problem.logical_line import Line
from eda_agent.problem.script.compiler import compile_script
from eda_agent.problem.script.shortened import WANTED, shortened
from eda_agent.simulation.executor import Task
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from tests.bench_decks.test_equal_to_ngspice import as_printed, printed
from tests.bench_decks.test_several_decks import OTA

SWEPT = f"""* offset over temperature, then the loop
{OTA}
x1 inp inn out ib vdd 0 ota
V1 vdd 0 1.8
V2 inp 0 dc 0.9 ac 1
V3 inn 0 0.9
I0 vdd ib 20u
x2 inp o2 o2 ib2 vdd2 0 ota
V4 vdd2 0 1.8
I2 vdd2 ib2 20u
C1 out 0 2p
.meas dc peak max v(o2) from=-40 to=125
.meas dc room find v(o2) at=27
.meas dc offset param='room-0.9'
.meas dc cold avg v(o2) from=-40 to=0.25
.meas ac gain find vdb(out) at=10
.control
dc temp -40 125 0.5
meas dc drawn find i(v4) at=50
let power = -1.8*drawn
print power
ac dec 10 1 1G
meas ac ugf when vdb(out)=0
.endc
.end
"""


def test_digits_are_those_of_the_whole_sweep(tmp_path):
    deck = tmp_path / "tb.spice"
    deck.write_text(SWEPT, encoding="utf-8")
    spec = tmp_path / "spec.yaml"
    spec.write_text(write_draft(read_circuit(deck, tmp_path), deck.name), encoding="utf-8")
    problem = load_problem(spec)
    whole = Workbench(problem, tmp_path / "models")
    assert WANTED not in whole.decks[0].program, "peak reads all of the sweep"
    kept = tuple(one for one in problem.specs if one.name != "peak")
    fewer = Workbench(replace(problem, specs=kept), tmp_path / "models")
    assert fewer.decks[0].program[WANTED]["steps"][0]["words"][2] == ["51e0"]
    # ac is last: the devices are read as it leaves them, and must be those behind `op`
    deck.write_text(SWEPT.replace(".endc", "op\n.endc"), encoding="utf-8")
    behind = Workbench(load_problem(spec), tmp_path / "models")
    start = problem.space.initial
    with LocalPool(1) as pool:
        replies = [
            pool.run([Task(bench.decks[0], bench.instance(start), True, wanted_only=bench is fewer)])[0]
            for bench in (whole, fewer, behind)
        ]
    assert replies[0]["operating_point"] == replies[1]["operating_point"] == replies[2]["operating_point"]
    full, short, _ = (reply["metrics"] for reply in replies)
    assert "peak" not in short and {"offset", "power", "gain", "ugf"} <= short.keys()
    assert short == {name: full[name] for name in short}
    theirs = {name: text for name, text in printed(deck).items() if name in short}
    # ngspice 39 has no avg over temperature, 44 has one
    assert short.keys() - {"cold"} <= theirs.keys()
    assert {name: as_printed(short[name][0], text) for name, text in theirs.items()} == theirs


def ends(script, wanted, measures=""):
    """The last places of a program's dc sweeps, as it is shortened; None if it is not."""
    findings = []

    def lines(text):
        return [Line(one, (one,), Path("tb.spice"), number) for number, one in enumerate(text.strip().splitlines(), 1)]

    program = compile_script(lines(script), lines(measures), findings)
    assert not findings
    found = shortened(program, wanted)
    if found is None:
        return None
    return [step["words"][2][0] for step in found["steps"] if step["do"] == "analysis" and step["kind"] == "dc"]


SWEEP = "dc vin 0 2 0.1\nmeas dc a find v(out) at=0.5\n"


@pytest.mark.parametrize(
    ("script", "wanted", "found"),
    [
        (SWEEP, {"a"}, ["7e-1"]),
        (SWEEP + "meas dc b max v(out)", {"a"}, ["7e-1"]),
        (SWEEP + "meas dc b max v(out) from=0.2 to=1.2", {"a", "b"}, ["14e-1"]),
        # behind the next analysis the sweep is not read
        (SWEEP + "op\nprint v(out)\nmeas dc b find i(v1) at=1", {"a"}, ["7e-1"]),
        (SWEEP + "let c = 2*a\nalter r1 = c\nop\nprint v(out)", {"v_out"}, ["7e-1"]),
        # what may read any point
        (SWEEP + "meas dc b max v(out)", {"a", "b"}, None),
        (SWEEP + "meas dc b when v(out)=1", {"b"}, None),
        (SWEEP + "let b = v(out)[3]", {"a", "b"}, None),
        (SWEEP + "print @m1[gm]", {"a", "m1_gm"}, None),
        (SWEEP + "alter r1 = v(out)", {"a"}, None),
        ("dc vin 0 2 0.1\nmeas dc a find @m1[gm] at=0.5", {"a"}, None),
        ("dc vin 0 2 0.1\nmeas dc a find deriv(v(out)) at=0.5", {"a"}, None),
        ("dc vin 0 2 0.1\nmeas dc a find 1/v(out) at=0.5", {"a"}, None),
        # a place outside, a sweep downwards, two sources, a variable, a plot by its name, a loop
        ("dc vin 0 2 0.1\nmeas dc a find v(out) at=-0.5", {"a"}, None),
        ("dc vin 2 0 -0.1\nmeas dc a find v(out) at=0.5", {"a"}, None),
        ("dc vin 0 2 0.1 temp 0 100 50\nmeas dc a find v(out) at=0.5", {"a"}, None),
        ("set s = 0.5\ndc vin 0 2 $s\nmeas dc a find v(out) at=0.5", {"a"}, None),
        (SWEEP + "op\nlet b = dc1.v(out)", {"a"}, None),
        (SWEEP + "setplot dc1", {"a"}, None),
        ("repeat 2\n" + SWEEP + "end", {"a"}, None),
        (SWEEP + "print all", {"a"}, None),
    ],
)
def test_a_sweep_is_cut_where_no_wanted_result_reads_it(script, wanted, found):
    assert ends(script, wanted) == found


def test_meas_lines_read_every_sweep():
    lines = ".meas dc x find v(out) at=0.5\n.meas dc y param='x/2'\n.meas dc z pp v(out)"
    assert ends("dc vin 0 2 0.1\ndc vin 0 3 0.2", {"y"}, lines) == ["7e-1", "9e-1"]
    assert ends("dc vin 0 2 0.1", {"z"}, lines) is None
