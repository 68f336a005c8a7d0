"""Oscillation frequency against the spectrum of a transient of its own; jitter against what the supply does to the frequency in steady state."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from .plain import Corner, circuit, ngspice

CORNERS = {"one": Corner("tt", 1.8, 27), "two": Corner("ff", 1.98, -40)}
EXPECTED, RIPPLE, CONTROL = 800e6, 10e-3, 1.2


def frequency(corner: Corner, extra: float, own: bool) -> tuple[float, float]:
    """(frequency in Hz, mean of v·i in W) with the supply raised by `extra`."""
    cards = f"Vvdd vdd 0 {corner.vdd + extra}\nVvss vss 0 0\nVc vctrl 0 {CONTROL}\nCload out 0 20f\nIk 0 out pulse(0 1m 50p 1p 1p 200p 1)\n.option reltol=1e-5 abstol=1e-14\n"
    [(time, out, i)] = ngspice(
        circuit("ring_vco", corner, "out vctrl vdd vss", cards, own_sizes=own), [("tran 5p 60n 20n 5p", "v(out) i(vvdd)")]
    )
    axis = np.linspace(time[0], time[-1], 2**15)
    wave = (np.interp(axis, time, out) - out.mean()) * np.hanning(axis.size)
    spectrum = np.abs(np.fft.rfft(wave))
    k = int(spectrum[1:].argmax()) + 1
    # the top of a Hann window's main lobe is a parabola in dB, nearly
    a, b, c = np.log(spectrum[k - 1 : k + 2])
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) / (axis[-1] - axis[0]), -float(np.trapezoid(i * corner.vdd, time) / (time[-1] - time[0]))


def test_ring(measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {
        "v": {"template": "vco", "control": CONTROL, "frequency": EXPECTED, "load": 20e-15},
        "j": {"template": "vco", "control": CONTROL, "frequency": EXPECTED, "load": 20e-15, "ripple": RIPPLE},
    }
    for own, label in ((False, "one"), (False, "two"), (True, "two")):
        specs = {"oscillation_frequency": "v", "power": "v", "period_jitter": "j"}
        corner = CORNERS[label]
        found = measured("ring_vco", benches=bench, specs=specs, corners={label: corner}, own_sizes=own)[label]
        f, power = frequency(corner, 0, own)
        up, down = frequency(corner, RIPPLE, own)[0], frequency(corner, -RIPPLE, own)[0]
        # the period follows the supply as in steady state, averaged over a period: sinc
        jitter = abs(1 / up - 1 / down) / 2 / math.sqrt(2) * float(np.sinc(EXPECTED / 7 / f))
        # the time step is a fiftieth of the period that was expected: the netlist's own sizes run 3.9 times as fast
        assert found["oscillation_frequency"] == pytest.approx(f, rel=0.02 if f > 3 * EXPECTED else 0.005), (own, label)
        assert found["period_jitter"] == pytest.approx(jitter, rel=0.05), (own, label)
        assert found["power"] == pytest.approx(power, rel=0.01), (own, label)
