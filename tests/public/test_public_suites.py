"""Public suites are read from a folder as their authors publish them: small circuits of our own in the same formats."""

import json
import re

import pytest

from eda_agent.bench.public import read_public
from eda_agent.bench.public.sizing_bench import import_file
from eda_agent.cli import main
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.run.own_deck import try_own_deck

STAGE = """pdk_lib_path: "/path/to/sky130.lib.spice"
user_specs: "an amplifier stage"
user_specs_metric: "fom > 0.5 AND gain_db > 15 AND ugbw > 100 AND power_dc < 65"
params:
  L: 0.5
  vdd: 1.8
  ibias: 20e-6
  cload: 1e-13
variable:
  W_in_base: null
  W_load: null
W_values: [0.84, 1.26, 1.68]
W_load_values: [2, 4, 150]
width_scales:
  W_in: [W_in_base, 4]
  "3*W_in": [W_in_base, 12]
subckt_name: STAGE
subckt_pins: [VDD, IN, OUT, GND]
testbench_signals: {VDD: VDD, IN: G, OUT: OUT}
metrics: [gain_db, ugbw, power_dc, fom]
metric_post:
  gain_db: {scale: 1, unit: "dB"}
  ugbw: {scale: 1e-6, unit: "MHz"}
  power_dc: {scale: 1e6, unit: "µW"}
  fom: {expr: "gain_db * ugbw / max(power_dc, 1)", scale: 1, unit: ""}
ota_subckt_template: |
  .subckt STAGE VDD IN OUT GND
  xm0 OUT IN GND GND sky130_fd_pr__nfet_01v8 w={3*W_in} l={L}
  xm1 OUT B VDD VDD sky130_fd_pr__pfet_01v8 w={W_load} l={{{L}*2}}
  xm2 B B VDD VDD sky130_fd_pr__pfet_01v8 w={W_load} l={{{L}*2}}
  I0 B GND {ibias}
  .ends STAGE
testbench_template: |
  * a stage
  .lib {pdk_lib_path} tt
  {ota_subckt}
  VDD VDD 0 DC {vdd}
  VG G 0 DC 0.64 AC 1
  XS {inst_pins} {subckt_name}
  CL OUT 0 {cload}
  .control
  op
  let power_dc = abs(i(VDD)) * {vdd}
  print power_dc
  ac dec 20 1k 100g
  let gain = db(v(OUT))
  let gain_db = gain[0]
  print gain_db
  if gain_db > 0
      meas ac ugbw WHEN gain=0 CROSS=1
  end
  quit
  .endc
  .end
"""
AMPLIFIER = """.subckt own_amp gnda vdda vinn vinp vout
xm1 d1 VINP t VDDA sky130_fd_pr__pfet_01v8 l='M1_L' w='M1_W' m='M1_M'
xm2 vout VINN t VDDA sky130_fd_pr__pfet_01v8 l='M1_L' w='M1_W' m='M1_M'
xm3 d1 d1 gnda gnda sky130_fd_pr__nfet_01v8 l='M3_L' w='M3_W' m='M1_M'
xm4 vout d1 gnda gnda sky130_fd_pr__nfet_01v8 l='M3_L' w='M3_W' m='M1_M'
xm5 t b vdda vdda sky130_fd_pr__pfet_01v8 l=1 w=4 m='M1_M'
xm6 b b vdda vdda sky130_fd_pr__pfet_01v8 l=1 w=4
I0 b gnda 'CURRENT_0_BIAS'
.ends own_amp
"""
VARIABLES = """.PARAM
+ M1_L=1 M1_W=2 M1_M=4
+ M3_L=1 M3_W=1 CURRENT_0_BIAS=5u
"""
ACDC = """Test OpAmp ACDC
.include ../spice_netlist/Another_Amp
.include ../design_variables/Another_Amp
.param mc_mm_switch=0
.include ../mosfet_model/sky130_pdk/libs.tech/ngspice/corners/tt.spice
.PARAM supply_voltage = 1.8
V1 vdd 0 'supply_voltage'
V2 vss 0 0
Vindc opin 0 0.5
Vin signal_in 0 dc 0.5 ac 1
Lfb opout opout_dc 1T
Cin opout_dc signal_in 1T
Xop1 vss vdd opout_dc opin opout Another_Amp
Cload1 opout 0 1p
.meas ac dcgain find vdb(opout) at = 0.1
.meas ac gain_bandwidth_product when vdb(opout)=0
.meas ac phase_in_rad find vp(opout) when vdb(opout)=0
.meas ac phase_in_deg param='phase_in_rad*180/3.1416'
.measure dc ppavl PP V(opout) from=-40 to=125
.meas dc Ivdd25 FIND I(V1) AT=25
.meas dc Power param='-1*Ivdd25*supply_voltage'
.control
DC temp -40 125 5
plot v(opout)
ac dec 10 0.1 1G
.endc
.end
"""


@pytest.fixture
def sizing_bench(tmp_path):
    folder = tmp_path / "theirs" / "AMS-SizingBench"
    folder.mkdir(parents=True)
    (folder / "stage.yaml").write_text(STAGE, encoding="utf-8")
    (folder / "gate.yaml").write_text(STAGE + 'circuit_type: "nand_gate"\n', encoding="utf-8")
    (folder / "flat.yaml").write_text(STAGE.replace(".subckt STAGE", "*"), encoding="utf-8")
    (folder / "short.yaml").write_text(STAGE.replace("  ibias: 20e-6\n", ""), encoding="utf-8")
    (folder / "bad.yaml").write_text(": [\n" + STAGE, encoding="utf-8")
    (folder / "notes.yaml").write_text("a: 1\n", encoding="utf-8")
    return folder.parent


def test_a_sizing_bench_is_read_as_it_stands(sizing_bench, tmp_path):
    before = {file: file.read_bytes() for file in sizing_bench.rglob("*.yaml")}
    suite, circuits = read_public(sizing_bench, tmp_path / "out", lambda name: None)
    assert before == {file: file.read_bytes() for file in sizing_bench.rglob("*") if file.is_file()}
    why = {one.name: one.why for one in circuits}
    assert set(why) == {"stage", "gate", "flat", "short", "bad"} and not why["stage"]
    assert "Python code of the suite measures it (circuit_type nand_gate)" in why["gate"]
    assert "its circuit is not the subcircuit STAGE" in why["flat"]
    assert "no value for the placeholder {ibias}" in why["short"] and "cannot be read" in why["bad"]
    assert [spec.parent.name for spec, _ in suite.tasks] == ["stage"]
    stage = next(one for one in circuits if one.name == "stage")
    assert stage.remarks == ("W_load up to 100 um, which the models cover, not 150",)
    problem = load_problem(stage.spec)
    sides = {parameter.name: (parameter.minimum, parameter.maximum) for parameter in problem.space.parameters}
    assert sides == {"W_in_base": (0.84e-6, 1.68e-6), "W_load": (2e-6, 100e-6)}
    bounds = {spec.name: (spec.minimum, spec.maximum) for spec in problem.specs}
    assert bounds["ugbw"] == (pytest.approx(100e6), None) and bounds["power_dc"] == (None, pytest.approx(65e-6))
    # the figure of merit is the product of the metrics over their targets, in the units in which the suite shows them;
    # the suite replaces a file's own expression by it
    shown = stage.values["gain_db"] / 15 * (stage.values["ugbw"] * 1e-6 / 100) / (stage.values["power_dc"] * 1e6 / 65)
    assert stage.values["fom"] == pytest.approx(shown, rel=1e-4)
    assert problem.budget.timeout == 120


def test_the_deck_of_a_sizing_bench_is_the_filled_template(sizing_bench, tmp_path):
    _, circuits = read_public(sizing_bench, tmp_path / "out", lambda name: None)
    stage = next(one for one in circuits if one.name == "stage")
    deck = (stage.spec.parent / "tb.spice").read_text(encoding="utf-8")
    assert re.search(r"xm0 .* w=\{scaled_\d+\} l=0.5", deck) and "l={0.5*2}" in deck and "XS VDD G OUT 0 STAGE" in deck


def test_an_analog_gym_is_read_as_it_stands(tmp_path):
    place = tmp_path / "gym" / "AnalogGym" / "Amplifier"
    for part, name, text in (
        ("spice_netlist", "own_amp", AMPLIFIER),
        ("design_variables", "own_amp", VARIABLES),
        ("spice_netlist", "Empty_Amp", ""),
        ("design_variables", "Missing_Amp", VARIABLES),
        ("amp_spice_testbench", "TB_Amplifier_ACDC.cir", ACDC.replace("\n", "\r\n")),
    ):
        (place / part).mkdir(parents=True, exist_ok=True)
        (place / part / name).write_bytes(text.encode())
    other = place.parent / "Sensing Front End"
    other.mkdir()
    (other / "tb.sp").write_text('.lib "..\\models\\secret180.l" tt_lib\n', encoding="utf-8")
    suite, circuits = read_public(tmp_path / "gym", tmp_path / "out", lambda name: None)
    why = {one.name: one.why for one in circuits}
    assert why["Empty_Amp"] == "spice_netlist/Empty_Amp is empty"
    assert why["Missing_Amp"] == "spice_netlist/Missing_Amp is missing"
    assert "commercial PDK (secret180.l)" in why["Sensing Front End"]
    assert [spec.parent.name for spec, _ in suite.tasks] == ["own_amp"], why
    amplifier = next(one for one in circuits if one.name == "own_amp")
    # a range over a sweep of the temperature is measured with every version of ngspice
    assert not any("ppavl" in remark for remark in amplifier.remarks)
    assert amplifier.values["dcgain"] > 20 and 0 < amplifier.values["power"] < 1e-3
    names = {parameter.name for parameter in load_problem(amplifier.spec).space.parameters}
    assert {"M1_W", "M1_L", "M1_M", "M3_W"} <= names


def test_the_command_says_which_circuits_run_and_sizes_them(sizing_bench, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", str(sizing_bench), "--check", "--json"]) == 0
    rows = {row["name"]: row["runs"] for row in json.loads(capsys.readouterr().out)["circuits"]}
    assert rows == {"stage": True, "gate": False, "flat": False, "short": False, "bad": False}
    options = ["--policy", "random", "--budget", "3", "--seeds", "1", "--workers", "1", "--out", "result"]
    assert main(["bench", str(sizing_bench), *options]) == 0
    shown = capsys.readouterr().out
    assert "1 of 5 circuits run as they stand." in shown and "random" in shown
    row = json.loads((tmp_path / "result" / "results.jsonl").read_text(encoding="utf-8"))
    met = {name: met for name, (_, met) in row["best"].items()}
    assert row["circuit"] == "stage" and set(met) == {"gain_db", "ugbw", "power_dc", "fom"}
    assert met["power_dc"] == (row["best"]["power_dc"][0] <= 65e-6) and all(met.values()) == (row["curve"][-1] == 1)
    assert "| gate | no |" in (tmp_path / "result" / "circuits.md").read_text(encoding="utf-8")


def test_another_folder_is_no_suite(tmp_path):
    with pytest.raises(InputError, match="this folder is no suite"):
        read_public(tmp_path, tmp_path / "out", lambda name: None)


def test_models_of_another_pdk_are_one_message(tmp_path):
    (tmp_path / "stage.yaml").write_text(STAGE.replace("sky130.lib", "secret180.lib"), encoding="utf-8")
    found = import_file(tmp_path / "stage.yaml", tmp_path / "out")
    assert found.spec is None and "its models are secret180.lib.spice, of no PDK that is known" in found.why
    assert not (tmp_path / "out").exists()


GF180 = (
    re.sub(r"sky130_fd_pr__([np])fet_01v8", r"\1mos_3p3", STAGE)
    .replace("sky130.lib", "gf180mcu.lib")
    .replace("{{{L}*2}}", "{L}")
    .replace("{L}", "{L_in}")
    .replace("  W_load: null", "  W_load: null\n  L_in: null")
    .replace("[2, 4, 150]", "[2, 4, 8]\nL_values: [0.5, 0.6, 1]")
    .replace("vdd: 1.8", "vdd: 3.3")
)
IN_UM = GF180.replace("  .lib {pdk_lib_path} tt", "  .lib {pdk_lib_path} tt\n  .option scale=1e-6")
IN_METRES = re.sub(
    r"_values: \[(.*)\]", lambda found: f"_values: [{', '.join(one + 'e-6' for one in found[1].split(', '))}]", GF180
)


def test_sizes_of_gf180_are_in_metres_or_in_the_unit_of_the_option(tmp_path):
    powers = []
    for text in (IN_UM, IN_METRES):
        (tmp_path / "stage.yaml").write_text(text, encoding="utf-8")
        found = import_file(tmp_path / "stage.yaml", tmp_path / "out")
        assert found.spec is not None, found.why
        problem = load_problem(found.spec)
        assert problem.pdk.name == "gf180mcuD" and not any("range" in str(note) for note in problem.notes)
        sides = {one.name: (one.minimum, one.maximum) for one in problem.space.parameters}
        assert sides["W_in_base"] == (0.84e-6, 1.68e-6) and sides["L_in"] == (0.5e-6, 1e-6)
        assert problem.space.initial["W_load"] == pytest.approx(4e-6)
        powers.append(try_own_deck(problem).results["tb"]["power_dc"][0])
    # the diode and its copy carry at most the bias of 20 uA each
    assert powers[0] == powers[1] and 20e-6 * 3.3 < powers[0] < 1.2 * 2 * 20e-6 * 3.3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (IN_UM.replace("l={L_in}", "l=0.5"), "that its file does not vary"),
        (GF180, "W_in_base is 840000 um or more"),
    ],
)
def test_sizes_of_gf180_in_another_unit_are_one_message(tmp_path, text, why):
    (tmp_path / "stage.yaml").write_text(text, encoding="utf-8")
    found = import_file(tmp_path / "stage.yaml", tmp_path / "out")
    assert found.spec is None and why in found.why
