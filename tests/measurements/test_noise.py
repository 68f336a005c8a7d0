"""Noise: input noise against the open amplifier's output noise over a gain of its own, on a grid ten times as fine;
integrated noise against ngspice's totals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.noise import integrated_noise
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

from .plain import FOLDED, MILLER, OTA, TIAS, OpAmp, Transimpedance, ngspice

AT, START, STOP = 37e3, 10.0, 1e6
# closed in DC and open in AC, by 1 GH and 1 F: other values than the program's
OPEN = "Vinp inp 0 dc {vcm} ac 1\nLfb out inn 1g\nCfb inn 0 1\n"


@pytest.mark.parametrize("amp", [MILLER, FOLDED, OTA], ids=lambda amp: amp.name)
def test_amplifier(amp: OpAmp, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {
        "n": {
            "template": "opamp_open_loop",
            "load": amp.load,
            "vcm": amp.vcm,
            "noise_frequency": AT,
            "noise_start": START,
            "noise_stop": STOP,
        }
    }
    names = ("input_noise", "output_noise", "integrated_noise")
    corners = {"one": amp.corner, "two": amp.other}
    found = measured(amp.name, benches=bench, specs=dict.fromkeys(names, "n"), corners=corners)
    for label, corner in corners.items():
        deck = amp.deck(corner, "inn", OPEN.replace("{vcm}", repr(amp.vcm)))
        (_, real, imag), (axis, spectrum), (_, total) = ngspice(
            deck,
            [
                (f"ac lin 1 {AT} {AT}", "v(out)"),
                (f"noise v(out) vinp dec 100 {START} {STOP}; setplot noise1", "onoise_spectrum"),
                ("setplot noise2", "inoise_total"),
            ],
        )
        output = float(np.exp(np.interp(np.log(AT), np.log(axis), np.log(spectrum))))
        [(closed, follower)] = ngspice(
            amp.deck(corner, "out", f"Vinp inp 0 dc {amp.vcm} ac 1\n"),
            [(f"noise v(out) vinp dec 100 {START} {STOP}; setplot noise1", "onoise_spectrum")],
        )
        unity = float(np.exp(np.interp(np.log(AT), np.log(closed), np.log(follower))))
        second = {
            "output_noise": unity,
            "input_noise": output / abs(complex(real[0], imag[0])),
            "integrated_noise": float(total[0]),
        }
        # ten points a decade bend a density by 0.3 % where flicker noise meets the gain's pole, and its integral by 1 %
        for name, tolerance in (("input_noise", 5e-3), ("output_noise", 5e-3), ("integrated_noise", 0.015)):
            assert found[label][name] == pytest.approx(second[name], rel=tolerance), (label, name)


@pytest.mark.parametrize("amp", TIAS, ids=lambda amp: f"{amp.name}, {'own sizes' if amp.own else 'known'}")
def test_transimpedance(amp: Transimpedance, measured: Callable[..., dict[str, dict[str, float]]]) -> None:
    bench = {"n": {"template": "transimpedance", "source": amp.source, "load": 20e-15, "noise_frequency": 70e6}}
    found = measured(
        amp.name, benches=bench, specs={"input_noise_current": "n"}, corners=amp.corners, own_sizes=amp.own
    )
    for label, corner in amp.corners.items():
        (_, real, imag), (axis, spectrum) = ngspice(
            amp.deck(corner, "Iin 0 in dc 0 ac 1\n"),
            [
                ("ac lin 1 70meg 70meg", "v(out)"),
                ("noise v(out) iin dec 100 1meg 1g; setplot noise1", "onoise_spectrum"),
            ],
        )
        output = float(np.exp(np.interp(np.log(70e6), np.log(axis), np.log(spectrum))))
        assert found[label]["input_noise_current"] == pytest.approx(
            output / abs(complex(real[0], imag[0])), rel=5e-3
        ), label


def test_a_divider_has_the_noise_of_its_resistors(tmp_path: Path) -> None:
    """4kTR in closed form, at a temperature that is not the usual one: 10 kΩ with 10 kΩ, behind a capacitor and a gain
    of 100.
    """
    (tmp_path / "c.spice").write_text(
        "* rc\n.model n nmos level=1\n.subckt amp inp inn out vdd vss\nR1 inp a {R}\nR2 a b {R}\nC1 b 0 1p\nE1 out 0 b"
        " inn 100\nR9 vdd vss 1meg noisy=0\n.param R=10k\n.ends\n"
    )
    specs = (
        "{input_noise: {testbench: t, unit: V/√Hz, maximum: 1}, output_noise: {testbench: t, unit: V/√Hz, maximum: 1},"
        " integrated_noise: {testbench: t, unit: V, maximum: 1}}"
    )
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: amp\npdk: own\nparameters: {R: {min: 1k, max: 100k}}\n"
        "testbenches: {t: {template: opamp_open_loop, noise_frequency: 5M, noise_start: 1k, noise_stop: 1G}}\n"
        f"specs: {specs}\ncorners: {{hot: {{process: tt, vdd: 1.8, temperature: 125}}}}\n"
    )
    values = measure_once(load_problem(tmp_path / "spec.yaml"))
    density = math.sqrt(4 * 1.380649e-23 * (125 + 273.15) * 20e3)
    assert values["input_noise"] == pytest.approx(density, rel=1e-3)
    assert values["output_noise"] == pytest.approx(
        100 / 101 * density / math.hypot(1, 2 * math.pi * 5e6 * 20e3 * 1e-12), rel=1e-2
    )
    assert values["integrated_noise"] == pytest.approx(density * math.sqrt(1e9 - 1e3), rel=1e-3)


@pytest.mark.parametrize(("start", "stop"), [(1e6, 1.1e6), (20e3, 20.5e3), (1e6, 11.2e6), (100.0, 3e6)])
def test_the_whole_band_is_integrated_wherever_it_ends(start: float, stop: float, tmp_path: Path) -> None:
    """The noise of two resistors in closed form. Bands off the grid of ten points per decade lost their last part, or
    all.
    """
    body = "R1 inp a {R}\nR2 a 0 {R}\nE1 out 0 a inn 1000\n"
    (tmp_path / "c.spice").write_text(
        f"* rc\n.param R=1k\n.model n nmos level=1\n.subckt amp inp inn out vdd vss\n{body}.ends\n"
    )
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: amp\npdk: own\nparameters: {R: {min: 100, max: 1MEG}}\n"
        f"testbenches: {{t: {{template: opamp_open_loop, noise_start: {start}, noise_stop: {stop}}}}}\n"
        "specs: {integrated_noise: {testbench: t, unit: V, maximum: 1}}\n"
        "corners: {one: {process: tt, vdd: 1.8, temperature: 27}}\n"
    )
    # 500 Ohm at the middle, seen at the input through a gain of one half
    density = 2 * math.sqrt(4 * 1.380649e-23 * 300.15 * 500.0)
    values = measure_once(load_problem(tmp_path / "spec.yaml"))
    assert values["integrated_noise"] == pytest.approx(density * math.sqrt(stop - start), rel=2e-3)


def test_power_laws_are_exact_up_to_an_end_between_the_points() -> None:
    axis = np.geomspace(10, 1e5, 41)
    density = 3e-6 / np.sqrt(axis)
    assert integrated_noise(axis, density, 13.0, 7e4) == pytest.approx(3e-6 * math.sqrt(math.log(7e4 / 13.0)), rel=1e-9)
    # up to a step beyond the sweep
    assert integrated_noise(axis, density, 10.0, 1.1e5) == pytest.approx(3e-6 * math.sqrt(math.log(1.1e4)), rel=1e-9)
    with pytest.raises(Unmeasurable):
        integrated_noise(axis, density, 10.0, 2e5)
