"""A regulator with its divider inside measures as the same regulator with the divider in the testbench."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.api import load, simulate

MODELS = """.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 cgso=200p tox=8n kf=1e-26
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 cgso=200p tox=8n
"""
CORE = """M1 g vref t vss nch W=20u L=0.5u
M2 d fb t vss nch W=20u L=0.5u
M3 d d vdd vdd pch W=10u L=0.5u
M4 g d vdd vdd pch W=10u L=0.5u
M5 t ib vss vss nch W=8u L=1u
M6 ib ib vss vss nch W=2u L=1u
MP out g vdd vdd pch W={wp} L=0.5u
CC out g 20p
"""
METRICS = {
    "ac": ("psrr_plus", "quiescent_current", "output_noise"),
    "line": ("line_regulation", "dropout"),
    "load": ("load_regulation",),
    "step": ("load_undershoot", "load_overshoot"),
}
SENSE = {"psrr_plus": "minimum"}


def measured(folder: Path, ports: str, extra: str, family: str, bias: str, settings: str) -> dict[str, float]:
    folder.mkdir()
    (folder / "c.spice").write_text(f"* regulator\n{MODELS}.param wp=2000u\n.subckt ldo {ports}\n{CORE}{extra}.ends\n")
    loads = {"ac": ", load: 100p", "step": ", load: 100p"}
    benches = "".join(f"  {name}: {{template: {family}_{name}{settings}{loads.get(name, '')}}}\n" for name in METRICS)
    specs = "".join(
        f"  {metric}: {{testbench: {name}, {SENSE.get(metric, 'maximum')}: 1}}\n"
        for name, metrics in METRICS.items()
        for metric in metrics
    )
    (folder / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: ldo\npdk: own\nparameters:\n  wp: {min: 100u, max: 5000u}\n"
        f"bias: {{ib: {{current: 5u}}{bias}}}\ntestbenches:\n{benches}specs:\n{specs}"
        "corners:\n  nominal: {process: tt, vdd: 3, temperature: 27}\n"
    )
    found = simulate(load(folder))
    return {name: float(found[name] or 0.0) for name in found}


def test_the_divider_may_stand_inside_or_in_the_testbench(tmp_path: Path) -> None:
    divider = "R1 out fb 100k\nR2 fb vss 100k\n"
    inside = measured(
        tmp_path / "a", "vref out ib vdd vss", divider, "regulator", ", vref: {voltage: 1.2}", ", load_current: 1m"
    )
    given = ", load_current: 1m, vref: 1.2, r_top: 100k, r_bottom: 100k"
    outside = measured(tmp_path / "b", "vref fb out ib vdd vss", "", "ldo", "", given)
    assert len(inside) == 8 and all(value > 0 for value in inside.values()), (inside, outside)
    assert inside == pytest.approx(outside, rel=2e-4)
