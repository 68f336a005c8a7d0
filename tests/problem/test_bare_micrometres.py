"""Sizes without a unit are micrometres where metres are no transistor; 5 V devices have a supply and a length of their
own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.draft.conditions import supply_of
from eda_agent.problem.load import load_problem

JUNCTIONS = "ad='int((nf+1)/2) * W/nf * 0.18u' nrd='0.18u / W'"
MIRROR = """* a mirror as xschem writes it
.subckt mirror iout ib vss
XM1 iout ib vss vss {model} L={length} W={width} nf=5 {junctions}
XM2 ib ib vss vss {model} L={length} W={width} nf=5 {junctions}
.ends
"""


def sized(folder: Path, model: str, length: str, width: str) -> tuple[str, dict[str, float], float]:
    """(the drafted netlist, parameter → start, supply)."""
    text = MIRROR.format(model=model, length=length, width=width, junctions=JUNCTIONS)
    (folder / "mirror.spice").write_text(text)
    draft = read_circuit(folder / "mirror.spice", folder)
    (folder / "spec.yaml").write_text(write_draft(draft, Path(draft.source).name))
    space = load_problem(folder).space
    return " ".join(draft.changed), {one.name: one.initial for one in space.parameters}, supply_of(draft)


@pytest.mark.parametrize(("length", "width"), [("0.28", "7.5"), ("0.28u", "7.5u"), ("2.8e-7", "7.5e-6")])
def test_a_length_of_28_cm_is_one_of_280_nm(tmp_path: Path, length: str, width: str) -> None:
    said, first, _ = sized(tmp_path, "nfet_03v3", length, width)
    assert first["XM1.l"] == pytest.approx(280e-9)
    assert first["XM1.w"] == pytest.approx(7.5e-6)
    assert ("taken as micrometres" in said) == (length == "0.28")


def test_a_5_v_device_has_5_v_and_the_length_of_its_models(tmp_path: Path) -> None:
    said, first, supply = sized(tmp_path, "nfet_05v0", "0.6u", "7.5u")
    assert supply == 5
    assert first["XM1.l"] == pytest.approx(700e-9)
    assert "L of XM1 is 600 nm, below the smallest of nfet_05v0: now 700 nm" in said


def test_a_6_v_device_keeps_its_supply(tmp_path: Path) -> None:
    assert sized(tmp_path, "nfet_06v0", "1u", "7.5u")[2] == 6
