"""The exported netlist in plain `ngspice -b` with the foundry's own library is the circuit that was signed off."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.problem.load import load_problem
from eda_agent.problem.parallel import parallel
from eda_agent.problem.pdk.multiplier import ignoring
from eda_agent.problem.pdk.registry import find_pdk
from eda_agent.problem.spec import Problem
from eda_agent.record.export import netlist_diff, sized_netlist, with_fingers, written_like
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.spice_numbers import parse_spice_number

from ..conftest import CIRCUITS
from ..measurements.plain import known

CELLS = """* cells with multipliers
.param wn=4u mq=2
.subckt unit d g s
xa d g s s nmos_3p3 w={wn} l=0.5u
+ m={mq}
* a comment in between
+ ad=1p
xa_2 d g s s nmos_3p3 w=2u l=0.5u m=1
.ends
.subckt top out vdd vss
XB out out vss vss nmos_3p3 w={wn} l=0.5u m={2*mq}
x2 vdd out vss unit
r1 vdd out 50k m=2
.ends
"""
SPEC = """
circuit: cells.spice
subckt: top
pdk: gf180mcuD
parameters: {wn: {min: 1u, max: 10u}, mq: {min: 1, max: 9}}
testbenches: {mine: {deck: tb.spice, probes: {out: out, supply: vsup}}}
specs: {supply_current: {testbench: mine, unit: A, maximum: 1}}
corners: {nominal: {process: tt, vdd: 3.3, temperature: 27}, slow: {process: ss, vdd: 3.0, temperature: 125}}
"""
BENCH = "vsup vdd 0 {vdd}\nXdut out vdd 0 top\n.op\n"


def current(netlist: str, process: str, temperature: float, cards: str, folder: Path) -> float:
    """What the source `vsup` delivers at the operating point, in `ngspice -b`, with GF180's own files."""
    pdk = find_pdk("gf180mcuD")
    library = pdk.library()
    head = "".join(f".include {library.parent / one}\n" for one in pdk.include)
    head += "".join(f".lib {library} {section}\n" for section in pdk.corners[process])
    file = folder / "deck.cir"
    control = f".option temp={temperature} reltol=1e-6\n.control\nop\nset numdgt=12\nprint i(vsup)\n.endc\n.end\n"
    file.write_text("* by hand\n" + head + re.sub(r"(?im)^\.end\s*$", "", netlist) + cards + control)
    done = subprocess.run(
        ["ngspice", "-b", str(file)], capture_output=True, text=True, timeout=60, check=False, cwd=file.parent
    )
    found = re.search(r"i\(vsup\) = (\S+)", done.stdout)
    assert found, done.stdout + done.stderr
    return -float(found[1])


def supply_currents(problem: Problem, sizing: Mapping[str, float]) -> dict[str, float | None]:
    """By corner, as the program measures it."""
    with open_evaluator(problem, workers=1, cache=False) as evaluator:
        values = evaluator.evaluate([sizing])[0].values
    return {corner: specs["supply_current"] for corner, specs in values.items()}


def written(folder: Path, netlist: str = CELLS) -> Path:
    for name, text in (("cells.spice", netlist), ("spec.yaml", SPEC), ("tb.spice", BENCH)):
        (folder / name).write_text(text)
    return folder


def test_a_multiplier_that_the_foundry_ignores_is_written_as_instances(tmp_path: Path) -> None:
    """Before, XM5 was one device there: a tenth of the tail current at the known sizing."""
    problem = load_problem(CIRCUITS / "ota_5t")
    sizing = problem.space.snap(known("ota_5t"))
    assert sizing["mt"] > 1
    text = sized_netlist(problem, sizing)
    cards = "vsup vdd 0 3.3\ni1 ib 0 5u\nxdut inp out out vdd 0 ib ota\nvin inp 0 1.2\n"
    assert len(re.findall(r"(?m)^XM5", text)) == sizing["mt"]
    # the mirror's ratio, to the accuracy of its output resistance
    assert current(text, "tt", 27, cards, tmp_path) == pytest.approx(5e-6 * (1 + sizing["mt"]), rel=0.1)


def test_cells_and_expressions(tmp_path: Path) -> None:
    problem = load_problem(written(tmp_path))
    sizing = {**problem.space.initial, "mq": 3.0}
    shown = supply_currents(problem, sizing)
    text = sized_netlist(problem, sizing)
    # names that are taken stay free
    assert re.findall(r"(?m)^(x\w+) d g", text) == ["xa", "xa_3", "xa_4", "xa_2"]
    assert re.findall(r"(?m)^(X\w+) ", text) == ["XB", *(f"XB_{number}" for number in range(2, 7))]
    assert "r1 vdd out 50k m=2" in text and "* XB" not in text
    for corner in problem.corners:
        plain = current(
            text, corner.process, corner.temperature, f"vsup vdd 0 {corner.vdd}\nxdut out vdd 0 top\n", tmp_path
        )
        assert shown[corner.name] == pytest.approx(plain, rel=1e-4)
    # what is written reads back as the same circuit, and says so in its own words
    (tmp_path / "again").mkdir()
    again = load_problem(written(tmp_path / "again", text))
    assert supply_currents(again, again.space.initial) == pytest.approx(shown, rel=1e-4)
    assert "6 instances in parallel" in text
    # what changed is told in the netlist's own words
    assert [line for line in netlist_diff(problem, sizing).splitlines() if line[0] == "+"][1:] == ["+.param wn=4u mq=3"]


def test_init_and_size_say_that_plain_ngspice_ignores_a_multiplier(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only `check` and `export` said so: whoever sized and read the netlist by hand saw another circuit."""
    folder = written(tmp_path)
    assert main(["size", str(folder), "--budget", "1", "--out", str(tmp_path / "run")]) in {0, 1}
    captured = capsys.readouterr()
    told = captured.out + captured.err
    assert told.count("plain ngspice ignores m= of") == 1 and "unit xa" in told
    netlist = Path(shutil.copy(CIRCUITS / "ota_5t" / "ota_5t.spice", tmp_path))
    assert main(["init", str(netlist), "--pdk", "gf180mcuD", "--force"]) == 0
    assert capsys.readouterr().err.count("plain ngspice ignores m= of ota xm") == 1


def test_what_is_no_whole_number_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = load_problem(written(tmp_path, CELLS.replace("m={2*mq}", "m=2.5")))
    found = parallel(problem, problem.space.edits(problem.space.initial))
    assert found.copies == {("unit", "xa"): 2} and "not a whole number" in found.left["top", "xb"]
    assert "another circuit in plain ngspice" in sized_netlist(problem, problem.space.initial)
    assert main(["check", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "xa is written as 2 instances" in told and "xb is another circuit in plain ngspice" in told


def test_libraries_that_multiply_are_left_alone() -> None:
    gf, sky = find_pdk("gf180mcuD"), find_pdk("sky130A")
    fets = {name for name, rule in gf.devices.items() if rule.is_fet}
    assert fets <= ignoring(gf, gf.devices) and not ignoring(sky, sky.devices)
    problem = load_problem(CIRCUITS / "two_stage_miller")
    assert netlist_diff(problem, problem.space.initial) == ""


FINGERS = """* four fingers
.subckt one d g
XM1 d g 0 0 sky130_fd_pr__nfet_01v8 w=20 l=0.15 nf=4
.ends
.end
"""
FINGERS_SPEC = """
circuit: one.spice
subckt: one
pdk: sky130A
parameters: {XM1.w: {min: 8u, max: 40u}}
testbenches: {mine: {deck: tb.spice, probes: {out: d, supply: vsup}}}
specs: {supply_current: {testbench: mine, unit: A, maximum: 1}}
"""


def test_fingers_are_what_was_simulated(tmp_path: Path) -> None:
    """Before, plain ngspice took the card of the whole width: gm of a sized input pair was 6 % off."""
    for name, text in (
        ("one.spice", FINGERS),
        ("spec.yaml", FINGERS_SPEC),
        ("tb.spice", "vsup d 0 {vdd}\nvg g 0 0.9\nXdut d g one\n.op\n"),
    ):
        (tmp_path / name).write_text(text)
    problem = load_problem(tmp_path)
    (shown,) = supply_currents(problem, problem.space.initial).values()
    pdk = find_pdk("sky130A")
    library = pdk.library()
    text = sized_netlist(problem, problem.space.initial)
    assert text.count(".option wnflag=1") == 1 and text.rstrip().endswith(".end")
    head = "".join(f".param {name}={value}\n" for name, value in pdk.params.items())
    head += "".join(f'.include "{library.parent / one}"\n' for one in pdk.include) + f'.lib "{library}" tt\n'
    found = {}
    for way, netlist in (("exported", text), ("without", text.replace(".option wnflag=1\n", ""))):
        cards = "vsup d 0 1.8\nvg g 0 0.9\nxdut d g one\n.control\nop\nset numdgt=12\nprint i(vsup)\n.endc\n.end\n"
        file = tmp_path / f"{way}.cir"
        file.write_text("* by hand\n" + head + re.sub(r"(?im)^\.end\s*$", "", netlist) + cards)
        done = subprocess.run(
            ["ngspice", "-b", str(file)], capture_output=True, text=True, timeout=120, check=False, cwd=file.parent
        )
        found[way] = -float(re.search(r"i\(vsup\) = (\S+)", done.stdout)[1])  # type: ignore[index]  # without a number the test fails
    assert shown == pytest.approx(found["exported"], rel=1e-4)
    assert abs(found["without"] / found["exported"] - 1) > 1e-3
    # what is written reads back, and is written once
    assert with_fingers(text) == text
    (tmp_path / "again").mkdir()
    for name, content in (
        ("one.spice", text),
        ("spec.yaml", FINGERS_SPEC),
        ("tb.spice", "vsup d 0 {vdd}\nvg g 0 0.9\nXdut d g one\n.op\n"),
    ):
        (tmp_path / "again" / name).write_text(content)
    again = load_problem(tmp_path / "again")
    assert supply_currents(again, again.space.initial) == pytest.approx({"nominal": shown}, rel=1e-6)


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("xm1 a b c d n w=1 nf=4", True),
        ("xm1 a b c d n nf = 2 w=1", True),
        ("xm1 a b c d n nf={k}", True),
        ("xm1 a b c d n nf=1", False),
        ("xm1 a b c d n nf=1.0 w=2", False),
        ("xm1 a b c d n nf='1'", False),
        ("xm1 a b c d n nf=10", True),
        ("* xm1 nf=4", False),
        ("r1 a b 1k", False),
    ],
)
def test_only_several_fingers_need_the_option(card: str, told: bool) -> None:
    assert ("wnflag" in with_fingers(f"* x\n{card}\n.end\n")) == told


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("4u", 1e-4, "100u"),
        ("0.5u", 2.93e-6, "2.93u"),
        ("2p", 1.5e-12, "1.5p"),
        ("500n", 7.4e-7, "740n"),
        ("10k", 4.865e3, "4.865k"),
        ("1MEG", 2.5e6, "2.5MEG"),
        ("4um", 8e-6, "8um"),
        ("2.5", 12.83, "12.83"),
        ("1e-6", 2e-6, "2e-06"),
        ("4u", 2e-12, "2e-12"),
        ("", 3e-6, "3e-06"),
        ("{w}", 3e-6, "3e-06"),
    ],
)
def test_a_number_is_written_as_its_writer_would(text: str, value: float, written: str) -> None:
    assert written_like(text, value) == written
    assert parse_spice_number(written) == pytest.approx(value, rel=1e-9)


def test_a_whole_netlist_keeps_its_suffixes() -> None:
    problem = load_problem(CIRCUITS / "ota_5t")
    diff = netlist_diff(problem, {**problem.space.initial, "W12": 1e-4, "L34": 2.93e-6, "mt": 18.0})
    assert "+.param W12=100u L12=0.5u W34=2u L34=2.93u Wb=4u Lb=0.5u mt=18" in diff
