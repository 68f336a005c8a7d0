"""Sizes as people type them: with blanks before units, and below what the models of another process cover."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.draft.spaced_units import with_joined_units
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk.uncovered import uncovered
from eda_agent.run.drafting import draft_spec

OTA = """* t
.subckt ota inp inn out ib vdd vss
M1 d1 inp t vss nch {size}
M2 out inn t vss nch {size}
M3 d1 d1 vdd vdd pch W=4u L=0.5u
M4 out d1 vdd vdd pch W=4u L=0.5u
M5 t ib vss vss nch W=2u L=1u
M6 ib ib vss vss nch W=2u L=1u
{more}
.ends
"""


@pytest.mark.parametrize(
    "size", ['W="5 um" L="0.5 um"', "W=5 um L=0.5 um m=1", "W='5 u' L={0.5 u}", "W = 5 u L = 0.5 u"]
)
def test_a_blank_before_a_unit_is_no_word_of_its_own(size: str, tmp_path: Path) -> None:
    path = tmp_path / "c.sp"
    path.write_text(OTA.format(size=size, more="C1 out vss 1 pF"))
    draft = read_circuit(path, tmp_path, "sky130A")
    device = draft.netlist.subcircuits["ota"].device("xm1")
    assert device is not None and [float(device.params[side].strip("'{}u")) for side in "wl"] == [5, 0.5]
    assert any("became one word" in said for said in draft.changed)


@pytest.mark.parametrize(
    "line",
    [
        "m1 a b c d nch W=5 m=2",
        "m1 a b c d nch W=5 L=1 M=4",
        "c1 a b 1 m=4",
        "r1 a b 10 tc1=1",
        ".param a=1 f=2",
        "v1 a 0 dc=1 ac 1",
        ".meas tran t trig v(a) val=0.9 rise=1 targ v(b) val=0.9 fall=1",
        "x1 a b cell w=5",
        ".ic v(a)=0 v(b)=1.5",
        ".nodeset a=0 f=1",
        "b1 a 0 v=2 v(c)",
        ".control\nlet x=5 m\nmeas tran t when v(a)=1 f\n.endc",
        "* w=5 um",
    ],
)
def test_other_words_stay(line: str) -> None:
    said: list[str] = []
    assert with_joined_units(f"t\n{line}\n", said) == f"t\n{line}\n" and not said


def test_a_model_named_like_a_unit_stays_a_model() -> None:
    text = "t\n.model k r\nr1 a b 10 k\n"
    assert with_joined_units(text, []) == text


def test_a_kept_device_below_the_smallest_width_is_raised_and_named(tmp_path: Path) -> None:
    path = tmp_path / "c.sp"
    path.write_text(OTA.format(size="W=5u L=0.5u", more="M7 vss vss vss vss nch W=0.2u L=0.13u"))
    found = draft_spec(path, pdk="sky130A")
    assert not found["faults"] and found["measured"]["dc_gain"] is not None
    assert any(
        said.startswith("W of M7 is 200 nm, below the smallest of sky130_fd_pr__nfet_01v8") for said in found["changed"]
    )


HALVES = """* an amplifier of another process, its widths handed down by name
.subckt half d in t vss wn = 400n
M1 d in t vss nch w = wn l = 200n
.ends
.subckt ota vdd vss inp inn out ib
Xa x inp t vss half wn = 300n
Xb out inn t vss half wn = 300n
M3 x x vdd vdd pch w = 2u l = 200n
M4 out x vdd vdd pch w = 2u l = 200n
M5 t ib vss vss nch w = 1u l = 200n
M6 ib ib vss vss nch w = 1u l = 200n
.ends
"""


def test_a_named_width_below_the_smallest_is_raised_on_calls_and_cells(tmp_path: Path) -> None:
    path = tmp_path / "c.sp"
    path.write_text(HALVES)
    found = draft_spec(path, pdk="sky130A", simulate=False)
    assert not found["faults"]
    assert (
        sum("below the smallest of the device that takes its place: now 420 nm" in one for one in found["changed"]) == 2
    )
    written = Path(found["netlist"]).read_text()
    assert not re.search(r"wn ?= ?(300|400)n", written) and len(re.findall(r"wn ?= ?0\.42", written)) == 3


def test_a_foundry_s_own_device_below_its_smallest_width_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.sp"
    path.write_text(OTA.format(size="W=5u L=0.5u", more="XM7 vss vss vss vss sky130_fd_pr__nfet_01v8 W=0.2 L=0.15"))
    with pytest.raises(InputError) as raised:
        draft_spec(path, pdk="sky130A")
    said = str(raised.value)
    assert "W of xm7 is 200 nm; the smallest of sky130_fd_pr__nfet_01v8 is 420 nm" in said and ".draft" not in said


def test_the_nearest_size_with_a_model_is_named() -> None:
    bins = [("a", 0.4e-6, 1e-6, 0.5e-6, 0.8e-6), ("b", 10e-6, 10e-6, 0.5e-6, 0.5e-6)]
    said = str(uncovered("m1", "nvt", (7e-6, 0.52e-6), bins))
    assert "no model of nvt covers W = 7 um, L = 520 nm" in said and "write W = 10 um, L = 500 nm" in said
    assert "smallest" in said and "name another device" in str(uncovered("m1", "nvt", (1e-6, 1e-6), []))


def test_fins_and_a_global_supply_that_is_a_port(tmp_path: Path) -> None:
    """ngspice connects a port with the name of a global net to nothing: the amplifier would be off."""
    text = OTA.format(size="W=54n L=50n nfin=30", more="").replace("W=4u L=0.5u", "W=81n L=50n nfin=20")
    text = re.sub(r"\bvdd\b", "vdd!", re.sub(r"\bvss\b", "0", text)).replace("W=2u L=1u", "W=54n L=100n nfin=20")
    path = tmp_path / "c.sp"
    path.write_text(text.replace("* t\n", "* t\n.global vdd!\n"))
    found = draft_spec(path)
    assert found["pdk"] == "ptm45" and (found["measured"]["dc_gain"] or 0) > 0
    assert {said for said in found["changed"] if "global" in said or "fins" in said} == {
        ".global was left out for nets that are ports",
        "fins (nfin) became the width of a planar device: the number of fins times w",
    }
    device = read_circuit(path, tmp_path).netlist.subcircuits["ota"].device("m1")
    assert device is not None and float(device.params["w"]) == pytest.approx(30 * 54e-9) and "nfin" not in device.params


@pytest.mark.parametrize("pdk", ["sky130A", "ptm45"])
def test_fins_without_a_width_keep_their_ratios(pdk: str, tmp_path: Path) -> None:
    text = OTA.format(size="l=16n\n+ nfin=8 m=2", more="").replace("W=4u L=0.5u", "l=16n nfin=10 m=2")
    lines = text.replace("W=2u L=1u", "l=20n nfin=16 m=2").splitlines()
    [diode] = [number for number, line in enumerate(lines) if re.match("m\\S+ ib ib ", line, re.IGNORECASE)]
    lines[diode] = lines[diode].replace("nfin=16", "nfin=4")
    path = tmp_path / "c.sp"
    path.write_text("\n".join(lines) + "\n")
    draft = read_circuit(path, tmp_path, pdk)
    devices = draft.netlist.subcircuits["ota"].devices
    width = {device.name.lower().removeprefix("x"): float(device.params["w"]) for device in devices}
    assert all("nfin" not in device.params for device in devices)
    name = lines[diode].split()[0].lower()
    tail = next(line.split()[0].lower() for line in lines if "nfin=16" in line)
    assert width[tail] == pytest.approx(4 * width[name]) and width["m1"] == pytest.approx(2 * width[name])


def test_a_capacitor_that_grows_by_decades_keeps_a_sensible_range(tmp_path: Path) -> None:
    path = tmp_path / "c.sp"
    path.write_text(OTA.format(size="W=5u L=0.5u", more="C1 out d1 'pwr(10,x*4-2)*1e-12'"))
    draft = read_circuit(path, tmp_path, "sky130A")
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    [found] = [one for one in load_problem(tmp_path / "spec.yaml").space.parameters if one.name == "x"]
    # 1 pF at 0.5, and a factor of 20 on both sides
    ends = [10 ** (4 * at - 2) for at in (found.minimum, found.initial, found.maximum)]
    assert ends == pytest.approx([1 / 20, 1, 20], rel=0.1)


def test_a_failed_simulation_of_a_draft_says_why(tmp_path: Path) -> None:
    path = tmp_path / "c.sp"
    path.write_text(OTA.format(size="W=5u L=0.5u strange=3", more=""))
    found = draft_spec(path, pdk="ptm45")
    assert any("testbench loop failed" in said and "strange" in said for said in found["noticed"])


@pytest.mark.parametrize("line", ['="1{}', "={{1{}", "R1 a b 1{}", "=1{}x", '="{}'])
@pytest.mark.parametrize("part", [" ", "1"])
def test_a_long_line_is_read_once(line: str, part: str) -> None:
    """In seconds of the processor, as others work beside: a quadratic reading takes minutes."""
    begun = time.process_time()
    with_joined_units(line.format(part * 300_000), [])
    assert time.process_time() - begun < 2
