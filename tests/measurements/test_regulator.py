"""The regulator's DC metrics against sweeps of another step and direction, its steps against a transient 20 times as fine, its AC against a sine.

One regulator is shipped: two sizings of it, in two corners, are the circuits.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from .plain import FINE, Corner, amplitude, circuit, ngspice

CORNERS = {"one": Corner("tt", 1.8, 27), "two": Corner("sf", 1.75, 85)}
LOW, HIGH, CAP, AT = 50e-6, 5e-3, 100e-12, 300e3
COMMON = "Vvss vss 0 0\nIb vdd ib 5u\nVref vref 0 0.8\nRt out fb 100k\nRb fb 0 200k\n"
NODES = "vdd vss vref fb out ib"


def swept(corner: Corner, own: bool) -> dict[str, float]:
    """The DC metrics, swept upwards, with steps of their own."""
    head = COMMON + "Vvdd vdd 0 {vdd}\n.option reltol=1e-7 vntol=1e-9\n"
    deck = circuit("ldo", corner, NODES, head + f"Iload out 0 {HIGH}\n", own_sizes=own)
    [(supply, out, ground)] = ngspice(deck, [(f"dc vvdd 1.0 {1.05 * corner.vdd} 1m", "v(out) i(vvss)")])
    at = np.interp([0.95 * corner.vdd, corner.vdd, 1.05 * corner.vdd], supply, out)
    level = 0.98 * at[1]
    first = int(np.argmax((out >= level) & (supply > level)))
    deck = circuit("ldo", corner, NODES, head + f"Iload out 0 {HIGH}\n", own_sizes=own)
    [(load, loaded)] = ngspice(deck, [(f"dc iload {HIGH} {LOW} {-(HIGH - LOW) / 83}", "v(out)")])
    return {
        "line_regulation": abs(at[2] - at[0]) / (0.1 * corner.vdd),
        "dropout": float(supply[first] - level),
        # what comes out at ground: the amplifier's and, through the divider, out / 300 kΩ
        "quiescent_current": float(np.interp(corner.vdd, supply, ground)) + at[1] / 300e3,
        "load_regulation": abs(float(np.interp(LOW, load[::-1], loaded[::-1]) - np.interp(HIGH, load[::-1], loaded[::-1]))) / (HIGH - LOW),
    }


def dynamic(corner: Corner, own: bool) -> dict[str, float]:
    """Excursions in a transient, PSRR from a sine, noise over a grid ten times as fine."""
    passive = COMMON + f"Cload out esr {CAP}\nResr esr 0 0.1\n"
    pulse = f"Vvdd vdd 0 {{vdd}}\nIload out 0 dc {LOW} pulse({LOW} {HIGH} 1u 100n 100n 11.9u 1)\n"
    [(time, out)] = ngspice(circuit("ldo", corner, NODES, passive + pulse + FINE, own_sizes=own), [("tran 2n 25u 0 2n", "v(out)")])
    rest, loaded, end = (float(np.interp(moment, time, out)) for moment in (0.99e-6, 12.99e-6, 25e-6))
    falls, rises = (time > 1e-6) & (time < 13e-6), time > 13e-6
    sine = f"Vvdd vdd 0 sin({{vdd}} 2m {AT})\nIload out 0 {HIGH}\n"
    deck = circuit("ldo", corner, NODES, passive + sine + FINE, own_sizes=own)
    [(moments, wave)] = ngspice(deck, [(f"tran 20n {4 / AT} 0 20n", "v(out)")])
    quiet = circuit("ldo", corner, NODES, passive + f"Vvdd vdd 0 {{vdd}} ac 1\nIload out 0 {HIGH}\n", own_sizes=own)
    [(axis, density)] = ngspice(quiet, [("noise v(out) vvdd dec 100 1k 1meg; setplot noise1", "onoise_spectrum")])
    return {
        "load_undershoot": min(rest, loaded) - float(out[falls].min()),
        "load_overshoot": float(out[rises].max()) - max(loaded, end),
        "psrr_plus": -20 * math.log10(abs(amplitude(moments, wave, AT)) / 2e-3),
        "output_noise": float(np.exp(np.interp(math.log(37e3), np.log(axis), np.log(density)))),
    }


@pytest.mark.parametrize("own", [False, True], ids=["known sizing", "the netlist's own"])
def test_regulator(own: bool, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    divider = {"vref": 0.8, "r_top": "100k", "r_bottom": "200k"}
    benches = {
        "line": {"template": "ldo_line", "load_current": HIGH, **divider},
        "load": {"template": "ldo_load", "load_current": HIGH, "load_low": LOW, **divider},
        "ac": {"template": "ldo_ac", "load_current": HIGH, "load": CAP, "at_frequency": AT, "noise_frequency": 37e3, **divider},
        "step": {"template": "ldo_step", "load_current": HIGH, "load_low": LOW, "load": CAP, "hold": "4u", "edge": "100n", **divider},
    }
    specs = {
        "line_regulation": "line", "dropout": "line", "load_regulation": "load", "psrr_plus": "ac", "quiescent_current": "ac", "output_noise": "ac",
        "load_undershoot": "step", "load_overshoot": "step",
    }  # fmt: skip
    found = measured("ldo", benches=benches, specs=specs, corners=CORNERS, own_sizes=own)
    for label, corner in CORNERS.items():
        second = {**swept(corner, own), **dynamic(corner, own)}
        # dropout is read at a step of 1 mV, PSRR is in dB, excursions fall between two of the program's time points
        tolerance = {"dropout": 1.5e-3, "psrr_plus": 0.1}
        for name in specs:
            assert found[label][name] == pytest.approx(second[name], rel=0 if name in tolerance else 0.01, abs=tolerance.get(name, 0)), (
                label,
                name,
            )
