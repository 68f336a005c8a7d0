"""Netlists of processes that are not here: a PDK is guessed, and sizes stay what their expressions say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.problem.draft import Draft, guesses_of, read_circuit, write_draft
from eda_agent.problem.draft.named_sizes import with_sums_in_unit
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.run.evaluate_once import measure_once

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
AMP = """* an amplifier of a fab
{top}.subckt amp inp inn out ib vdd vss
m1 d inp t vss {n} w={w} l={l} {more}
m2 out inn t vss {n} w={w} l={l} {more}
m3 d d vdd vdd {p} w={w} l={l}
m4 out d vdd vdd {p} w={w} l={l}
m5 t ib vss vss {n} w={w} l={l} m=4
m6 ib ib vss vss {n} w={w} l={l}
.ends
"""


def amp(
    n: str = "nch_fab", p: str = "pch_fab", w: str = "4u", size: str = "0.5u", top: str = "", more: str = ""
) -> str:
    return AMP.format(n=n, p=p, w=w, l=size, top=top, more=more)


def drafted(folder: Path, text: str, pdk: str | None = None) -> tuple[Draft, Problem]:
    path = folder / "c.sp"
    path.write_text(text)
    draft = read_circuit(path, folder, pdk)
    (folder / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    return draft, load_problem(folder / "spec.yaml")


@pytest.mark.parametrize(
    ("text", "pdk"),
    [
        (amp(size="0.18u"), "sky130A"),
        (amp(size="60n"), "ptm45"),
        (amp("n33", "p33", size="0.35u"), "gf180mcuD"),
        (amp("nmos5v", "pmos5v", size="1u"), "gf180mcuD"),
        (amp(size="lmin", top='.include "fab.lib"\n.param lmin=0.18u\n'), "sky130A"),
        (amp(size="lmin", top='.lib "fab.lib" tt\n.param lmin=45n\n'), "ptm45"),
    ],
)
def test_a_pdk_takes_the_place_of_models_that_are_not_here(text: str, pdk: str, tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, text)
    [guess] = [guess for guess in guesses_of(draft) if guess.what == "PDK"]
    assert (guess.value, guess.place) == (pdk, "--pdk …") and "are not here" in guess.why
    assert draft.pdk.name == problem.pdk.name == pdk and draft.kind.name == "op-amp"


def test_a_named_pdk_is_no_guess(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, amp(), "sky130A")
    assert not any(guess.what == "PDK" for guess in guesses_of(draft))


def test_models_beside_the_netlist_need_no_pdk(tmp_path: Path) -> None:
    (tmp_path / "fab.lib").write_text(".model nch_fab nmos level=1 vto=0.5\n.model pch_fab pmos level=1 vto=-0.5\n")
    draft, _ = drafted(tmp_path, amp(top='.include "fab.lib"\n'))
    assert draft.pdk.name == "own" and not draft.pdk_guess


def test_junctions_of_the_other_process_are_left_out(tmp_path: Path) -> None:
    more = "as='4u<280n ? 1e-15 : (int(5/2)==2 ? 2e-15 : 0)' nrd=0.1"
    draft, _ = drafted(tmp_path, amp(more=more))
    assert any("junctions" in said for said in draft.changed)
    assert "nrd" not in draft.netlist_text and "280n" not in draft.netlist_text


def test_a_mirror_without_a_current_gets_a_port(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, amp().replace("out ib vdd", "out vdd"))
    assert "ib" in draft.structure.ports and draft.kind.bias["ib"] == "source"
    assert any(said.startswith("IB of a mirror") for said in draft.changed)


@pytest.mark.parametrize("fed", ["r1 vdd ib 100k", "i1 vdd ib 5u", "m7 ib ib vdd vdd pch_fab w=1u l=1u"])
def test_a_mirror_with_a_current_gets_no_port(fed: str, tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, amp().replace("out ib vdd", "out vdd").replace(".ends", f"{fed}\n.ends"))
    assert "ib" not in draft.structure.ports


@pytest.mark.parametrize(
    ("written", "converted"),
    [
        ("w='0.2e-6+x*5u'", "w='0.2+x*5'"),
        ("w={W1*1u}", "w={W1*1}"),
        ("w='wp/2' l=1u", "w='wp/2' l=1u"),
        ("w={wp+2*100n}", "w={wp+2*0.1}"),
        ("w={1e-6*n-200n}", "w={1*n-0.2}"),
    ],
)
def test_lengths_inside_expressions_take_the_pdk_s_unit(written: str, converted: str) -> None:
    assert with_sums_in_unit(written, 1e6) == converted


@pytest.mark.parametrize("pdk", ["sky130A", "gf180mcuD", "ptm45"])
def test_a_number_times_a_unit_is_a_size(pdk: str, tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, amp(w="{W1*1u}", top=".param W1=5\n"), pdk)
    [found] = [one for one in problem.space.parameters if one.name == "W1"]
    assert found.unit == "m" and found.initial == pytest.approx(5e-6)
    assert 4e-8 < found.minimum < 5e-6 < found.maximum < 1.01e-4
    assert "W1=5" in draft.netlist_text


def test_bounds_in_the_netlist_s_own_unit_keep_their_meaning(tmp_path: Path) -> None:
    _, before = drafted(tmp_path, amp(w="{W1*1u}", top=".param W1=5\n"), "gf180mcuD")
    spec = tmp_path / "spec.yaml"
    lines = [
        "  W1: {min: 1, max: 20, scale: log}" if line.startswith("  W1:") else line
        for line in spec.read_text().split("\n")
    ]
    spec.write_text("\n".join(lines))
    found = next(one for one in load_problem(spec).space.parameters if one.name == "W1")
    assert (found.minimum, found.initial, found.maximum) == (1, 5, 20)
    assert found.places[0].scale == 1 != before.space.parameters[0].places[0].scale


def test_the_share_of_a_range_is_no_length(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, amp(w="'0.5u+x1*40u'"), "sky130A")
    [found] = [one for one in problem.space.parameters if one.name == "x1"]
    assert found.unit == "" and any(said.startswith("names without a value") for said in draft.changed)
    width = 0.5 + 40 * found.initial
    # the starting width of a MOSFET without sizes, between the smallest and the largest legal one
    assert 4 < width < 10 and 0.42 <= 0.5 + 40 * found.minimum < width < 0.5 + 40 * found.maximum <= 101


def test_the_fingers_that_share_a_width_are_no_size(tmp_path: Path) -> None:
    text = amp(w="'W/N'", more="m='1*N'", top=".param W=8u N=4\n")
    _, problem = drafted(tmp_path, text, "gf180mcuD")
    names = [one.name for one in problem.space.parameters]
    assert "W" in names and "N" not in names
    width = next(one for one in problem.space.parameters if one.name == "W")
    assert width.minimum >= 4 * 0.22e-6


CONSTANT_GM = f"""* a bias that keeps its current to itself
M1 a a vdd vdd {P} W=20 L=2
M2 b a vdd vdd {P} W=20 L=2
M3 b b 0 0 {N} W=5 L=2
M4 a b s 0 {N} W=20 L=2
R1 s 0 5k
M5 b k vdd vdd {P} W=1 L=1
M6 k b 0 0 {N} W=1 L=1
M7 k 0 vdd vdd {P} W=0.42 L=20
V1 vdd 0 1.8
.dc V1 1.6 2 0.1
.end
"""


def test_a_bias_without_a_port_gives_a_copy_of_its_current(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, CONSTANT_GM.replace("\nM", "\nXM"))
    assert draft.kind.name == "current reference" and draft.kind.ports["out"] == "iout"
    values = measure_once(problem)
    # beta multiplier: the square law's 2 (1 - 1/2)² / (kp W/L R²) is within a factor of two of moderate inversion
    assert values["output_current"] is not None and 5e-6 < values["output_current"] < 60e-6
    device = draft.netlist.subcircuits[draft.subckt].device("xmcopy")
    assert device is not None and device.nodes[0] == "iout" and float(device.params["w"]) == 20
    # it follows the mirror: one width and one length for both
    groups = re.findall(r"\[([^\[\]]*XMCOPY[^\[\]]*)\]", (tmp_path / "spec.yaml").read_text())
    assert any("XM2" in group for group in groups)


def test_a_bias_with_a_port_stays_as_it_is(tmp_path: Path) -> None:
    text = CONSTANT_GM.replace("\nM", "\nXM").replace(
        "R1 s 0 5k", f"R1 s 0 5k\nXM8 out a vdd vdd {P} W=20 L=2\nR2 out 0 1k"
    )
    draft, _ = drafted(tmp_path, text)
    assert not any("copy of" in said for said in draft.changed)


def test_nmos_and_pmos_name_no_process(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, amp("nmos", "pmos", size="0.6u"))
    assert draft.pdk.name == "gf180mcuD" and draft.pdk_guess
    draft, _ = drafted(tmp_path, amp("nmos", "pmos", size="50n"))
    assert draft.pdk.name == "ptm45"


def test_the_end_of_a_chain_of_gates_becomes_a_port(tmp_path: Path) -> None:
    text = "* t\n.subckt inv a y vdd vss\nmp y a vdd vdd pch w=2u l=0.18u\nmn y a vss vss nch w=1u l=0.18u\n.ends\n"
    text += (
        "x1 a b vdd 0 inv\nx2 b c vdd 0 inv\nvdd vdd 0 1.8\nva a 0 pulse(0 1.8 0 1n 1n 5n 10n)\n.tran 1n 20n\n.end\n"
    )
    draft, _ = drafted(tmp_path, text)
    assert draft.kind.name == "gate" and draft.kind.ports["out"] == "c"
    assert any(said == "C of the last gate became a port" for said in draft.changed)


def test_a_foundry_s_cells_name_its_pdk(tmp_path: Path) -> None:
    cell = "* t\n.subckt tia a y vpwr vgnd\nx1 a vgnd vgnd vpwr vpwr y sky130_fd_sc_hd__inv_4\nr1 a y 20k\n.ends\n"
    path = tmp_path / "c.sp"
    path.write_text(cell)
    draft = read_circuit(path, tmp_path)
    assert draft.pdk.name == "sky130A" and not draft.pdk_guess and draft.kind.name == "transimpedance amplifier"


def test_a_file_of_values_beside_a_netlist_brings_no_models(tmp_path: Path) -> None:
    """Its process is a guess then, and files of models that are not here are left out."""
    (tmp_path / "values.inc").write_text(".param wn=4u\n")
    (tmp_path / "c.sp").write_text(amp(top=".inc ./values.inc\n.inc ../tech/models.inc\n"))
    draft = read_circuit(tmp_path / "c.sp", tmp_path)
    assert draft.pdk_guess and any("../tech/models.inc is not here" in said for said in draft.changed)
