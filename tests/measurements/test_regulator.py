"""Regulators' DC metrics against sweeps of another step and direction, their steps against a transient 20 times as
fine, their AC against a sine, their loop gain against injection elsewhere.

One regulator is shipped, with a pmos pass device; another with an nmos one stands beside these tests. Each at two
sizings, in two corners.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.evidence import cases

from .plain import FINE, Corner, Real, amplitude, circuit, ngspice

HIGH, CAP, AT = 5e-3, 100e-12, 300e3


@dataclass(frozen=True)
class Regulator:
    """`low`: its small load (A). The large one is `HIGH`."""

    name: str
    low: float
    corners: dict[str, Corner]


REGULATORS = (
    Regulator("ldo", 50e-6, {"one": Corner("tt", 1.8, 27), "two": Corner("sf", 1.75, 85)}),
    Regulator("nmos_ldo", 500e-6, {"one": Corner("tt", 3.3, 27), "two": Corner("fs", 3.1, 85)}),
)
COMMON = "Vvss vss 0 0\nIb vdd ib 5u\nVref vref 0 0.8\nRt out fb 100k\nRb fb 0 200k\n"
NODES = "vdd vss vref fb out ib"


def swept(one: Regulator, corner: Corner, own: bool) -> dict[str, float]:
    """The DC metrics, swept upwards, with steps of their own."""
    head = COMMON + "Vvdd vdd 0 {vdd}\n.option reltol=1e-7 vntol=1e-9\n"
    deck = circuit(one.name, corner, NODES, head + f"Iload out 0 {HIGH}\n", own_sizes=own)
    [(supply, out, ground)] = ngspice(deck, [(f"dc vvdd 1.0 {1.05 * corner.vdd} 1m", "v(out) i(vvss)")])
    at = np.interp([0.95 * corner.vdd, corner.vdd, 1.05 * corner.vdd], supply, out)
    level = 0.98 * at[1]
    first = int(np.argmax((out >= level) & (supply > level)))
    deck = circuit(one.name, corner, NODES, head + f"Iload out 0 {HIGH}\n", own_sizes=own)
    [(load, loaded)] = ngspice(deck, [(f"dc iload {HIGH} {one.low} {-(HIGH - one.low) / 83}", "v(out)")])
    return {
        "line_regulation": abs(at[2] - at[0]) / (0.1 * corner.vdd),
        "dropout": float(supply[first] - level),
        # what comes out at ground: the amplifier's and, through the divider, out / 300 kΩ
        "quiescent_current": float(np.interp(corner.vdd, supply, ground)) + at[1] / 300e3,
        "load_regulation": (
            abs(float(np.interp(one.low, load[::-1], loaded[::-1]) - np.interp(HIGH, load[::-1], loaded[::-1])))
            / (HIGH - one.low)
        ),
    }


def dynamic(one: Regulator, corner: Corner, own: bool) -> dict[str, float]:
    """Excursions in a transient, PSRR from a sine, noise over a grid ten times as fine."""
    passive = COMMON + f"Cload out esr {CAP}\nResr esr 0 0.1\n"
    pulse = f"Vvdd vdd 0 {{vdd}}\nIload out 0 dc {one.low} pulse({one.low} {HIGH} 1u 100n 100n 11.9u 1)\n"
    [(time, out)] = ngspice(
        circuit(one.name, corner, NODES, passive + pulse + FINE, own_sizes=own), [("tran 2n 25u 0 2n", "v(out)")]
    )
    rest, loaded, end = (float(np.interp(moment, time, out)) for moment in (0.99e-6, 12.99e-6, 25e-6))
    falls, rises = (time > 1e-6) & (time < 13e-6), time > 13e-6
    sine = f"Vvdd vdd 0 sin({{vdd}} 2m {AT})\nIload out 0 {HIGH}\n"
    deck = circuit(one.name, corner, NODES, passive + sine + FINE, own_sizes=own)
    [(moments, wave)] = ngspice(deck, [(f"tran 20n {4 / AT} 0 20n", "v(out)")])
    quiet = circuit(one.name, corner, NODES, passive + f"Vvdd vdd 0 {{vdd}} ac 1\nIload out 0 {HIGH}\n", own_sizes=own)
    [(axis, density)] = ngspice(quiet, [("noise v(out) vvdd dec 100 1k 1meg; setplot noise1", "onoise_spectrum")])
    return {
        "load_undershoot": min(rest, loaded) - float(out[falls].min()),
        "load_overshoot": float(out[rises].max()) - max(loaded, end),
        "psrr_plus": -20 * math.log10(abs(amplitude(moments, wave, AT)) / 2e-3),
        "output_noise": float(np.exp(np.interp(math.log(37e3), np.log(axis), np.log(density)))),
    }


@pytest.mark.parametrize("own", cases([False, True], False), ids=["known sizing", "the netlist's own"])
@pytest.mark.parametrize("one", cases(REGULATORS, "ldo"), ids=lambda one: one.name)
def test_regulator(one: Regulator, own: bool, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    divider = {"vref": 0.8, "r_top": "100k", "r_bottom": "200k"}
    benches = {
        "line": {"template": "ldo_line", "load_current": HIGH, **divider},
        "load": {"template": "ldo_load", "load_current": HIGH, "load_low": one.low, **divider},
        "ac": {
            "template": "ldo_ac",
            "load_current": HIGH,
            "load": CAP,
            "at_frequency": AT,
            "noise_frequency": 37e3,
            **divider,
        },
        "step": {
            "template": "ldo_step",
            "load_current": HIGH,
            "load_low": one.low,
            "load": CAP,
            "hold": "4u",
            "edge": "100n",
            **divider,
        },
    }
    specs = {
        "line_regulation": "line",
        "dropout": "line",
        "load_regulation": "load",
        "psrr_plus": "ac",
        "quiescent_current": "ac",
        "output_noise": "ac",
        "load_undershoot": "step",
        "load_overshoot": "step",
    }
    found = measured(one.name, benches=benches, specs=specs, corners=one.corners, own_sizes=own)
    for label, corner in one.corners.items():
        second = {**swept(one, corner, own), **dynamic(one, corner, own)}
        # dropout is read at a step of 1 mV, PSRR is in dB, excursions fall between two of the program's time points
        tolerance = {"dropout": 1.5e-3, "psrr_plus": 0.1}
        for name in specs:
            assert found[label][name] == pytest.approx(
                second[name], rel=0 if name in tolerance else 0.01, abs=tolerance.get(name, 0)
            ), (
                label,
                name,
            )


def injected(
    one: Regulator, corner: Corner, own: bool, current: float, place: str
) -> tuple[Real, NDArray[np.complex128]]:
    """(Hz, loop gain) by Middlebrook's formula of 1975, a voltage and then a current at the divider's tap or between
    out and the divider.
    """
    tap, top = (
        ("Vp fb tap 0\nIp 0 tap 0\n", "Vs out top 0\n")
        if place == "tap"
        else ("Vs fb tap 0\n", "Vp top out 0\nIp 0 out 0\n")
    )
    cards = (
        f"Vvdd vdd 0 {{vdd}}\nVvss vss 0 0\nIb vdd ib 5u\nVref vref 0 0.8\nRt top tap 100k\nRb tap 0 200k\n{tap}{top}"
        f"Cload out esr {CAP}\nResr esr 0 0.1\nIload out 0 {current}\n.option reltol=1e-6\n"
    )
    front, back = ("fb", "tap") if place == "tap" else ("top", "out")
    runs = [
        (f"{on}; ac dec 100 10 10g", f"v({front}) v({back}) i(vp)")
        for on in ("alter @vp[acmag] = 1", "alter @vp[acmag] = 0; alter @ip[acmag] = 1")
    ]
    volts, amps = ngspice(circuit(one.name, corner, NODES, cards, own_sizes=own), runs)
    with_voltage = -(volts[3] + 1j * volts[4]) / (volts[1] + 1j * volts[2])
    # 1 A goes into the net behind the source; the source's current comes out of the net before it
    into = -(amps[5] + 1j * amps[6])
    with_current = (1 - into) / into
    return volts[0], (with_voltage * with_current - 1) / (with_voltage + with_current + 2)


@pytest.mark.parametrize("own", [False, True], ids=["known sizing", "the netlist's own"])
def test_loop(own: bool, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    """The second regulator; of the first `test_ldo_loop.py` compares all 17 corners of sign-off."""
    one = REGULATORS[1]
    settings = {"template": "ldo_loop", "load": CAP, "vref": 0.8, "r_top": "100k", "r_bottom": "200k"}
    benches = {"full": {**settings, "load_current": HIGH}, "light": {**settings, "load_current": one.low}}
    specs = {
        f"{metric}_{bench}": bench for metric in ("dc_gain", "gbw", "phase_margin", "gain_margin") for bench in benches
    }
    found = measured(one.name, benches=benches, specs=specs, corners=one.corners, own_sizes=own)
    for label, corner in one.corners.items():
        for bench, current in (("full", HIGH), ("light", one.low)):
            for place in ("tap", "out"):
                frequency, loop = injected(one, corner, own, current, place)
                size, phase = 20 * np.log10(np.abs(loop)), np.degrees(np.unwrap(np.angle(loop)))
                crossing = float(np.interp(0, -size, np.log(frequency)))
                turned = float(np.interp(180, -phase, -size))
                values = {
                    metric: found[label][f"{metric}_{bench}"]
                    for metric in ("dc_gain", "gbw", "phase_margin", "gain_margin")
                }
                where = (label, bench, place)
                assert values["dc_gain"] == pytest.approx(size[0], abs=0.01), where
                assert values["gbw"] == pytest.approx(math.exp(crossing), rel=1e-3), where
                assert values["phase_margin"] == pytest.approx(
                    180 + np.interp(crossing, np.log(frequency), phase), abs=0.1
                ), where
                assert values["gain_margin"] == pytest.approx(turned, abs=0.02), where
