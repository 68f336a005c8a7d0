"""A CACE datasheet becomes a spec with its templates, conditions and bounds, and receives the results."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.cli import main
from eda_agent.errors import InputError
from eda_agent.problem.cace import deck_of_template, read_datasheet
from eda_agent.problem.cace.conditions import MAX_POINTS, Condition, points_of, read_condition
from eda_agent.problem.load import load_problem
from eda_agent.record.cace_results import with_results
from eda_agent.run.evaluate_once import open_evaluator

SHEET = """# the datasheet of a stage
name: stage
description: A stage
PDK: sky130A
cace_format: 5.2
paths: {root: .., schematic: xschem, netlist: netlist}

default_conditions:
  vdd: {display: Vdd, unit: V, typical: 1.8}
  vin: {unit: mV, typical: 650}
  cl: {unit: pF, typical: 1}
  corner: {typical: tt}
  temperature: {unit: °C, typical: 27}

parameters:
  dc_params:   # operating point
    display: DC
    spec:
      vout:
        unit: mV
        minimum: {value: 300}
        maximum: {value: 1500}
      headroom:
        unit: V
        minimum: {value: 0.1}
        typical: {value: any}
      twice: {unit: V, maximum: {value: any}}
    tool:
      ngspice:
        template: dc.sch
        format: ascii
        suffix: .data
        variables: [vout, null, headroom, twice]
    conditions:
      vdd: {minimum: 1.7, typical: 1.8, maximum: 1.9}
      corner: {enumerate: [ss, tt, ff]}
      temperature: {minimum: -40, typical: 27, maximum: 125}
  speed:
    unit: MHz
    spec:
      bandwidth: {minimum: {value: 1}}
    tool: {ngspice: {template: ac.sch, format: ascii, suffix: .data, variables: [bandwidth]}}
    conditions:
      cl: {minimum: 1, maximum: 4, step: logarithmic}
  scripted:
    spec: {x: {maximum: {value: 1}}}
    tool: {ngspice: {template: dc.sch, script: evil.py, variables: [x]}}
  area:
    spec: {area: {maximum: {value: 600}}}
    tool: magic_area
"""
HEAD = """**.subckt dc
V2 VDD GND CACE{vdd}
V0 VSS GND 0
Vi in GND dc CACE{vin} ac 1
x1 in out VDD VSS stage
C1 out GND CACE{cl} m=1
.lib CACE{PDK_ROOT}/CACE{PDK}/libs.tech/ngspice/sky130.lib.spice CACE{corner}
.include CACE{DUT_path}
.temp CACE{temperature}
.option SEED=CACE[CACE{seed=12345} + CACE{iterations=0}]
Rt t GND CACE[1k + CACE{temperature}]
It GND t 1m
"""
DC = (
    HEAD
    + """.control
op
let vout = v(out)
let ptat = v(t)
let headroom = CACE{vdd} - v(out)
let twice = CACE[2*CACE{vdd}]
echo $&vout $&ptat $&headroom $&twice > CACE{simpath}/CACE{filename}_CACE{N}.data
print ptat
.endc
.GLOBAL GND
.end
"""
)
AC = (
    HEAD
    + """.control
ac dec 20 1k 10g
let gain = vdb(out)
let low = gain[0] - 3
meas ac f3db when gain=low fall=1
echo $&f3db > CACE{simpath}/CACE{filename}_CACE{N}.data
.endc
.GLOBAL GND
.end
"""
)
STAGE = """* a stage
.subckt stage in out VDD VSS
XM1 out in VSS VSS sky130_fd_pr__nfet_01v8 w=2 l=0.5
R1 VDD out 20k
.ends
"""


@pytest.fixture
def project(tmp_path):
    for name, text in (
        ("cace/stage.yaml", SHEET),
        ("cace/templates/dc.spice", DC),
        ("cace/templates/ac.spice", AC),
        ("netlist/schematic/stage.spice", STAGE),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def spec(project):
    assert main(["init", str(project / "cace" / "stage.yaml")]) == 0
    return project / "cace" / "eda-agent" / "spec.yaml"


def test_conditions_are_corners_and_bounds_are_specs(spec):
    problem = load_problem(spec)
    bounds = {one.name: (one.minimum, one.maximum) for one in problem.specs}
    assert bounds == {
        "vout": (pytest.approx(0.3), pytest.approx(1.5)),
        "headroom": (pytest.approx(0.1), None),
        "bandwidth": (pytest.approx(1e6), None),
    }
    first = problem.corners[0]
    assert (first.process, first.vdd, first.temperature) == ("tt", 1.8, 27)
    seen = {(one.process, one.vdd, one.temperature) for one in problem.corners}
    assert len(seen) == 27 and ("ss", 1.7, -40) in seen
    loads = {one.name: float(one.settings["cace_cl"]) for one in problem.corners}
    speed = next(one for one in problem.specs if one.name == "bandwidth")
    # the loads belong to the speed alone, whose other conditions are typical
    assert sorted({loads[name] for name in loads if speed.counts_in(name)}) == pytest.approx([1e-12, 2e-12, 4e-12])
    assert sum(speed.counts_in(one.name) for one in problem.corners) == 3
    text = spec.read_text(encoding="utf-8")
    assert "scripted: its script evil.py is code and is not run" in text and "area: magic_area measures it" in text
    assert "dc_params: twice has no bound" in text


def test_every_condition_reaches_the_deck_and_its_script(spec):
    more = "".join(f"  {name}: {{testbench: dc_params, unit: V, minimum: 0.1}}\n" for name in ("twice", "ptat"))
    spec.write_text(spec.read_text(encoding="utf-8").replace("specs:\n", f"specs:\n{more}"), encoding="utf-8")
    problem = load_problem(spec)
    with open_evaluator(problem, workers=1) as evaluator:
        values = evaluator.evaluate([problem.space.initial])[0].values
    for corner in problem.corners:
        row = values[corner.name]
        assert row["twice"] == pytest.approx(2 * corner.vdd, rel=1e-5)
        assert row["ptat"] == pytest.approx(1e-3 * (1000 + corner.temperature), rel=1e-5)
        if "headroom" in row:
            assert row["headroom"] + row["vout"] == pytest.approx(corner.vdd, rel=1e-5)


def test_results_go_back_into_the_datasheet(project, spec, capsys):
    run = project / "run"
    main(["size", str(spec), "--budget", "2", "--policy", "random", "--out", str(run)])
    sheet = project / "cace" / "stage.yaml"
    assert main(["report", str(run), "--format", "cace", "--datasheet", str(sheet)]) == 0
    assert (project / "cace" / "stage.yaml.bak").read_text(encoding="utf-8") == SHEET
    text = sheet.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if line in SHEET.splitlines()]
    assert kept == SHEET.splitlines()
    results = yaml.safe_load(text)["parameters"]["dc_params"]["results"]
    capsys.readouterr()
    main(["show", str(run), "--json"])
    worst = json.loads(capsys.readouterr().out)["specs"]["headroom"]["value"]
    assert results["headroom"]["minimum"] == pytest.approx(worst, rel=1e-4)
    assert 300 < results["vout"]["typical"] < 1900
    # once more: the results are replaced, not repeated
    assert main(["report", str(run), "--format", "cace", "--datasheet", str(sheet)]) == 0
    assert sheet.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cace_format: 5.2", "cace_format: 4.0", "only cace_format 5 is read"),
        ("name: stage", "name: other", "the circuit other has no netlist"),
        ("template: dc.sch", "template: missing.sch", "template does not exist"),
        ("variables: [bandwidth]", "variables: [time, bandwidth]", "does not echo time, bandwidth"),
        ("parameters:", "parametres:", "it has no `parameters:`"),
        ("  vin: {unit: mV, typical: 650}\n", "", "but the datasheet has no condition vin"),
    ],
)
def test_a_wrong_datasheet_gives_one_message(old, new, words, project, capsys):
    sheet = project / "cace" / "stage.yaml"
    sheet.write_text(SHEET.replace(old, new), encoding="utf-8")
    assert main(["init", str(sheet)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert words in said, said
    assert not (project / "cace" / "eda-agent" / "spec.yaml").exists()


def test_the_old_text_format_is_named(tmp_path, capsys):
    (tmp_path / "old.txt").write_text("name old\ncace_format 4.0\nelectrical_parameters {\n}\n", encoding="utf-8")
    assert main(["init", str(tmp_path / "old.txt")]) == 2
    assert "this is CACE's old text format" in " ".join(capsys.readouterr().err.split())


def test_a_template_is_filled(project):
    sheet = read_datasheet(project / "cace" / "stage.yaml")
    deck = deck_of_template(DC, sheet.parameters[0], sheet)
    assert dict(deck.results) == {"vout": "vout", "headroom": "headroom", "twice": "twice"}
    for line in ("V2 VDD GND {cace_vdd}", ".option SEED=12345", "Rt t GND {1k + cace_temperature}", ".temp 27"):
        assert line in deck.text
    assert "CACE" not in deck.text and "DUT_path" not in deck.text


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        ({"typical": 10, "unit": "uA"}, (1e-5,)),
        ({"minimum": 1, "maximum": 3, "step": "linear"}, (1, 3, 2)),
        ({"typical": 2, "minimum": 1, "maximum": 8, "step": "logarithmic"}, (2, 1, 8, 4)),
        ({"minimum": 0, "maximum": 1, "step": "linear", "stepsize": 0.5, "unit": "mV"}, (0, 1e-3, 5e-4)),
        ({"enumerate": "ss tt ff"}, ("ss", "tt", "ff")),
        ({"enumerate": [1, 2], "unit": "pF"}, (1e-12, 2e-12)),
        ({"typical": -40, "unit": "°C"}, (-40,)),
    ],
)
def test_values_of_a_condition(entry, values):
    assert read_condition("x", entry).values == pytest.approx(values) if not isinstance(values[0], str) else values


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_points_are_bounded_and_begin_with_the_typical_one(sizes):
    conditions = {f"c{i}": Condition(f"c{i}", tuple(float(k) for k in range(size))) for i, size in enumerate(sizes)}
    points, cut = points_of(conditions)
    assert points[0] == {name: one.typical for name, one in conditions.items()}
    assert len(points) <= MAX_POINTS + 1 and len({tuple(point.items()) for point in points}) == len(points)
    product = 1
    for size in sizes:
        product *= size
    assert cut == (product > MAX_POINTS) and (cut or len(points) == product)


def test_a_flow_datasheet_is_left_as_it_is():
    assert (
        with_results("parameters: {a: {spec: {}}}\n", {"a": {"x": {"minimum": 1.0}}}) == "parameters: {a: {spec: {}}}\n"
    )


def test_old_results_of_any_form_are_replaced():
    text = "parameters:\n  a:\n    results:\n      x:\n        minimum: 1\n    unit: V\n  b: 1\n"
    once = with_results(text, {"a": {"x": {"minimum": 2.0}}})
    assert once == "parameters:\n  a:\n    results:\n      x: {minimum: 2.0}\n    unit: V\n  b: 1\n"


def test_no_datasheet_is_no_datasheet(tmp_path):
    (tmp_path / "x.yaml").write_text("cace_format: 5.2\nparameters: {}\n", encoding="utf-8")
    with pytest.raises(InputError, match="no parameter of the datasheet is measured by ngspice"):
        read_datasheet(tmp_path / "x.yaml")
