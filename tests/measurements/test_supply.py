"""Supply current, power and offset: the current that comes out at ground, the mean of v·i of every source, and a DC sweep."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .plain import FOLDED, MILLER, MIRROR, OTA, Corner, OpAmp, circuit, ngspice


@pytest.mark.parametrize("amp", [MILLER, FOLDED, OTA, MIRROR], ids=lambda amp: amp.name)
def test_amplifier(amp: OpAmp, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {"n": {"template": "opamp_open_loop", "load": amp.load, "vcm": amp.vcm}}
    corners = {"one": amp.corner, "two": amp.other}
    found = measured(amp.name, benches=bench, specs=dict.fromkeys(("supply_current", "power", "input_offset"), "n"), corners=corners)
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


def test_clocked(measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    corners = {"one": Corner("tt", 1.8, 27), "two": Corner("ss", 1.62, 125)}
    bench = {"c": {"template": "comparator", "load": 30e-15, "vcm": 0.9, "vdiff": 2e-3, "frequency": 500e6}}
    found = measured("strongarm", benches=bench, specs={"power": "c", "delay": "c", "supply_current": "c"}, corners=corners)
    for label, corner in corners.items():
        cards = (
            "Vvdd vdd 0 {vdd}\nVvss vss 0 0\nVclk clk 0 pulse(0 {vdd} 1n 20p 20p 980p 2n)\nVp inp 0 pulse(0.901 0.899 2.2n 20p 20p 4n 8n)\n"
            "Vn inn 0 pulse(0.899 0.901 2.2n 20p 20p 4n 8n)\nCp outp 0 30f\nCn outn 0 30f\n.option reltol=1e-5 abstol=1e-15 vntol=1e-8\n"
        )
        deck = circuit("strongarm", corner, "inp inn outp outn clk vdd vss", cards)
        [(time, clk, p, n, i)] = ngspice(deck, [("tran 0.5p 9n 0 0.5p", "v(clk) v(outp) v(outn) i(vvdd)")])
        # four cycles later than the program looks at, the inputs turn every second one
        late = (time >= 0.4e-9) & (time <= 8.4e-9)
        power = -float(np.trapezoid(i[late] * corner.vdd, time[late]) / (time[late][-1] - time[late][0]))
        assert found[label]["power"] == pytest.approx(power, rel=0.02), label
        worst = {}
        for share in (0.35, 0.5, 0.65):
            delays = []
            for edge in (1e-9, 3e-9, 5e-9, 7e-9):
                start = np.interp(
                    corner.vdd / 2, clk[(time >= edge) & (time < edge + 20e-12)], time[(time >= edge) & (time < edge + 20e-12)]
                )
                window = (time >= edge) & (time <= edge + 0.98e-9)
                d = np.abs(p - n)[window]
                k = np.flatnonzero(d < share * corner.vdd)[-1]
                delays.append(time[window][k] - start)
            worst[share] = max(delays)
        assert found[label]["delay"] == pytest.approx(worst[0.5], rel=0.02), label
        # it is a moment of the edge, not a hesitation: thresholds beside it lie as close as the edge is steep
        assert worst[0.35] < worst[0.5] < worst[0.65] < worst[0.35] + 0.3 * worst[0.5], label
