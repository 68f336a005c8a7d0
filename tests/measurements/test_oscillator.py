"""Oscillation frequency against the spectrum of a transient of its own; jitter against what the supply does to the
frequency in steady state.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from .plain import Corner, circuit, ngspice

RIPPLE = 10e-3


@dataclass(frozen=True)
class Ring:
    """An oscillator with its control voltage (V), its expected frequency (Hz), and what is compared: (label of the
    corner, at the netlist's own sizes?).
    """

    name: str
    control: float
    expected: float
    corners: dict[str, Corner]
    cases: tuple[tuple[str, bool], ...]


RINGS = (
    Ring(
        "ring_vco",
        1.2,
        800e6,
        {"one": Corner("tt", 1.8, 27), "two": Corner("ff", 1.98, -40)},
        (("one", False), ("two", False), ("two", True)),
    ),
    Ring(
        "lee_kim_vco",
        0.8,
        2e9,
        {"one": Corner("tt", 3.3, 27), "two": Corner("ss", 3.0, 125)},
        (("one", True), ("two", False)),
    ),
)


def frequency(ring: Ring, corner: Corner, extra: float, own: bool) -> tuple[float, float]:
    """(frequency in Hz, mean of v·i in W) with the supply raised by `extra`."""
    step = 4e-3 / ring.expected
    cards = (
        f"Vvdd vdd 0 {corner.vdd + extra}\nVvss vss 0 0\nVc vctrl 0 {ring.control}\nCload out 0 20f\nIk 0 out pulse(0"
        " 1m 50p 1p 1p 200p 1)\n.option reltol=1e-5 abstol=1e-14\n"
    )
    [(time, out, i)] = ngspice(
        circuit(ring.name, corner, "out vctrl vdd vss", cards, own_sizes=own),
        [(f"tran {step} {48 / ring.expected} {16 / ring.expected} {step}", "v(out) i(vvdd)")],
    )
    axis = np.linspace(time[0], time[-1], 2**15)
    wave = (np.interp(axis, time, out) - out.mean()) * np.hanning(axis.size)
    middle, width = (int(np.abs(np.fft.rfft(wave))[1:].argmax()) + 1) / (axis[-1] - axis[0]), 1 / (axis[-1] - axis[0])
    for _ in range(4):
        near = np.linspace(middle - width, middle + width, 21)
        middle, width = float(near[np.abs(np.exp(-2j * np.pi * np.outer(near, axis)) @ wave).argmax()]), width / 8
    return middle, -float(np.trapezoid(i * corner.vdd, time) / (time[-1] - time[0]))


@pytest.mark.parametrize(
    ("ring", "label", "own"),
    [
        pytest.param(
            ring,
            label,
            own,
            marks=() if (ring.name, label) == ("lee_kim_vco", "one") else pytest.mark.evidence,
            id=f"{ring.name}-{label}-{own}",
        )
        for ring in RINGS
        for label, own in ring.cases
    ],
)
def test_ring(ring: Ring, label: str, own: bool, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {
        "v": {"template": "vco", "control": ring.control, "frequency": ring.expected, "load": 20e-15},
        "j": {"template": "vco", "control": ring.control, "frequency": ring.expected, "load": 20e-15, "ripple": RIPPLE},
    }
    specs = {"oscillation_frequency": "v", "power": "v", "period_jitter": "j"}
    corner = ring.corners[label]
    found = measured(ring.name, benches=bench, specs=specs, corners={label: corner}, own_sizes=own)[label]
    f, power = frequency(ring, corner, 0, own)
    up, down = frequency(ring, corner, RIPPLE, own)[0], frequency(ring, corner, -RIPPLE, own)[0]
    # the period follows the supply as in steady state, averaged over a period: sinc
    jitter = abs(1 / up - 1 / down) / 2 / math.sqrt(2) * float(np.sinc(ring.expected / 7 / f))
    # the time step is a fiftieth of the period that was expected: ring_vco's own sizes run 3.9 times as fast
    assert found["oscillation_frequency"] == pytest.approx(f, rel=0.02 if f > 3 * ring.expected else 0.005), (
        own,
        label,
    )
    assert found["period_jitter"] == pytest.approx(jitter, rel=0.05), (own, label)
    assert found["power"] == pytest.approx(power, rel=0.01), (own, label)
