"""What `init` says of circuits that do not work as they are drafted, and of ports that switch them on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from eda_agent.problem.draft.enable import enables_of
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.load import load_problem
from eda_agent.problem.structure.recognise import analyse

from ..simulation.judged import OTA
from ..simulation.test_current_reference import SOURCE
from ..within import run

ENABLED = OTA.replace("ib vdd vss", "ib en vdd vss")


def test_a_shorted_output_gets_no_targets(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(OTA.format(drain="out", more="V9 out vdd 0"), encoding="utf-8")
    done = run("init", str(tmp_path / "c.spice"))
    assert done.returncode == 1
    assert "out stands at 1.8 V, the supply, and does not move" in done.stderr
    assert "V9 in the netlist" in done.stderr
    assert "no targets" in done.stderr
    text = (tmp_path / "spec.yaml").read_text(encoding="utf-8")
    assert "out stands at 1.8 V" in text
    assert "e-2" not in text and "now" not in text, "nothing that was measured is a target"
    specs = text[text.index("specs:") : text.index("corners:")].splitlines()[1:]
    assert len(specs) >= 9 and all(line.startswith("  # ") for line in specs)
    sized = run("size", str(tmp_path / "spec.yaml"))
    assert sized.returncode == 2
    assert "specs is empty" in sized.stderr
    # with the targets taken over as they stand there, size says the same
    (tmp_path / "spec.yaml").write_text(
        text.replace("  # dc_gain", "  dc_gain").replace("  # settling", "  settling"), encoding="utf-8"
    )
    sized = run("size", str(tmp_path / "spec.yaml"), "--out", str(tmp_path / "run"))
    assert sized.returncode == 2
    assert "testbenches loop and step do not test: out stands at 1.8 V, the supply, and does not move" in sized.stderr


def test_a_bad_start_gets_common_targets(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(
        OTA.format(drain="out", more="Rload out mid 4k\nVmid mid vss 0.9"), encoding="utf-8"
    )
    done = run("init", str(tmp_path / "c.spice"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["untested"] == []
    assert any("it attenuates" in words for words in found["noticed"])
    assert "gbw: {testbench: loop, unit: Hz, minimum: 10M}  # a common value" in (tmp_path / "spec.yaml").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("more", "level", "words"),
    [
        (
            "XME ib en vss vss sky130_fd_pr__nfet_01v8 W=2 L=0.15 nf=1 m=1",
            "0",
            "en switches the bias off when high (XME): tied low",
        ),
        (
            (
                "XME ib enb vss vss sky130_fd_pr__nfet_01v8 W=2 L=0.15\nXMI enb en vss vss sky130_fd_pr__nfet_01v8 W=1"
                " L=0.15\nXMJ enb en vdd vdd sky130_fd_pr__pfet_01v8 W=2 L=0.15"
            ),
            "vdd",
            "en switches the bias off when low (XME): tied high",
        ),
    ],
)
def test_an_enable_is_held_where_the_circuit_is_on(more: str, level: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(ENABLED.format(drain="out", more=more), encoding="utf-8")
    done = run("init", str(tmp_path / "c.spice"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert words in found["noticed"]
    assert found["roles"]["xme"] == "switch" or "enb" in more
    assert found["measured"]["gbw"] > 1e6, "the amplifier is on"
    text = (tmp_path / "spec.yaml").read_text(encoding="utf-8")
    assert f"# {words}" in text
    assert f"en: {{voltage: {level}}}" in text
    assert not any(
        parameter.name.startswith("XME") for parameter in load_problem(tmp_path / "spec.yaml").space.parameters
    )


def fet(name: str, kind: str, drain: str, gate: str, source: str) -> FlatDevice:
    return FlatDevice((name,), "m", (drain, gate, source, "vss" if kind == "nmos" else "vdd"), kind, "", {})


POWER_DOWN = """op-amp with enable
.subckt amp VDD VSS INP INN OUT EN IBIAS
XM1 net1 INN tail tail sky130_fd_pr__pfet_01v8 L=0.5 W=20 nf=4
XM2 net2 INP tail tail sky130_fd_pr__pfet_01v8 L=0.5 W=20 nf=4
XM3 net1 net1 VSS VSS sky130_fd_pr__nfet_01v8 L=1 W=5
XM4 net2 net1 VSS VSS sky130_fd_pr__nfet_01v8 L=1 W=5
XM5 tail pb VDD VDD sky130_fd_pr__pfet_01v8 L=1 W=10 m=4
XM6 OUT net2 VSS VSS sky130_fd_pr__nfet_01v8 L=0.5 W=20 nf=2
XM7 OUT pb VDD VDD sky130_fd_pr__pfet_01v8 L=1 W=10 m=10
XM8 pb pb VDD VDD sky130_fd_pr__pfet_01v8 L=1 W=10
XM9 IBIAS IBIAS VSS VSS sky130_fd_pr__nfet_01v8 L=1 W=4
XM10 nsw IBIAS VSS VSS sky130_fd_pr__nfet_01v8 L=1 W=4
XM11 pb EN nsw VSS sky130_fd_pr__nfet_01v8 L=0.15 W=2
XM12 pb EN VDD VDD sky130_fd_pr__pfet_01v8 L=0.15 W=2
XM13 enb EN VDD VDD sky130_fd_pr__pfet_01v8 L=0.15 W=2
XM14 enb EN VSS VSS sky130_fd_pr__nfet_01v8 L=0.15 W=1
XM15 net2 enb VSS VSS sky130_fd_pr__nfet_01v8 L=0.15 W=1
C1 net2 OUT 2p
.ends
"""

BIAS = [
    fet("d", "nmos", "ib", "ib", "vss"),
    fet("c", "nmos", "x", "ib", "vss"),
    fet("p", "pmos", "x", "x", "vdd"),
    fet("q", "pmos", "out", "x", "vdd"),
]


@pytest.mark.parametrize(
    ("devices", "level"),
    [
        ([fet("s", "nmos", "ib", "en", "vss")], "low"),
        ([fet("s", "pmos", "x", "en", "vdd")], "high"),
        # a current source that a bias voltage drives, into an output
        ([fet("s", "nmos", "out", "en", "vss")], ""),
        # the output is pulled down as well
        ([fet("s", "nmos", "ib", "en", "vss"), fet("t", "nmos", "out", "en", "vss")], "low"),
        # a switch of one kind, and a gate that does something else
        ([fet("s", "nmos", "ib", "en", "vss"), fet("t", "nmos", "y", "en", "vss")], ""),
        # a series switch between mirror and diode agrees, and contradicts
        (
            [fet("s", "pmos", "x", "en", "vdd"), fet("w", "nmos", "x", "en", "n"), fet("m", "nmos", "n", "ib", "vss")],
            "high",
        ),
        (
            [fet("s", "pmos", "x", "en", "vdd"), fet("w", "pmos", "ib", "en", "n"), fet("m", "pmos", "n", "x", "vdd")],
            "",
        ),
        # a series switch alone may be a cascode
        ([fet("w", "nmos", "x", "en", "n"), fet("m", "nmos", "n", "ib", "vss")], ""),
        # a power switch and an inverter to a second killer
        (
            [
                fet("s", "nmos", "ib", "pd", "vss"),
                fet("h", "pmos", "vin", "pd", "vdd"),
                fet("z", "pmos", "out", "y", "vin"),
                fet("i", "nmos", "pdb", "pd", "vss"),
                fet("j", "pmos", "pdb", "pd", "vdd"),
                fet("t", "pmos", "x", "pdb", "vdd"),
            ],
            "low",
        ),
        # off both ways
        ([fet("s", "nmos", "ib", "en", "vss"), fet("t", "pmos", "x", "en", "vdd")], ""),
        (
            [
                fet("t", "pmos", "x", "enb", "vdd"),
                fet("i", "nmos", "enb", "en", "vss"),
                fet("j", "pmos", "enb", "en", "vdd"),
            ],
            "low",
        ),
    ],
)
def test_only_what_switches_the_bias_is_an_enable(devices: list[FlatDevice], level: str) -> None:
    port = "pd" if any(device.nodes[1] == "pd" for device in devices) else "en"
    structure = analyse([*BIAS, *devices], ["ib", "out", port, "vdd", "vss"], {"nmos": "nmos", "pmos": "pmos"})
    found = enables_of(structure, ["ib", "out", port])
    assert {name: enable.level for name, enable in found.items()} == ({port: level} if level else {})
    if level:
        assert {name for name, role in structure.roles.items() if role.split()[0] in {"switch", "inverter"}} == set(
            found[port].members
        )
        assert structure.clocks == (), "an enable is no clock"


def test_an_op_amp_with_a_power_down_chain_is_on_and_its_switches_are_no_sizes(tmp_path: Path) -> None:
    """As xschem writes it: a series switch, a pull-up of the mirror, and an inverter to a pull-down of the second
    stage.
    """
    (tmp_path / "c.spice").write_text(POWER_DOWN, encoding="utf-8")
    done = run("init", str(tmp_path / "c.spice"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["measured"]["gbw"] > 1e6, "the amplifier is on"
    problem = load_problem(tmp_path / "spec.yaml")
    assert not {"XM11", "XM12", "XM13", "XM14", "XM15"} & {name.split(".")[0] for name in problem.space.names}
    assert found["roles"]["xm10"] == "bias source", "no device starves an inverter"


def test_a_current_reference_is_drafted_as_such(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(SOURCE, encoding="utf-8")
    done = run("init", str(tmp_path / "c.spice"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kind"] == "current reference"
    assert found["doubts"] == found["noticed"] == []
    assert found["measured"]["output_current"] == pytest.approx(10.9e-6, rel=0.02)
    problem = load_problem(tmp_path / "spec.yaml")
    assert set(problem.spec_names) == {
        "output_current",
        "startup_time",
        "temperature_coefficient",
        "power",
        "line_sensitivity",
        "compliance_range",
        "saturation",
    }
    text = (tmp_path / "spec.yaml").read_text(encoding="utf-8")
    assert "mirrors: [[XM3, XM4, XM5]]" in text
    assert [
        name for name in problem.space.names if name.endswith((".l", ".w")) and name[:3] in {"XM3", "XM4", "XM5"}
    ] == ["XM3.w", "XM3.l"]
    assert not any(prefix + unit in text for prefix in "fpnumkMG" for unit in ("ppm", " %", "%/V", "dB")), (
        "no prefix before a ratio"
    )
    simulated = run("sim", str(tmp_path / "spec.yaml"), "--json")
    assert json.loads(simulated.stdout)["unsound"] == []


def test_a_draft_that_cannot_be_read_is_said_of_the_netlist(tmp_path: Path) -> None:
    text = OTA.format(drain="out", more="XMZ out both vss vss sky130_fd_pr__nfet_01v8 W=both L=0.5")
    (tmp_path / "c.spice").write_text(text.replace(".subckt", ".param both=5u\n.subckt", 1), encoding="utf-8")
    done = run("init", str(tmp_path / "c.spice"))
    assert done.returncode == 2
    assert "c.spice: parameters.both: both is 5 pm" in done.stderr and "write 5 in the netlist" in done.stderr
    assert ".draft" not in done.stderr
    # the draft is there for the user to correct, with what is wrong at its top
    assert (tmp_path / "spec.yaml").read_text(encoding="utf-8").startswith("# to correct: ")


STARTED = """beta multiplier as CDL has it
.SUBCKT IREF IOUT VDD VSS
MM1 NB NB VSS VSS sky130_fd_pr__nfet_01v8 w=4u l=2u nf=1 m=1
MM2 PB NB NS VSS sky130_fd_pr__nfet_01v8 w=4u l=2u nf=1 m=8
MM3 NB PB VDD VDD sky130_fd_pr__pfet_01v8 w=8u l=4u nf=1 m=2
MM4 PB PB VDD VDD sky130_fd_pr__pfet_01v8 w=8u l=4u nf=1 m=2
MM5 IOUT PB VDD VDD sky130_fd_pr__pfet_01v8 w=8u l=4u nf=1 m=4
RR0 NS VSS 12K
MMS1 ST NB VSS VSS sky130_fd_pr__nfet_01v8 w=2u l=0.5u
MMS2 ST VSS VDD VDD sky130_fd_pr__pfet_01v8 w=0.42u l=20u
MMS3 PB ST VSS VSS sky130_fd_pr__nfet_01v8 w=1u l=0.5u
.ENDS
"""


def test_a_start_up_circuit_is_off_and_no_spec_asks_it_to_be_in_saturation(tmp_path: Path) -> None:
    (tmp_path / "c.cdl").write_text(STARTED, encoding="utf-8")
    done = run("init", str(tmp_path / "c.cdl"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name for name, role in found["roles"].items() if role == "start-up"} == {"xmms1", "xmms2", "xmms3"}
    assert found["roles"]["xmm2"] == "bias source", "its source is the end at the resistor"
    assert any("XMMS1 XMMS2 XMMS3 start the circuit" in words for words in found["noticed"])
    problem = load_problem(tmp_path / "spec.yaml")
    assert not any(name.startswith("XMMS") for name in problem.space.names)
    asked = next(spec for spec in problem.specs if spec.name == "saturation")
    assert set(asked.devices) == {"xmm1", "xmm2", "xmm3", "xmm4", "xmm5"}
    assert found["measured"]["saturation"] > 0.1


DIVIDED = """a regulator that has its divider inside
.param wp=50u lp=0.3u
.subckt ldo vin vss vref vout ib
M1 n1 fb nt vss sky130_fd_pr__nfet_01v8 w=10u l=0.5u
M2 gp vref nt vss sky130_fd_pr__nfet_01v8 w=10u l=0.5u
M3 n1 n1 vin vin sky130_fd_pr__pfet_01v8 w=8u l=0.5u
M4 gp n1 vin vin sky130_fd_pr__pfet_01v8 w=8u l=0.5u
M5 nt ib vss vss sky130_fd_pr__nfet_01v8 w=8u l=1u m=4
M6 ib ib vss vss sky130_fd_pr__nfet_01v8 w=8u l=1u
MP vout gp vin vin sky130_fd_pr__pfet_01v8 w=wp l=lp m=20
R1 vout fb 100k
R2 fb vss 200k
.ends
"""


def test_a_regulator_with_its_divider_inside_is_measured_and_the_advice_works(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(DIVIDED, encoding="utf-8")
    done = run("init", str(tmp_path / "c.spice"))
    assert done.returncode == 0 and "regulator with its divider, sky130A" in done.stderr
    assert "for its phase margin remove R1 and R2, make fb a port" in done.stderr
    draft = (tmp_path / "spec.yaml").read_text(encoding="utf-8")
    assert len(re.findall(r"\b(?:psrr_plus|load_regulation|line_regulation|dropout): .*# now", draft)) == 4, draft
    mended = "".join(line for line in DIVIDED.splitlines(keepends=True) if line[0] != "R").replace(
        "vref vout", "vref fb vout"
    )
    (tmp_path / "d.spice").write_text(mended, encoding="utf-8")
    done = run("init", str(tmp_path / "d.spice"), "--force", "--no-sim", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kind"] == "regulator"


def test_what_the_netlist_names_and_nobody_knows_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(
        "c\n.subckt a in out vss\nXM1 out in vss vss sky130_fd_pr__nfet_99v0 W=1 L=0.5\n.ends\n", encoding="utf-8"
    )
    done = run("init", str(tmp_path / "c.spice"))
    assert done.returncode == 2
    assert "c.spice:3: subcircuit or device 'sky130_fd_pr__nfet_99v0' is not defined" in done.stderr
    assert "define it in the netlist" in done.stderr and "(near it: sky130_fd_pr__nfet_20v0" in done.stderr
    (tmp_path / "c.spice").write_text(
        OTA.format(drain="out", more="XC1 out vss sky130_fd_pr__cap_of_nobody"), encoding="utf-8"
    )
    done = run("init", str(tmp_path / "c.spice"))
    assert done.returncode == 2 and "can be written as R or C with a value" in done.stderr


def test_targets_of_what_could_not_be_measured_are_said_to_be_common_values(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(
        OTA.format(drain="out", more="Rload out mid 4k\nVmid mid vss 0.9"), encoding="utf-8"
    )
    assert (
        "targets are common values, because the netlist's own sizes could not be measured"
        in run("init", str(tmp_path / "c.spice")).stderr
    )


def test_a_netlist_that_is_not_there_is_said_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("name: another\n", encoding="utf-8")
    for name in ("nosuch.spice", "nosuch.sch", "folder/nosuch.spice"):
        done = run("init", str(tmp_path / name))
        assert (done.returncode, done.stderr.count("\n")) == (2, 2)
        assert f"{name}: no such file" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["spec.yaml"], "no folder is made for it"
