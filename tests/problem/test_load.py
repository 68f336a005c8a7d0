"""spec.yaml → Problem: the shipped ones, and bad ones with one clear message per fault."""

import dataclasses
import re
import shutil
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.settings import work_out
from eda_agent.problem.spec import Problem
from eda_agent.record.labels import spec_table, target_text

from ..conftest import CIRCUITS

NETLIST = """* divider amplifier
.param W=4 Rload=10k
.subckt amp in out vdd vss
XM1 out in vss vss sky130_fd_pr__nfet_01v8 w={W} l=0.5 nf=1
XM2 out2 in vss vss sky130_fd_pr__nfet_01v8 w=2 l=0.5 nf=1 m=2
XM3 out2 in vss vss sky130_fd_pr__nfet_01v8 w=2 l=0.5 nf=1 m=4
RL vdd out {Rload}
.ends
"""
SPEC = """name: amp
circuit: amp.spice
subckt: amp
pdk: sky130A
parameters:
  W: {min: 1u, max: 50u, step: 10n, scale: log}
  Rload: {min: 1k, max: 100k, scale: log}
  M2.m: {min: 1, max: 8}
  M2.w: {min: 0.5u, max: 5u}
match: [[M2, M3]]
testbenches:
  own: {deck: tb.spice, probes: {out: out, supply: vsup}}
specs:
  dc_gain: {unit: dB, minimum: 10}
  power: {testbench: own, unit: W, maximum: 1m}
"""
BENCH = """* own testbench
Vsup vdd 0 {vdd}
Vin in 0 dc 0.7 ac 1
Xdut in out vdd 0 amp
Cl out 0 1p
.op
.ac dec 10 1 1G
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("amp.spice", NETLIST), ("spec.yaml", SPEC), ("tb.spice", BENCH)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_shipped_circuits(problems: dict[str, Problem]) -> None:
    assert set(problems) >= {"two_stage_miller", "ota_5t", "strongarm"}
    for problem in problems.values():
        assert len(problem.corners) >= 3
        assert dataclasses.is_dataclass(problem)
        for parameter in problem.space.parameters:
            assert parameter.minimum <= parameter.initial <= parameter.maximum
            assert parameter.role


def test_values_units_and_places(folder: Path) -> None:
    problem = load_problem(folder)
    width, load, count, matched = problem.space.parameters
    assert (width.unit, width.initial, width.step) == ("m", 4e-6, 1e-8)
    assert (load.unit, load.initial) == ("Ohm", 10e3)
    assert (count.unit, count.step, count.initial) == ("", 1.0, 2.0)
    # SKY130 counts W in micrometres: 2 µm is written 2
    assert set(problem.space.edits({"W": 2e-6, "Rload": 5e3, "M2.m": 3, "M2.w": 1.5e-6}).values()) == {
        2.0,
        5e3,
        3.0,
        1.5,
    }
    assert {place.edit.device for place in matched.places} == {"xm2", "xm3"}
    assert problem.specs[0].testbench == "own"


@pytest.mark.parametrize(
    ("circuit", "old", "new", "minimum", "shown"),
    [
        ("ota_5t", "unit: V, minimum: 1.5", "unit: mV, minimum: 1500", 1.5, "≥ 1500 mV"),
        ("ota_5t", "unit: V, minimum: 1.5", "unit: mV, minimum: 1.5V", 1.5, "≥ 1500 mV"),
        ("ota_5t", "unit: V/us, minimum: 20", "unit: V/us, minimum: 0.25", 0.25e6, "≥ 0.25 V/us"),
        ("ota_5t", "unit: V/us, minimum: 20", "unit: V/us, minimum: 3M V/s", 3e6, "≥ 3 V/us"),
        ("ota_5t", "unit: V/us, minimum: 20", "minimum: 3M", 3e6, "≥ 3 MV/s"),
        ("ldo", "unit: mV/V, maximum: 10}", "unit: mV/V, maximum: 12}", 0.012, "≤ 12 mV/V"),
    ],
)
def test_a_spec_is_read_and_shown_in_the_unit_that_it_is_written_in(
    tmp_path: Path, circuit: str, old: str, new: str, minimum: float, shown: str
) -> None:
    """`unit: mV` with 1500 was 1500 V, and 0.25 V/us was shown as 250 kV/s."""
    shutil.copytree(CIRCUITS / circuit, tmp_path / circuit)
    file = tmp_path / circuit / "spec.yaml"
    before = file.read_text()
    assert old in before
    file.write_text(before.replace(old, new, 1))
    problem = load_problem(file)
    place = next(number for number, line in enumerate(before[before.index("specs:") :].splitlines()[1:]) if old in line)
    assert problem.specs[place].target == pytest.approx(minimum)
    assert target_text(spec_table(problem)[place]) == shown


@pytest.mark.parametrize("unit", ["A", "mA", "furlong", "kppm/K"])
def test_a_unit_of_another_kind_is_refused(tmp_path: Path, unit: str) -> None:
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    file = tmp_path / "amp" / "spec.yaml"
    file.write_text(file.read_text().replace("unit: V, minimum: 1.5", f"unit: {unit}, minimum: 1.5"))
    with pytest.raises(InputError, match="the metric is in V"):
        load_problem(file)


def test_objects_are_frozen(folder: Path) -> None:
    problem = load_problem(folder)
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.name = "x"  # type: ignore[misc]  # that it is refused is the test


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("min: 1u, max: 50u", "min: 1, max: 50", 6, "allows W from"),
        ("scale: log}\n  M2", "scale: logg}\n  M2", 7, "lin or log"),
        ("  W: {", "  Wx: {", 6, "did you mean W"),
        ("minimum: 10", "minimum: 10 V", 14, "unit 'V'"),
        ("unit: dB", "unit: Hz", 14, "unit 'Hz'"),
        ("dc_gain:", "dc_gian:", 14, "did you mean dc_gain"),
        ("testbench: own", "testbench: other", 15, "no testbench"),
        ("name: amp", "nam: amp", 1, "did you mean 'name'"),
        ("pdk: sky130A", "pdk: sky131", 4, "unknown PDK"),
        ("circuit: amp.spice", "circuit: nope.spice", 2, "does not exist"),
        ("subckt: amp", "subckt: amq", 3, "no subcircuit"),
        ("max: 8", "max: 0.5", 8, "above max"),
        ("maximum: 1m", "maximum: 1m, worst: 0.5m", 15, "worst"),
        ("[[M2, M3]]", "[[M2, M9]]", 10, "no device"),
        ("deck: tb.spice", "deck: no.spice", None, "cannot read"),
        ("name: amp", "name: &a amp\nbudget: *a", None, "aliases"),
        ("name: amp", "name: amp\nname: b", 2, "twice"),
        ("name: amp", "name: [", None, "not valid YAML"),
        ("  W: {min", "  W: {mni", 6, "needs min and max"),
        ("name: amp", "name: amp\ncorners: {a: {process: xx}}", 2, "no process corner"),
    ],
)
def test_bad_specs_name_file_line_and_fix(folder: Path, old: str, new: str, line: int | None, says: str) -> None:
    assert old in SPEC
    (folder / "spec.yaml").write_text(SPEC.replace(old, new, 1))
    with pytest.raises(InputError, match=says) as caught:
        load_problem(folder)
    if line is not None:
        assert line in {finding.line for finding in caught.value.findings}


def test_every_fault_of_a_file_at_once(folder: Path) -> None:
    text = (
        SPEC.replace("scale: log}\n  Rload", "scale: lgo}\n  Rload")
        .replace("minimum: 10", "minimum: ten")
        .replace("maximum: 1m", "maximun: 1m")
        .replace("max: 8", "max: eight")
    )
    (folder / "spec.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        load_problem(folder)
    assert {finding.line for finding in caught.value.findings} >= {6, 8, 14, 15}


@pytest.mark.parametrize(
    "data",
    [
        "",
        "- a\n- b\n",
        "a: {b: {c: !!python/object/apply:os.system [ls]}}",
        "\xff",
        "x: " + "[" * 2000,
        "a: 1\n" * 60_000,
    ],
)
def test_what_is_no_spec_at_all(tmp_path: Path, data: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(data.encode("latin-1"))
    with pytest.raises(InputError):
        load_problem(path)


def test_own_deck_is_checked(folder: Path) -> None:
    (folder / "tb.spice").write_text(BENCH.replace("Xdut", "Xamp") + ".control\nshell ls\n.endc\n")
    with pytest.raises(InputError, match=r"\.control"):
        load_problem(folder)
    (folder / "tb.spice").write_text(BENCH.replace("Xdut", "Xamp"))
    with pytest.raises(InputError, match="Xdut"):
        load_problem(folder)


def test_a_missing_circuit_does_not_hide_the_other_faults(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(
        "circuit: nothere.spice\nsubckt: a\npdk: sky131A\nparameters: {W1: {min: 1u, max: 5u}}\ntestbenches: {l:"
        " {template: opamp_open_lop}}\nspecs: {gbww: {minimum: 10M, unit: Hz}}\nbudget: {simulations: 0}\n"
    )
    with pytest.raises(InputError) as caught:
        load_problem(tmp_path)
    text = str(caught.value)
    assert len(caught.value.findings) == 5
    for word in ("the netlist does not exist", "unknown PDK", "template: ", "did you mean gbw", "whole number above 0"):
        assert word in text


def with_load(folder: Path, value: str) -> Path:
    """A shipped circuit whose first testbench has another load."""
    shutil.copytree(CIRCUITS / "ota_5t", folder / "c")
    spec = folder / "c" / "spec.yaml"
    text, count = re.subn(r"load: [^,}]+", f"load: {value}", spec.read_text(), count=1)
    assert count == 1
    spec.write_text(text)
    return spec


@pytest.mark.parametrize("value", ["5parsecs", "2 pV", "-3u_", "1e-12Ohms", "5pH"])
def test_a_setting_with_another_unit_is_no_expression(tmp_path: Path, value: str) -> None:
    """`5parsecs` was 5e-12 without a word: ngspice ignores the letters behind a prefix, and an expression is read as
    ngspice reads it.
    """
    with pytest.raises(InputError, match="load: "):
        load_problem(with_load(tmp_path, value))


@pytest.mark.parametrize(
    ("value", "base", "slope"),
    [
        ("2p", 2e-12, 0.0),
        ("2 pF", 2e-12, 0.0),
        ("2e-12", 2e-12, 0.0),
        ("2p*2", 4e-12, 0.0),
        ("1p + vdd*1p", 1e-12, 1e-12),
    ],
)
def test_quantities_and_expressions_are_settings(tmp_path: Path, value: str, base: float, slope: float) -> None:
    """In every corner the load is `base` + `slope` · supply."""
    problem = load_problem(with_load(tmp_path, value))
    bench = next(iter(problem.testbenches.values()))
    for corner in problem.corners:
        assert work_out(bench.settings, corner)["load"] == pytest.approx(base + slope * corner.vdd)
