"""Output swing against the open loop's gain, input range against a sweep ten times as fine in the other direction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.evidence import cases

from .plain import MILLER, MIRROR, OTA, TELESCOPIC, OpAmp, ngspice


@pytest.mark.parametrize("amp", cases([MILLER, MIRROR, OTA, TELESCOPIC], "two_stage_miller"), ids=lambda amp: amp.name)
def test_ranges(amp: OpAmp, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    benches = {
        "s": {"template": "opamp_swing", "vcm": amp.vcm},
        "i": {"template": "opamp_icmr"},
    }
    corners = {"one": amp.corner, "two": amp.other}
    specs = {"output_swing": "s", "input_range": "i"}
    found = measured(amp.name, benches=benches, specs=specs, corners=corners)
    for label, corner in corners.items():
        deck = amp.deck(corner, "inn", f"Vinp inp 0 {amp.vcm}\nVinn inn 0 {amp.vcm}\n")
        [(axis, out)] = ngspice(deck, [(f"dc vinn {amp.vcm + 0.3} {amp.vcm - 0.3} -20u", "v(out)")])
        gain = np.abs(np.gradient(out, axis))
        # in a loop of gain −1 the slope is A / (A + 2)
        inside = out[gain >= 2 * 0.9 / 0.1]
        fine = amp.deck(corner, "out", f"Vinp inp 0 {amp.vcm}\n")
        [(sweep, follower)] = ngspice(fine, [(f"dc vinp {corner.vdd} 0 {-corner.vdd / 1800}", "v(out)")])
        bent = sweep[np.abs(np.gradient(follower, sweep) - 1) > 0.1]
        widest = float(np.max(-np.diff(np.concatenate([[corner.vdd], bent, [0.0]]))))
        # each end of a range lies within half a step of the program's sweep
        assert found[label]["output_swing"] == pytest.approx(float(np.ptp(inside)), abs=corner.vdd / 180), label
        assert found[label]["input_range"] == pytest.approx(widest, abs=corner.vdd / 180), label
