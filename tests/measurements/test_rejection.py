"""CMRR and PSRR against a small sine in a transient: the ratio of amplitudes at the same frequency."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from .plain import FINE, FOLDED, MILLER, OpAmp, amplitude, ngspice

AT, SINE = 300e3, 5e-3
BENCHES = {
    # cards with a sine on what is disturbed; where the feedback comes from
    "cmrr": (f"Vinp inp 0 sin({{vcm}} {SINE} {AT})\nVinn inn out sin(0 {SINE} {AT})\n", "inn"),
    "psrr_plus": ("Vinp inp 0 {vcm}\n", "out"),
    "psrr_minus": ("Vinp inp 0 {vcm}\n", "out"),
}


@pytest.mark.parametrize("amp", [MILLER, FOLDED], ids=lambda amp: amp.name)
def test_rejection(amp: OpAmp, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    benches = {
        name: {"template": f"opamp_{name}", "load": amp.load, "vcm": amp.vcm, "at_frequency": AT} for name in BENCHES
    }
    corners = {"one": amp.corner, "two": amp.other}
    found = measured(amp.name, benches=benches, specs={name: name for name in BENCHES}, corners=corners)
    for label, corner in corners.items():
        for name, (cards, inn) in BENCHES.items():
            deck = amp.deck(corner, inn, cards.replace("{vcm}", repr(amp.vcm)) + FINE)
            if name == "psrr_plus":
                deck = deck.replace("Vvdd vdd 0 dc ", f"Vvdd vdd 0 dc {corner.vdd} sin({corner.vdd} {SINE} {AT})\n* ")
            if name == "psrr_minus":
                deck = deck.replace("Vvss vss 0 dc 0", f"Vvss vss 0 dc 0 sin(0 {SINE} {AT})")
            [(time, out)] = ngspice(deck, [(f"tran {0.005 / AT} {4 / AT} 0 {0.005 / AT}", "v(out)")])
            second = -20 * math.log10(abs(amplitude(time, out, AT)) / SINE)
            # 0.1 dB is 1 % of an output of some microvolts
            assert found[label][name] == pytest.approx(second, abs=0.1), (label, name)
