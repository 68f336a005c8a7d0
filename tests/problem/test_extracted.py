"""Extracted netlists against the schematic they come from: every shipped circuit, its nets renamed, its devices cut
into fingers, ends exchanged.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.errors import InputError
from eda_agent.problem.drawn import Drawn, Transistors
from eda_agent.problem.extracted.circuit import post_layout
from eda_agent.problem.extracted.matching import channels, matched
from eda_agent.problem.extracted.wires import Wires, wires_from, with_wires
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem

from ..conftest import NAMES, ROOT

MAGIC = ROOT / "tests" / "fixtures" / "opamp_magic.spice"

Row = tuple[str, str, list[str]]


def rows_of(problem: Problem) -> list[Row]:
    found = Transistors(problem)
    kinds = {fet.name: fet.type for fet in found.structure.fets}
    return [
        (device.label, kinds[device.label], list(device.nodes[:3]))
        for device in found.flat(problem.space.initial)
        if device.label in kinds
    ]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 10**6))
def test_a_renamed_circuit_in_fingers_is_found_again(problems: dict[str, Problem], name: str, seed: int) -> None:
    draw, rows = random.Random(seed), rows_of(problems[name])
    ports = set(problems[name].netlist.subcircuits[problems[name].subckt].ports)
    nets = sorted({net for _, _, ends in rows for net in ends})
    new = {net: net if net in ports else f"n{number}" for number, net in enumerate(draw.sample(nets, len(nets)))}
    layout: list[Row] = []
    for label, kind, (drain, gate, source) in rows:
        for finger in range(draw.randint(1, 3)):
            ends = (drain, source) if draw.random() < 0.5 else (source, drain)
            layout.append((f"{label}/{finger}", kind, [new[ends[0]], new[gate], new[ends[1]]]))
    draw.shuffle(layout)
    schematic = channels(rows)
    match = matched(channels(layout), schematic, {net: net for net in ports if net in nets})
    # an isomorphism: every finger lies on the nets of the device that it is taken for, and nets are taken for nets one
    # to one
    there = {label: (kind, gate, {drain, source}) for label, kind, (drain, gate, source) in rows}
    for label, kind, (drain, gate, source) in layout:
        assert there[match.devices[label]] == (kind, match.nets[gate], {match.nets[drain], match.nets[source]})
    assert max(Counter(match.nets.values()).values()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_another_circuit_is_not_found(problems: dict[str, Problem], name: str) -> None:
    rows = rows_of(problems[name])
    ports = {net: net for _, _, ends in rows for net in ends if not net.startswith("xdut.")}
    label, kind, ends = rows[0]
    wrong = [(label, "pmos" if kind == "nmos" else "nmos", ends), *rows[1:]]
    with pytest.raises(InputError, match="not the circuit"):
        matched(channels(wrong), channels(rows), ports)


def test_a_device_that_only_the_layout_has_is_named(problems: dict[str, Problem]) -> None:
    """Every net is known by its name, so that no colour shows the difference."""
    rows = rows_of(problems["ota_5t"])
    known = {net: net for _, _, ends in rows for net in ends}
    more = [*rows, ("xmd", "nmos", ["ib", "vss", "vss"])]
    with pytest.raises(InputError, match="xmd: no nmos of the schematic has its gate on vss"):
        matched(channels(more), channels(rows), known)


def test_an_off_dummy_of_the_schematic_is_found_in_its_layout(tmp_path: Path) -> None:
    """Its drain is on a signal net; the structure of the circuit leaves it out."""
    text = (ROOT / "circuits" / "ota_5t" / "ota_5t.spice").read_text()
    text = text.replace(".ends ota", "XMD9 ib vss vss vss nmos_3p3 w=2u l=2u\n.ends ota")
    (tmp_path / "ota_5t.spice").write_text(text)
    (tmp_path / "spec.yaml").write_text((ROOT / "circuits" / "ota_5t" / "spec.yaml").read_text())
    problem = load_problem(tmp_path)
    assert "xmd9" not in {fet.name for fet in Transistors(problem).structure.fets}
    cards = re.sub(r" [ap][ds]=\S+", "", text[text.index(".subckt") :])
    for name, value in problem.space.initial.items():
        cards = cards.replace(f"{{{name}}}", f"{value:g}")
    (tmp_path / "layout.spice").write_text(cards)
    post = post_layout(problem, problem.space.initial, tmp_path / "layout.spice")
    assert len(post.problem.netlist.subcircuits["ota"].devices) == 7


def test_magics_fingers_wires_and_names(miller: Problem) -> None:
    post = post_layout(miller, miller.space.initial, MAGIC)
    pairs = {frozenset(pair[:2]): pair[2] for pair in post.wires.pairs}
    # a_380_n40# is n2, a_700_60# nz, a_120_n40# n1; the Miller capacitor and its resistor are none of the wires
    assert pairs[frozenset({"n2", "out"})] == pytest.approx(6.2e-15)
    assert pairs[frozenset({"nz", "vss"})] == pytest.approx(12e-15)
    assert pairs[frozenset({"n1", "n2"})] == pytest.approx(1.31e-15)
    assert post.wires.total == pytest.approx(128.76e-15)
    text = post.problem.netlist.text()
    assert "rdrawn0" in text and "4.97e-13" in text and "cmissing" not in text
    assert any("vsubs is taken for vss" in note for note in post.notes) and not any(
        "W/L" in note for note in post.notes
    )
    assert (
        len(
            [device for device in post.problem.netlist.subcircuits["opamp"].devices if device.name.startswith("xdummy")]
        )
        == 1
    )
    drawn = post_layout(miller, {**miller.space.initial, "W6": 9e-6}, MAGIC).notes
    assert any("xm6 32/0.5 for 36/0.5" in note for note in drawn)


def test_a_foundrys_capacitor_is_the_schematics(miller: Problem, tmp_path: Path) -> None:
    cell = "X26 OUT a_700_60# sky130_fd_pr__cap_mim_m3_1 l=1.4e+07u w=2.4e+07u"
    (tmp_path / "e.spice").write_text(MAGIC.read_text().replace("C0 a_700_60# OUT 0.497p", cell))
    post = post_layout(miller, miller.space.initial, tmp_path / "e.spice")
    cc = next(one for one in post.problem.netlist.subcircuits["opamp"].devices if one.name.startswith("cmissing"))
    assert set(cc.nodes) == {"n_a_700_60_", "out"} and float(cc.value) == 5e-13
    assert any("cap_mim_m3_1" in note for note in post.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".subckt opamp inp inn out vdd vss ib\n.include /etc/passwd\n.ends\n", "outside the allowed folders"),
        (".subckt opamp inp inn out vdd vss ib\nR1 inp inn 1k\n.ends\n", "no transistor"),
        (".subckt a x\nR1 x 0 1\n.ends\n.subckt b x\nR1 x 0 1\n.ends\n", "which cell is opamp"),
        (".subckt opamp inp\nX0 inp inp a b sky130_fd_pr__nfet_01v8 w=1 l=1\n.ends\n", "no net inn"),
        (".subckt opamp inp\nX0 inp inp a b another_pdk__nfet w=1 l=1\n.ends\n", "not defined"),
        ("not a netlist at all\n", "line of a netlist"),
    ],
)  # fmt: skip
def test_what_is_no_extraction_of_the_circuit(text: str, words: str, miller: Problem, tmp_path: Path) -> None:
    path = tmp_path / "e.spice"
    path.write_text(f"* extracted\n{text}")
    with pytest.raises(InputError, match=words) as caught:
        post_layout(miller, miller.space.initial, path)
    assert "e.spice" in str(caught.value)


def test_wires_are_capacitors_of_the_schematic(miller: Problem) -> None:
    wires = Wires((("n2", "out", 5e-15), ("out", "vss", 2e-14)), "e.spice")
    assert wires_from(wires.data()) == wires
    from dataclasses import replace

    netlist = Drawn(replace(miller, wires=wires)).netlist
    added = {
        device.name: (device.nodes, device.value)
        for device in netlist.subcircuits["opamp"].devices
        if device.name.startswith("cwire")
    }
    assert added == {"cwire0": (("n2", "out"), "5e-15"), "cwire1": (("out", "vss"), "2e-14")}
    # the second time under names that are free
    again = with_wires(netlist, "opamp", wires)
    assert {"cwire2", "cwire3"} <= {device.name for device in again.subcircuits["opamp"].devices}


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        {},
        {"pairs": 1},
        {"pairs": [["a", "b"]]},
        {"pairs": [["a b", "c", 1e-15]]},
        {"pairs": [["a", "b", "x"]]},
        {"pairs": [["a", "b", 2.0]]},
        {"pairs": [["a", "b", True]]},
    ],
)
def test_wires_of_a_journal_that_are_none(data: object) -> None:
    assert wires_from(data) is None
