"""Sizes of calls of a PDK that counts micrometres: expressions and named sizes in metres, and microns in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.problem.draft.circuit import read_circuit
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.pdk.stub_devices import stub_devices

CALLS = """* t
.param W1=27 wn=10u
.subckt ota inp inn out vdd vss ib W5=10
XM1 x inn t vss sky130_fd_pr__nfet_01v8 W={W1*1u} L=0.5u
XM2 out inp t vss sky130_fd_pr__nfet_01v8 W={W1*1u} L="500n"
XM3 x x vdd vdd sky130_fd_pr__pfet_01v8 W={W1*1u}
+ L={0.5u}
XM4 out x vdd vdd sky130_fd_pr__pfet_01v8 W=27u L='0.5 u'
XM5 t ib vss vss sky130_fd_pr__nfet_01v8 W={W5*1u} L="1 micron" nf = 2
XM6 ib ib vss vss sky130_fd_pr__nfet_01v8 W={wn} L=1micron
.ends
"""


def test_calls_in_metres_have_the_unit_of_the_pdk(tmp_path: Path) -> None:
    path = tmp_path / "c.spice"
    path.write_text(CALLS)
    text = read_circuit(path, tmp_path, "sky130A").netlist_text
    scope = {"W1": 27, "W5": 10, "wn": float(re.findall(r"wn=(\S+)", text)[0])}
    sizes = []
    for device in re.findall(r"^XM.*(?:\n\+.*)*", text, re.MULTILINE):
        values = [re.search(rf"\b{side}=(\S+)", device)[1].strip("'{}") for side in "WL"]  # type: ignore[index]  # both are there
        # a product of names and plain numbers: a unit behind a number is no Python
        sizes.append([eval(value, {}, scope) for value in values])
    assert sizes == [pytest.approx(pair) for pair in [[27, 0.5]] * 4 + [[10, 1]] * 2]
    assert "micron" not in text and '"' not in text


def test_names_alone_that_are_given_in_metres(tmp_path: Path) -> None:
    """`.param wn=4.5e-05` beside calls that count micrometres: no device is 45 pm wide, whatever its name."""
    text = (
        "* c\n.subckt c inp out vdd vss\n.param wn=4.5e-05\n.param ln=2u\n.param wp=20\n.param lp=1\n"
        "XM1 out inp vss vss sky130_fd_pr__nfet_01v8 W={wn} L={ln}\n"
        "XM2 out inp vdd vdd sky130_fd_pr__pfet_01v8 W={wp} L={lp}\n.ends\n"
    )
    path = tmp_path / "c.spice"
    path.write_text(text)
    draft = read_circuit(path, tmp_path, "sky130A")
    flat = Elaboration(draft.netlist, draft.subckt, stub_devices(draft.pdk)).devices({})
    sizes = {device.label: device.values for device in flat}
    assert (sizes["xm1"]["w"], sizes["xm1"]["l"]) == pytest.approx((45.0, 2.0))
    assert (sizes["xm2"]["w"], sizes["xm2"]["l"]) == pytest.approx((20.0, 1.0))
