"""Supply current, power and offset: the current that comes out at ground, the mean of v·i of every source, and a DC
sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from tests.evidence import cases

from .plain import FOLDED, MILLER, MIRROR, OTA, Corner, OpAmp, circuit, ngspice


@pytest.mark.parametrize("amp", [MILLER, FOLDED, OTA, MIRROR], ids=lambda amp: amp.name)
def test_amplifier(amp: OpAmp, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {"n": {"template": "opamp_open_loop", "load": amp.load, "vcm": amp.vcm}}
    corners = {"one": amp.corner, "two": amp.other}
    found = measured(
        amp.name, benches=bench, specs=dict.fromkeys(("supply_current", "power", "input_offset"), "n"), corners=corners
    )
    for label, corner in corners.items():
        # open loop: the differential input that brings the output to the common mode
        deck = amp.deck(corner, "inn", f"Vinp inp 0 {amp.vcm}\nVinn inn 0 {amp.vcm}\n", foundry=amp is OTA)
        [(axis, out, ground)] = ngspice(deck, [(f"dc vinn {amp.vcm - 8e-3} {amp.vcm + 8e-3} 10u", "v(out) i(vvss)")])
        offset = abs(float(np.interp(amp.vcm, out[::-1], axis[::-1])) - amp.vcm)
        current = float(np.interp(amp.vcm, out[::-1], ground[::-1]))
        # the follower's offset is what the input needs, less 1/A of the output's way
        assert found[label]["input_offset"] == pytest.approx(offset, rel=5e-3, abs=1e-6), label
        assert found[label]["supply_current"] == pytest.approx(current, rel=1e-3), label
        assert found[label]["power"] == pytest.approx(current * corner.vdd, rel=1e-3), label


@dataclass(frozen=True)
class Comparator:
    """Common mode and difference at its inputs (V), its clock (Hz)."""

    name: str
    vcm: float
    vdiff: float
    clock: float
    corners: dict[str, Corner]


COMPARATORS = (
    Comparator("strongarm", 0.9, 2e-3, 500e6, {"one": Corner("tt", 1.8, 27), "two": Corner("ss", 1.62, 125)}),
    Comparator("double_tail", 1.5, 5e-3, 250e6, {"one": Corner("tt", 3.3, 27), "two": Corner("fs", 3.0, 125)}),
)


@pytest.mark.parametrize("own", cases([False, True], False), ids=["known sizing", "the netlist's own"])
@pytest.mark.parametrize("one", cases(COMPARATORS, "double_tail"), ids=lambda one: one.name)
def test_clocked(one: Comparator, own: bool, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {
        "c": {"template": "comparator", "load": 30e-15, "vcm": one.vcm, "vdiff": one.vdiff, "frequency": one.clock}
    }
    specs = {"power": "c", "delay": "c", "supply_current": "c"}
    found = measured(one.name, benches=bench, specs=specs, corners=one.corners, own_sizes=own)
    high, low, period = one.vcm + one.vdiff / 2, one.vcm - one.vdiff / 2, 1 / one.clock
    turns = f"{1.1 * period} 20p 20p {2 * period} {4 * period}"
    for label, corner in one.corners.items():
        # four cycles, the inputs turn every second one
        cards = (
            f"Vvdd vdd 0 {{vdd}}\nVvss vss 0 0\nVclk clk 0 pulse(0 {{vdd}} {period / 2} 20p 20p {0.49 * period}"
            f" {period})\nVp inp 0 pulse({high} {low} {turns})\nVn inn 0 pulse({low} {high} {turns})\nCp outp 0 30f\nCn"
            " outn 0 30f\n.option reltol=1e-5 abstol=1e-13 vntol=1e-8\n"
        )
        deck = circuit(one.name, corner, "inp inn outp outn clk vdd vss", cards, own_sizes=own)
        [(time, clk, p, n, i)] = ngspice(
            deck, [(f"tran {period / 4000} {4.5 * period} 0 {period / 4000}", "v(clk) v(outp) v(outn) i(vvdd)")]
        )
        late = (time >= 0.2 * period) & (time <= 4.2 * period)
        power = -float(np.trapezoid(i[late] * corner.vdd, time[late]) / (time[late][-1] - time[late][0]))
        assert found[label]["power"] == pytest.approx(power, rel=0.02), label
        worst = {}
        for share in (0.35, 0.5, 0.65):
            delays = []
            for cycle in range(4):
                edge = (cycle + 0.5) * period
                rising = (time >= edge) & (time < edge + 20e-12)
                window = (time >= edge) & (time <= edge + 0.49 * period)
                d = np.abs(p - n)[window]
                k = np.flatnonzero(d < share * corner.vdd)[-1]
                delays.append(time[window][k] - np.interp(corner.vdd / 2, clk[rising], time[rising]))
            worst[share] = max(delays)
        assert found[label]["delay"] == pytest.approx(worst[0.5], rel=0.02), label
        # it is a moment of the edge, not a hesitation: thresholds beside it lie as close as the edge is steep
        assert worst[0.35] < worst[0.5] < worst[0.65] < worst[0.35] + 0.3 * worst[0.5], label
