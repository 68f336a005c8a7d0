"""Slew rate, settling time and overshoot against a transient of steps 10 times as fine that is held four times as
long.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.evidence import cases

from .plain import FINE, MILLER, TELESCOPIC, Corner, OpAmp, ngspice

LAST = ("settling_time", "overshoot")
TOLERANCES = [("slew_rate_up", 0.02), ("slew_rate_down", 0.02), ("settling_time", 0.03), ("settling_time_down", 0.03)]
CASES = [(MILLER, 0.4, 0.5e-6), (TELESCOPIC, 0.2, 0.5e-6)]


def by_hand(amp: OpAmp, corner: Corner, step: float, hold: float) -> dict[str, float]:
    low, high, edge, long = amp.vcm - step / 2, amp.vcm + step / 2, hold / 1000, 4 * hold
    cards = f"Vinp inp 0 dc {low} pulse({low} {high} {hold / 10} {edge} {edge} {long - edge} 1)\n{FINE}"
    fine = hold / 2000
    [(time, out)] = ngspice(
        amp.deck(corner, "out", cards), [(f"tran {fine} {hold / 10 + long + 2 * hold} 0 {fine}", "v(out)")]
    )
    axis = np.arange(0, time[-1], fine)
    wave = np.interp(axis, time, out)
    rise, fall = hold / 10, hold / 10 + long
    before, after, back = wave[axis < rise][-1], wave[axis < fall][-1], wave[-1]
    up, down = (axis > rise) & (axis < fall), axis > fall
    result = {}
    for name, edge_, start in (("slew_rate_up", up, before), ("slew_rate_down", down, after)):
        share = np.abs(wave[edge_] - start) / (after - before)
        # the derivative in every step of the first passage from 20 to 80 %
        first, last = np.argmax(share > 0.2), np.argmax(share > 0.8)
        result[name] = float(np.abs(np.gradient(wave[edge_], fine))[first:last].mean())
    for suffix, edge_, begin, end in (("", up, rise, after), ("_down", down, fall, back)):
        error = (wave[edge_] - end) * (1 if end == after else -1)
        away = np.flatnonzero(np.abs(error) > step / 100)
        result[f"settling_time{suffix}"] = float(axis[edge_][away[-1]] - begin)
        result[f"overshoot{suffix}"] = 100 * float(error.max()) / (after - before)
    return result


@pytest.mark.parametrize(
    ("amp", "step", "hold"), cases(CASES, "two_stage_miller"), ids=lambda value: getattr(value, "name", None)
)
def test_step(amp: OpAmp, step: float, hold: float, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {"s": {"template": "opamp_step", "load": amp.load, "vcm": amp.vcm, "step": step, "hold": hold}}
    names = ("slew_rate_up", "slew_rate_down", *(f"{name}{end}" for name in LAST for end in ("", "_down")))
    corners = {"one": amp.corner, "two": amp.other}
    found = measured(amp.name, benches=bench, specs=dict.fromkeys(names, "s"), corners=corners)
    for label, corner in corners.items():
        second = by_hand(amp, corner, step, hold)
        for name, tolerance in TOLERANCES:
            assert found[label][name] == pytest.approx(second[name], rel=tolerance), (label, name)
        # in percent of the step: a ring of 30 ns peaks between two of the program's time points
        for name in ("overshoot", "overshoot_down"):
            assert found[label][name] == pytest.approx(second[name], abs=0.3), (label, name)
