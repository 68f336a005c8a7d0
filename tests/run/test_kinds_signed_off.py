"""One circuit of each further kind: recognised by its connections, drafted, sized and signed off in a few corners."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evidence import cases

from .test_signoff_circuits import run

MODELS = """* a demonstration process
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n
"""
SUPPLY = 3.0


@dataclass(frozen=True)
class Kind:
    """`circuit`: ports and lines. `starts`: the start of the draft's answer. `specs`: those to size for."""

    circuit: str
    starts: str
    ports: str
    specs: str
    size: str = ""


KINDS = {
    "nand": Kind(
        "a b out vdd vss\nMN1 x a vss vss nch W=1u L=0.5u\nMN2 out b x vss nch W=1u L=0.5u\n"
        "MP1 out a vdd vdd pch W=1u L=0.5u\nMP2 out b vdd vdd pch W=1u L=0.5u",
        "gate",
        "in: a",
        "propagation_delay: {testbench: switch, maximum: 120p}\n  power: {testbench: switch, maximum: 400u}",
        "MN1.w",
    ),
    "shifter": Kind(
        "in out vdd vlow vss\nMN3 ib in vss vss nch W=1u L=0.5u\nMP3 ib in vlow vlow pch W=2u L=0.5u\n"
        "MN1 x in vss vss nch W=4u L=0.5u\nMN2 y ib vss vss nch W=4u L=0.5u\n"
        "MP1 x y vdd vdd pch W=1u L=0.5u\nMP2 y x vdd vdd pch W=1u L=0.5u\n"
        "MN4 out x vss vss nch W=2u L=0.5u\nMP4 out x vdd vdd pch W=4u L=0.5u",
        "level shifter",
        "vddl: vlow",
        "propagation_delay: {testbench: switch, maximum: 600p}\n  rise_time: {testbench: switch, maximum: 300p}",
        "MN1.w",
    ),
    "schmitt": Kind(
        "in out vdd vss\nMN1 x in vss vss nch W=2u L=0.5u\nMN2 out in x vss nch W=4u L=0.5u\n"
        "MN3 vdd out x vss nch W=1u L=0.5u\nMP1 y in vdd vdd pch W=5u L=0.5u\nMP2 out in y vdd pch W=10u L=0.5u\n"
        "MP3 vss out y vdd pch W=2u L=0.5u",
        "Schmitt trigger",
        "in: in",
        "hysteresis: {testbench: thresholds, minimum: 0.7}\n"
        "  threshold_rising: {testbench: thresholds, minimum: 1.5, maximum: 2.2}\n"
        "  propagation_delay: {testbench: switch, maximum: 1n}",
        "MN3.w",
    ),
    "tgate": Kind(
        "a y en vdd vss\nMN1 y en a vss nch W=2u L=0.5u\nMP1 y enb a vdd pch W=4u L=0.5u\n"
        "MD1 y enb y vss nch W=1u L=0.5u\nMNI enb en vss vss nch W=1u L=0.5u\nMPI enb en vdd vdd pch W=2u L=0.5u",
        "switch",
        "in: a, out: y, enb: none",
        "on_resistance: {testbench: closed, maximum: 1k}\n  off_leakage: {testbench: open, maximum: 4n}\n"
        "  hold_step: {testbench: hold, maximum: 20m}",
        "MN1.w",
    ),
    "ldo": Kind(
        "vref out ib vdd vss\nM1 g vref t vss nch W=20u L=0.5u\nM2 d fb t vss nch W=20u L=0.5u\n"
        "M3 d d vdd vdd pch W=10u L=0.5u\nM4 g d vdd vdd pch W=10u L=0.5u\nM5 t ib vss vss nch W=8u L=1u\n"
        "M6 ib ib vss vss nch W=2u L=1u\nMP out g vdd vdd pch W=2000u L=0.5u\nR1 out fb 100k\nR2 fb vss 200k\nCC out g 20p",
        "regulator with its divider",
        "out: out",
        "load_regulation: {testbench: load, maximum: 4}\n  dropout: {testbench: line, maximum: 300m}\n"
        "  quiescent_current: {testbench: ac, maximum: 100u}",
        "MP.w",
    ),
    "mirror": Kind(
        "ibin iout vpb vdd vss\nMN1 ibin ibin vss vss nch W=5u L=2u\nMN2 vpb ibin vss vss nch W=5u L=2u\n"
        "MP1 vpb vpb vdd vdd pch W=10u L=1u\nMP2 iout vpb vdd vdd pch W=20u L=1u",
        "current reference",
        "out: iout",
        "output_current: {testbench: drift, minimum: 9u, maximum: 13u}\n"
        "  compliance_range: {testbench: compliance, minimum: 2}",
        "MN1.l",
    ),
    "constant_gm": Kind(
        "ibias rset vdd vss\nMN1 nb nb vss vss nch W=10u L=2u\nMN2 pb nb rset vss nch W=40u L=2u\n"
        "MP1 nb pb vdd vdd pch W=10u L=2u\nMP2 pb pb vdd vdd pch W=10u L=2u\nMP3 ibias pb vdd vdd pch W=10u L=2u\n"
        "MS1 s nb vss vss nch W=40u L=1u\nMS2 s vss vdd vdd pch W=1u L=200u\nMS3 pb s vss vss nch W=1u L=1u",
        "current reference",
        "out: ibias",
        "output_current: {testbench: drift, minimum: 3u, maximum: 9u}\n  startup_time: {testbench: start, maximum: 5u}",
        "MN1.l",
    ),
    "ring": Kind(
        "en out vdd vss\nMN1 x e vss vss nch W=2u L=0.5u\nMN2 a en x vss nch W=2u L=0.5u\n"
        "MP1 a e vdd vdd pch W=2u L=0.5u\nMP2 a en vdd vdd pch W=2u L=0.5u\n"
        + "".join(
            f"MN{net} {net} {source} vss vss nch W=1u L=0.5u\nMP{net} {net} {source} vdd vdd pch W=2u L=0.5u\nC{net}"
            f" {net} vss 2p\n"
            for source, net in (("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"))
        )
        + "MNout out e vss vss nch W=1u L=0.5u\nMPout out e vdd vdd pch W=2u L=0.5u",
        "oscillator",
        "out: out",
        "oscillation_frequency: {testbench: run, minimum: 20M}\n  power: {testbench: run, maximum: 3m}",
        "MNB.w",
    ),
    "pump": Kind(
        "clk out vdd vss\nMN0 ck clk vss vss nch W=10u L=0.5u\nMP0 ck clk vdd vdd pch W=20u L=0.5u\n"
        "MN9 clkb ck vss vss nch W=10u L=0.5u\nMP9 clkb ck vdd vdd pch W=20u L=0.5u\n"
        "MN1 vdd vdd a vss nch W=20u L=0.5u\nMN2 a a b vss nch W=20u L=0.5u\nMN3 b b out vss nch W=20u L=0.5u\n"
        "C1 a ck 5p\nC2 b clkb 5p",
        "charge pump",
        "clkb: none",
        "pumped_voltage: {testbench: run, minimum: 5}\n  pump_ripple: {testbench: run, maximum: 100m}",
        "C1",
    ),
    "sram": Kind(
        "bl blb wl vdd vss\nMPD1 n1 n2 vss vss nch W=1u L=0.5u\nMPU1 n1 n2 vdd vdd pch W=0.5u L=0.5u\n"
        "MPD2 n2 n1 vss vss nch W=1u L=0.5u\nMPU2 n2 n1 vdd vdd pch W=0.5u L=0.5u\n"
        "MA1 bl wl n1 vss nch W=0.6u L=0.5u\nMA2 blb wl n2 vss nch W=0.6u L=0.5u",
        "SRAM cell",
        "q: n1, qb: n2",
        "hold_snm: {testbench: hold, minimum: 0.7}\n  read_snm: {testbench: read, minimum: 0.35}\n"
        "  write_snm: {testbench: write, minimum: 0.5}\n  read_current: {testbench: read, minimum: 100u}",
        "MPD1.w",
    ),
    "r2r": Kind(
        "d[3] d[2] d[1] d[0] vout vdd vss\n"
        + "".join(
            f"MN{bit} s{bit} n{bit} vss vss nch W=2u L=0.5u\nMP{bit} s{bit} n{bit} vdd vdd pch W=4u L=0.5u\n"
            f"MNI{bit} n{bit} d[{bit}] vss vss nch W=1u L=0.5u\nMPI{bit} n{bit} d[{bit}] vdd vdd pch W=2u L=0.5u\n"
            f"R2{bit} s{bit} {net} 20k\n"
            for bit, net in enumerate(("x0", "x1", "x2", "vout"))
        )
        + "RT x0 vss 20k\nRA x0 x1 10k\nRB x1 x2 10k\nRC x2 vout 10k",
        "digital-to-analog converter",
        "b0: 'd[0]', b1: 'd[1]', b2: 'd[2]', b3: 'd[3]', out: vout",
        "inl: {testbench: codes, maximum: 0.12}\n  dnl: {testbench: codes, maximum: 0.12}\n"
        "  power: {testbench: codes, maximum: 1m}",
        "MN0.w",
    ),
    "lna": Kind(
        "rfin rfout vb vdd vss\nLG rfin g 10n\nCX g s 100f\nM1 d g s vss nch W=200u L=0.2u\nLS s vss 0.6n\n"
        "M2 o vb d vss nch W=200u L=0.2u\nLD vdd o 6n\nRD vdd o 400\nCO o rfout 300f\nRB g bias 20k\n"
        "MB bias bias vss vss nch W=10u L=0.2u\nRR vdd bias 10k",
        "low-noise amplifier",
        "in: rfin, out: rfout",
        "s21: {testbench: ports, minimum: 10}\n  s11: {testbench: ports, maximum: -8}\n"
        "  noise_figure: {testbench: ports, maximum: 3}\n  stability_factor: {testbench: ports, minimum: 1}\n"
        "  power: {testbench: ports, maximum: 60m}",
        "LG",
    ),
    "biquad": Kind(
        "in out ib vdd vss\nMI ib ib vss vss nch W=4u L=1u\n"
        + "".join(
            f"MA{name} m{name} {plus} t{name} vss nch W=4u L=1u\nMB{name} {out} {minus} t{name} vss nch W=4u L=1u\n"
            f"MC{name} m{name} m{name} vdd vdd pch W=8u L=1u\nMD{name} {out} m{name} vdd vdd pch W=8u L=1u\n"
            f"MT{name} t{name} ib vss vss nch W=4u L=1u\n"
            for name, plus, minus, out in (("1", "in", "out", "x"), ("2", "x", "out", "out"))
        )
        + "C1 x vss 1p\nC2 out vss 2p",
        "filter",
        "in: in, out: out",
        "bandwidth: {testbench: band, minimum: 8M}\n  q_factor: {testbench: band, minimum: 0.7, maximum: 2}\n"
        "  output_noise_rms: {testbench: band, maximum: 400u}\n  power: {testbench: band, maximum: 200u}",
        "C1",
    ),
    "por": Kind(
        "resetb vdd vss\nR1 vdd s 300k\nR2 s t 180k\nR3 t vss 20k\nMH t a vss vss nch W=4u L=0.5u\n"
        "MN1 a s vss vss nch W=2u L=1u\nMP1 a vss vdd vdd pch W=1u L=10u\n"
        "MN2 b a vss vss nch W=1u L=0.5u\nMP2 b a vdd vdd pch W=2u L=0.5u\nR4 b d 1MEG\nC1 d vss 2p\n"
        "MN5 f d vss vss nch W=1u L=0.5u\nMP6 f d vdd vdd pch W=2u L=0.5u\n"
        "MN6 resetb f vss vss nch W=1u L=0.5u\nMP7 resetb f vdd vdd pch W=2u L=0.5u",
        "power-on reset",
        "out: resetb",
        "trip_rising: {testbench: threshold, minimum: 1.5, maximum: 2.5}\n"
        "  trip_hysteresis: {testbench: threshold, minimum: 60m}\n  reset_delay: {testbench: fast, minimum: 2u}\n"
        "  reset_glitch_slow: {testbench: slow, maximum: 0.3}",
        "R1",
    ),
    "lc": Kind(
        "outp outn vdd vss\nL1 vdd outp 20n\nL2 vdd outn 20n\nR1 vdd outp 2k\nR2 vdd outn 2k\nC1 outp outn 2p\n"
        "MN1 outp outn t vss nch W=20u L=0.5u\nMN2 outn outp t vss nch W=20u L=0.5u\n"
        "MN3 t b vss vss nch W=40u L=1u\nMN4 b b vss vss nch W=10u L=1u\nRB vdd b 10k",
        "oscillator",
        "out: outp",
        "oscillation_frequency: {testbench: run, minimum: 600M}\n  power: {testbench: run, maximum: 3m}",
        "MN1.w",
    ),
}
CORNERS = "corners: {cross: {process: [tt], vdd: [2.7, 3.3], temperature: [-40, 125]}}\n"


@pytest.mark.parametrize(
    "name", cases(KINDS, *sorted({*KINDS} - {"ring", "schmitt", "por", "pump", "lc", "shifter", "ldo"}))
)
def test_a_kind_is_recognised_sized_and_signed_off(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt {name} {kind.circuit}\n.ends\n")
    said = run(tmp_path, "init", "c.spice", "--supply", f"{SUPPLY:g}")
    draft = (tmp_path / "spec.yaml").read_text()
    assert said.startswith(f"{name}: {kind.starts}, own"), said
    ports = re.search(r"^ports: (.*)$", draft, re.MULTILINE)
    assert kind.ports in (ports[1] if ports else "in: in, out: out, vdd: vdd"), draft
    assert name != "constant_gm" or "bias: {rset: {resistance: 10k}}" in draft
    assert name != "ring" or "bias: {en: {voltage: vdd}}" in draft
    assert not re.search(r"could not be measured|^  #", draft, re.MULTILINE), draft
    assert kind.size in draft
    head = re.split(r"^specs:$", draft, flags=re.MULTILINE)[0]
    (tmp_path / "spec.yaml").write_text(f"{head}specs:\n  {kind.specs}\n{CORNERS}budget: {{simulations: 60}}\n")
    shown = run(tmp_path, "size", "spec.yaml", "--workers", "1", "--out", "run")
    assert re.search(r"re-simulated in 4 corners: met", shown), shown[-3000:]


def test_a_level_shifter_that_does_not_switch_is_said(tmp_path: Path) -> None:
    weak = KINDS["shifter"].circuit.replace("nch W=4u", "nch W=0.5u").replace("pch W=1u", "pch W=40u")
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt shifter {weak}\n.ends\n")
    said = run(tmp_path, "init", "c.spice", "--supply", "3")
    assert "testbench switch: out does not switch: its levels differ by" in said
