"""The parameters of a draft are those that a designer would turn."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from eda_agent.problem.draft import Draft, read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.spec import Problem

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
RES = "sky130_fd_pr__res_high_po"


def drafted(folder: Path, text: str) -> tuple[Draft, Problem]:
    (folder / "c.spice").write_text(text)
    draft = read_circuit(folder / "c.spice", folder)
    (folder / "spec.yaml").write_text(write_draft(draft, "c.spice"))
    return draft, load_problem(folder / "spec.yaml")


def reference(resistor: str, size: str) -> str:
    """A self-biased current that makes a voltage across a resistor."""
    return f"""* reference
.subckt c vref vdd vss
XM1 a b vdd vdd {P} W=5 L=2 m=4
XM2 b b vdd vdd {P} W=5 L=2 m=4
XM3 vref b vdd vdd {P} W=5 L=2 m=4
XM4 a a vss vss {N} W=5 L=1 m=1
XM5 b a s vss {N} W=5 L=1 m=8
XR1 s vss vdd {resistor} {size}
XR2 vref vss vdd {resistor} {size.replace("7", "70")}
.ends
"""


@pytest.mark.parametrize("width", ["0p35", "0p69", "1p41", "2p85", "5p73"])
def test_a_resistor_model_of_one_width_has_no_width_to_size(width: str, tmp_path: Path) -> None:
    text = reference(f"{RES}_{width}", f"W={width.replace('p', '.')} L=7")
    _, problem = drafted(tmp_path, text)
    assert {name for name in problem.space.names if name.startswith("XR")} == {"XR1.l", "XR2.l"}


def test_a_parameter_that_only_names_such_a_width_is_none_either(tmp_path: Path) -> None:
    text = reference(f"{RES}_0p35", "W=wr L=7").replace(".subckt", ".param wr=0.35\n.subckt")
    _, problem = drafted(tmp_path, text)
    assert "wr" not in problem.space.names


def test_the_width_of_a_free_model_is_a_parameter(tmp_path: Path) -> None:
    _, problem = drafted(tmp_path, reference(RES, "W=1 L=7"))
    assert {"XR1.w", "XR1.l"} <= set(problem.space.names)


def test_only_the_limits_of_a_pdk_file_make_a_size_free() -> None:
    devices = find_pdk("sky130A").devices
    assert devices[f"{RES}_1p41"].free == ("l",) and devices[RES].free == ("w", "l")
    assert devices["sky130_fd_pr__diode_pw2nd_05v5"].free == ()
    assert find_pdk("gf180mcuD").devices["ppolyf_u"].free == ("r_width", "r_length")


BIPOLAR = "sky130_fd_pr__pnp_05v5_W3p40L3p40"


def test_bipolars_in_parallel_are_one_number_and_a_ratio(tmp_path: Path) -> None:
    units = "".join(f"XQ{k} vss vss e2 {BIPOLAR} m=1\n" for k in range(8))
    _, problem = drafted(
        tmp_path,
        reference(RES, "W=1 L=7").replace(
            ".ends", f"{units}XQA vss vss a {BIPOLAR} m=1\nXQB vss vss b {BIPOLAR} m=1\n.ends"
        ),
    )
    assert {name for name in problem.space.names if name.startswith("XQ")} == {"XQ0.m", "XQA.m", "XQB.m"}
    assert len(problem.space.edits({**problem.space.initial, "XQ0.m": 3}).keys()) >= 8


def test_one_resistor_is_sized_by_its_length(tmp_path: Path) -> None:
    text = reference(RES, "W=1 L=7 m=1").replace("W=1 L=70 m=1", "W=1 L=70 m=2")
    _, problem = drafted(tmp_path, text)
    assert "XR1.m" not in problem.space.names and "XR2.m" in problem.space.names


@pytest.mark.parametrize(("value", "sized"), [("100Meg", False), ("50Meg", False), ("5Meg", True)])
def test_a_resistor_that_no_chip_has_is_not_sized(value: str, sized: bool, tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, reference(RES, "W=1 L=7").replace(".ends", f"RLOAD vref vss {value}\n.ends"))
    assert ("RLOAD" in problem.space.names) == sized
    assert any("rload keeps" in note for note in draft.noticed) != sized


def test_of_too_many_sizes_those_that_a_designer_turns_come_first(tmp_path: Path) -> None:
    """An amplifier, a divider, 14 currents and 6 bipolars: more than 40 sizes."""
    body = f"XM1 d1 fb t vdd {P} W=8 L=0.5\nXM2 out ref t vdd {P} W=8 L=0.5\nXM3 d1 d1 vss vss {N} W=2 L=1\n"
    body += f"XM4 out d1 vss vss {N} W=2 L=1\nXM5 t ib vdd vdd {P} W=4 L=1 m=4\nXM6 ib ib vdd vdd {P} W=4 L=1 m=2\n"
    body += "".join(f"XQ{k} vss vss e{k} {BIPOLAR} m={k}\n" for k in range(1, 7))
    for k in range(1, 15):
        length = 0.5 + k / 10
        body += f"XA{k} i{k} i{k} vss vss {N} W=2 L={length} m=1\nXB{k} e{k % 6 + 1} i{k} vss vss {N} W=2 L={length} m={k}\n"
        body += f"XC{k} i{k} ib vdd vdd {P} W=4 L=1 m={k % 3 + 2}\n"
    body += f"XRT out fb vdd {RES} W=1 L=20\nXRB fb vss vdd {RES} W=1 L=9\n"
    (tmp_path / "c.spice").write_text(f"* t\n.subckt c ref out ib vdd vss\n{body}.ends\n")
    draft = read_circuit(tmp_path / "c.spice", tmp_path)
    names = set(yaml.safe_load(write_draft(draft, "c.spice"))["parameters"])
    assert len(names) == 40
    assert {"XM1.w", "XM1.l", "XM3.w", "XM3.l", "XM5.w", "XM5.l", "XRT.l", "XRB.l"} <= names
    assert not any(name.startswith("XQ") for name in names)
    assert any("which of" in doubt and "XQ" in doubt for doubt in draft.doubts)
