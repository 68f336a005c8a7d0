"""Roles are those that a designer would name, in circuits beyond the shipped ones."""

from __future__ import annotations

from pathlib import Path

from eda_agent.problem.draft import read_circuit

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
BIPOLAR = "sky130_fd_pr__pnp_05v5_W3p40L3p40"
SIZE = "W=5 L=1"


def roles(folder: Path, ports: str, body: str) -> dict[str, str]:
    (folder / "c.spice").write_text(f"* c\n.subckt c {ports}\n{body}.ends\n")
    return dict(read_circuit(folder / "c.spice", folder).structure.roles)


CORE = f"""XM1 a b vdd vdd {P} {SIZE}
XM2 b b vdd vdd {P} {SIZE}
XM3 vref b vdd vdd {P} {SIZE}
XM4 a a e1 vss {N} {SIZE}
XM5 b a s vss {N} {SIZE}
XQ1 vss vss e1 {BIPOLAR} m=1
XQ2 vss vss e2 {BIPOLAR} m=8
XQ3 vss vss e3 {BIPOLAR} m=1
R1 s e2 10k
R2 vref e3 90k
"""
START = f"""XS1 k b vdd vdd {P} {SIZE}
XS2 g b k vdd {P} {SIZE}
XS3 a g b vdd {P} {SIZE}
XS4 g g h vss {N} W=1 L=7
XS5 h h vss vss {N} W=1 L=7
"""


def test_a_bandgap(tmp_path: Path) -> None:
    found = roles(tmp_path, "vref vdd vss", CORE)
    assert found == {
        "xm1": "bias source",
        "xm2": "bias diode",
        "xm3": "current source",
        "xm4": "bias diode",
        "xm5": "bias source",
        "r1": "current-setting resistor",
        "r2": "load resistor",
    }


def test_a_start_up_circuit_between_the_gates_of_a_reference(tmp_path: Path) -> None:
    found = roles(tmp_path, "vref vdd vss", CORE + START)
    assert {name for name, role in found.items() if role == "start-up"} == {"xs1", "xs2", "xs3", "xs4", "xs5"}
    assert found["xm5"] == "bias source"


def test_devices_in_series_with_one_gate_are_one(tmp_path: Path) -> None:
    body = f"XM1 x ib vss vss {N} {SIZE}\nXM2 out ib x vss {N} {SIZE}\nXM3 ib ib vss vss {N} {SIZE}\n"
    body += f"XM4 out c y vdd {P} {SIZE}\nXM5 y ib2 vdd vdd {P} {SIZE}\nXM6 ib2 ib2 vdd vdd {P} {SIZE}\n"
    body += f"XM7 c c vdd vdd {P} {SIZE}\nXM8 c ib vss vss {N} {SIZE}\n"
    found = roles(tmp_path, "out ib ib2 vdd vss", body)
    assert found["xm2"] == found["xm1"]
    assert found["xm4"] == "cascode pmos"


def test_the_amplifier_and_the_divider_of_a_regulator(tmp_path: Path) -> None:
    body = f"XM1 d1 vref t vss {N} {SIZE}\nXM2 g fb t vss {N} {SIZE}\nXM3 d1 d1 vdd vdd {P} {SIZE}\n"
    body += f"XM4 g d1 vdd vdd {P} {SIZE}\nXM5 t ib vss vss {N} {SIZE}\nXM6 ib ib vss vss {N} {SIZE}\n"
    body += f"XM7 out g vdd vdd {P} W=50 L=0.5\nR1 out fb 20k\nR2 fb vss 10k\nRz g z 1k\nCc z out 1p\n"
    found = roles(tmp_path, "vref out ib vdd vss", body)
    assert (found["xm1"], found["xm2"]) == ("input pair", "input pair")
    assert (found["r1"], found["r2"]) == ("divider resistor", "divider resistor")
    assert (found["rz"], found["cc"]) == ("nulling resistor", "compensation capacitor")
    # without its capacitor it nulls nothing
    assert roles(tmp_path, "vref out ib vdd vss", body.replace("Cc z out 1p\n", ""))["rz"] != "nulling resistor"


def test_stacked_inverters_are_no_pair(tmp_path: Path) -> None:
    """A Schmitt trigger: two devices stand on one net, but the device below has the gate of one of them."""
    body = f"XM1 m a vss vss {N} {SIZE}\nXM2 x a m vss {N} {SIZE}\nXM3 vdd x m vss {N} {SIZE}\n"
    body += f"XM4 p a vdd vdd {P} {SIZE}\nXM5 x a p vdd {P} {SIZE}\nXM6 vss x p vdd {P} {SIZE}\n"
    body += f"XM7 y x m vss {N} {SIZE}\nXM8 y x vdd vdd {P} {SIZE}\n"
    assert not {"inner pair", "input pair"} & set(roles(tmp_path, "a y vdd vss", body).values())


def test_the_second_pair_of_an_amplifier_is_an_inner_one(tmp_path: Path) -> None:
    body = f"XM1 x inp t vss {N} {SIZE}\nXM2 y inn t vss {N} {SIZE}\nR1 vdd x 10k\nR2 vdd y 10k\n"
    body += f"XM3 q x u vss {N} {SIZE}\nXM4 out y u vss {N} {SIZE}\nXM5 q q vdd vdd {P} {SIZE}\n"
    body += f"XM6 out q vdd vdd {P} {SIZE}\nXM7 t ib vss vss {N} {SIZE}\nXM8 u ib vss vss {N} {SIZE}\n"
    body += f"XM9 ib ib vss vss {N} {SIZE}\n"
    found = roles(tmp_path, "inp inn out ib vdd vss", body)
    assert (found["xm1"], found["xm3"], found["r1"]) == ("input pair", "inner pair", "load resistor")
