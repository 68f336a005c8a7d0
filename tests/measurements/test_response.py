"""Bandwidth, peaking and transimpedance against a sine in a transient, a slope in DC and a grid 20 times as fine; THD
against Fourier integrals of a transient four times as fine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

from .plain import FINE, MILLER, OTA, TIAS, OpAmp, Transimpedance, amplitude, areas, exported, folder, known, ngspice


@pytest.mark.parametrize("amp", TIAS, ids=lambda amp: f"{amp.name}, {'own sizes' if amp.own else 'known'}")
def test_transimpedance(amp: Transimpedance, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {"t": {"template": "transimpedance", "source": amp.source, "load": 20e-15}}
    specs = {"transimpedance": "t", "bandwidth": "t", "peaking": "t", "gate_area": ""}
    found = measured(amp.name, benches=bench, specs=specs, corners=amp.corners, own_sizes=amp.own)
    for label, corner in amp.corners.items():
        values = found[label]
        quiet = amp.deck(corner, "Iin in 0 dc 0 ac 1\n.option reltol=1e-6\n")
        (current, out), (_, real, imag) = ngspice(
            quiet, [("dc iin -1u 1u 1u", "v(out)"), ("ac dec 400 10meg 100g", "v(out)")]
        )
        slope = float(abs(out[2] - out[0]) / (current[2] - current[0]))
        gain = np.hypot(real, imag)
        # 1 µA at the frequency that is said to be the bandwidth
        f = values["bandwidth"]
        sine = amp.deck(corner, f"Iin in 0 sin(0 1u {f})\n" + FINE)
        [(time, wave)] = ngspice(sine, [(f"tran {0.005 / f} {14 / f} 0 {0.005 / f}", "v(out)")])
        assert values["transimpedance"] == pytest.approx(slope, rel=1e-3), label
        assert values["peaking"] == pytest.approx(20 * np.log10(gain.max() / gain[0]), abs=0.02), label
        assert abs(amplitude(time, wave, f)) / 1e-6 == pytest.approx(slope / np.sqrt(2), rel=0.01), label
        sizing = load_problem(folder(amp.name)).space.initial if amp.own else known(amp.name)
        assert values["gate_area"] == pytest.approx(areas(exported(amp.name, amp.own, False), sizing, 1e-6), rel=1e-9)


@pytest.mark.parametrize("amp", [MILLER, OTA], ids=lambda amp: amp.name)
def test_open_loop_bandwidth(amp: OpAmp, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {"l": {"template": "opamp_open_loop", "load": amp.load, "vcm": amp.vcm}}
    found = measured(
        amp.name,
        benches=bench,
        specs={"bandwidth": "l", "dc_gain": "l", "gbw": "l", "gate_area": ""},
        corners={"one": amp.corner, "two": amp.other},
    )
    for label, corner in (("one", amp.corner), ("two", amp.other)):
        dc = amp.deck(corner, "inn", f"Vinp inp 0 {amp.vcm}\nVinn inn 0 {amp.vcm}\n")
        [(axis, out)] = ngspice(dc, [(f"dc vinn {amp.vcm - 10e-3} {amp.vcm + 10e-3} 2u", "v(out)")])
        gain = float(np.interp(-amp.vcm, -out, np.abs(np.gradient(out, axis))))
        # open loop at the input that the sweep found
        bias = float(np.interp(-amp.vcm, -out, axis))
        values = found[label]
        f = values["bandwidth"]
        cards = f"Vinn inn 0 {bias}\nVinp inp 0 sin({amp.vcm} 1u {f})\n{FINE}"
        [(time, wave)] = ngspice(amp.deck(corner, "inn", cards), [(f"tran {0.01 / f} {6 / f} 0 {0.01 / f}", "v(out)")])
        passed = abs(amplitude(time, wave, f)) / 1e-6
        # in a follower, which drives its own input: out over the difference of the inputs
        f = values["gbw"]
        cards = f"Vinp inp 0 sin({amp.vcm} 1m {f})\n{FINE}"
        [(time, wave, sent)] = ngspice(
            amp.deck(corner, "out", cards), [(f"tran {0.005 / f} {12 / f} 0 {0.005 / f}", "v(out) v(inp)")]
        )
        crossed = abs(amplitude(time, wave, f) / (amplitude(time, sent, f) - amplitude(time, wave, f)))
        assert values["dc_gain"] == pytest.approx(20 * np.log10(gain), abs=0.1), label
        # the open amplifier does not drive its own input, which takes up to 4 % here
        assert passed == pytest.approx(gain / np.sqrt(2), rel=0.05), label
        assert crossed == pytest.approx(1, rel=0.05), label
        assert values["gate_area"] == pytest.approx(
            areas(exported(amp.name, False, False), known(amp.name), 1e-6), rel=1e-9
        )


@pytest.mark.parametrize("amp", [MILLER, OTA], ids=lambda amp: amp.name)
def test_distortion(amp: OpAmp, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {"d": {"template": "opamp_thd", "load": amp.load, "vcm": amp.vcm, "amplitude": 0.3, "frequency": 1e6}}
    found = measured(amp.name, benches=bench, specs={"thd": "d"}, corners={"one": amp.corner, "two": amp.other})
    for label, corner in (("one", amp.corner), ("two", amp.other)):
        cards = f"Vinp inp 0 sin({amp.vcm} 0.3 1meg)\n{FINE}"
        deck = amp.deck(corner, "out", cards)
        [(time, out)] = ngspice(deck, [("tran 0.5n 5u 0 0.5n", "v(out)")])
        phases = np.linspace(0, 2 * np.pi, 8192, endpoint=False)
        wave = np.interp(4e-6 + phases / (2 * np.pi * 1e6), time, out)
        terms = [abs(np.mean(wave * np.exp(-1j * k * phases))) for k in range(1, 10)]
        assert found[label]["thd"] == pytest.approx(100 * np.sqrt(np.sum(np.square(terms[1:]))) / terms[0], rel=5e-3), (
            label
        )


def test_a_transimpedance_amplifier_that_oscillates_has_no_response(tmp_path: Path) -> None:
    """Three inverting stages with one pole each and R around them: stable below a gain of 8, √3 times the pole, where
    the input's pole is far away.
    """
    for gain, stable in ((1.8, True), (2.3, False), (20.0, False)):
        stages = "".join(
            f"E{k} e{k} 0 0 {node} {gain}\nR{k} e{k} s{k} 1k\nC{k} s{k} 0 1p\n"
            for k, node in ((1, "in"), (2, "s1"), (3, "s2"))
        )
        (tmp_path / "c.spice").write_text(
            f"* three\n.model n nmos level=1\n.subckt tia in out vdd vss\n{stages}Eo out 0 s3 0 1\nRf out in {{R}}\nR9"
            " vdd vss 1meg\n.param R=100\n.ends\n"
        )
        specs = (
            "{transimpedance: {testbench: t, unit: Ohm, minimum: 1}, bandwidth: {testbench: t, unit: Hz, minimum: 1}}"
        )
        (tmp_path / "spec.yaml").write_text(
            "circuit: c.spice\nsubckt: tia\npdk: own\nparameters: {R: {min: 10, max: 1k}}\ntestbenches: {t:"
            f" {{template: transimpedance, source: 10f}}}}\nspecs: {specs}\ncorners: {{one: {{process: tt, vdd: 1.8,"
            " temperature: 27}}\n"
        )
        assert (measure_once(load_problem(tmp_path / "spec.yaml"))["bandwidth"] is not None) is stable, gain
