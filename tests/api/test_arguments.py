"""What a user of the Python API gets wrong: one message that names it, before anything is simulated or written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eda_agent as ea
from eda_agent.api.waves import Waveform, Waveforms

from ..conftest import CIRCUITS

OTA = CIRCUITS / "ota_5t"


@pytest.fixture(scope="module")
def amp() -> ea.Circuit:
    return ea.load(OTA, corners="nominal")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda amp: ea.load(3), "path 3: must be a str or a Path"),
        (lambda amp: ea.load(b"x"), "must be a str or a Path"),
        (lambda amp: ea.load("a\0b"), "this is no path"),
        (lambda amp: ea.load(OTA, corners="singoff"), "no corner set 'singoff'\n.*did you mean signoff"),
        (lambda amp: ea.load(OTA, turn=3), "is no run"),
        (lambda amp: ea.simulate(3), "path 3: must be"),
        (lambda amp: ea.simulate(amp, workers=-1), "workers -1: must be a whole number, 1 or more"),
        (lambda amp: ea.simulate(amp, workers="2"), "workers '2'"),
        (lambda amp: ea.simulate(amp, "W12=8u"), "sizing 'W12=8u': must be a mapping"),
        (lambda amp: ea.simulate(amp, ["W12"]), "sizing 'W12': must be a mapping"),
        (lambda amp: ea.simulate(amp, 3), "sizing 3: must be a mapping"),
        (lambda amp: ea.simulate(amp, {3: 1}), "no parameter '3'"),
        (lambda amp: ea.simulate(amp, {"W12": np.array([8e-6])}), "a number such as"),
        (lambda amp: ea.simulate(amp, {"mt": np.bool_(True)}), "a number such as"),
        (lambda amp: ea.waveforms(amp, {"W13": 1}), "did you mean W34"),
        (lambda amp: ea.monte_carlo(amp, samples=0), "samples 0: must be"),
        (lambda amp: ea.monte_carlo(amp, seed=-1), "seed -1: must be"),
        (lambda amp: ea.monte_carlo(amp, corners="nomnal"), "no corner 'nomnal'\n.*did you mean nominal"),
        (lambda amp: ea.monte_carlo(amp, corners=[3]), "must be a text"),
        (lambda amp: ea.sensitivity(amp, step=0), "step 0: must be between 0 and 1"),
        (lambda amp: ea.ask(amp, 3), "no question '3'"),
        (lambda amp: ea.ask(amp, "noise", "W12"), "sizing 'W12': must be a mapping"),
        (lambda amp: ea.size(amp, policy=3), "policy 3: must be a text"),
        (lambda amp: ea.size(amp, budget=0), "budget 0: must be"),
        (lambda amp: ea.size(amp, budget=2.5), "budget 2.5: must be"),
        (lambda amp: ea.size(amp, seed="x"), "seed 'x': must be"),
        (lambda amp: ea.size(amp, guard=5), "guard 5: must be between 0 and 1"),
        (lambda amp: ea.size(amp, options=3), "options 3: must be a mapping"),
        (lambda amp: ea.size(amp, options={"model": 3}), "option model 3: must be a text"),
        (lambda amp: ea.size(amp, options={"max-tokens": "x"}), "option max_tokens 'x': must be a whole number"),
        (lambda amp: ea.size(amp, options={"request_seed": 0}), "option request_seed 0: must be True or False"),
        (lambda amp: ea.size(3, resume=True), "target 3: must be"),
        (lambda amp: ea.size_robust(amp, 99), "wanted 99: must be between 0 and 1"),
        (lambda amp: ea.size_robust(amp, 0.99, samples=3), "368 or more"),
        (lambda amp: ea.post_layout(amp, 3), "netlist 3: must be"),
        (lambda amp: ea.draft(None), "netlist None: must be"),
        (lambda amp: ea.draft("x.spice", size=3), "size 3: must be a text"),
        (lambda amp: ea.draft("x.spice", kind="opmp"), "kind: unknown kind of circuit 'opmp'\n.*did you mean op-amp"),
        (lambda amp: ea.draft("x.spice", ports=3), "ports 3: must be a mapping"),
        (lambda amp: ea.draft("x.spice", bias={"ib": "x"}), "bias: ib=x is no current, voltage or resistance"),
        (lambda amp: ea.draft("x.spice", targets=3), "targets 3: must be a mapping"),
        (lambda amp: ea.open_run(3), "folder 3: must be"),
    ],
)
def test_what_is_refused(
    amp: ea.Circuit, call: Callable[[ea.Circuit], Any], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ea.InputError, match=says):
        call(amp)
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_numpy_and_rows_of_a_frame_are_sizes(amp: ea.Circuit, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    plain = ea.simulate(amp, {"W12": 8e-6, "mt": 4})
    frame = pandas.DataFrame({"W12": [8e-6], "mt": [4]})
    for given in (
        {"W12": np.float64(8e-6), "mt": np.int64(4)},
        {"W12": np.array(8e-6), "mt": np.uint8(4)},
        frame.iloc[0],
    ):
        assert ea.simulate(amp, given).data["values"] == plain.data["values"]
    batch = ea.simulate(amp, ({"W12": width, "mt": 4} for width in np.array([8e-6])))
    assert (
        batch[0].data["values"] == plain.data["values"]
        and repr(batch) == "<Batch of ota_5t: 1 sizing, 0 meet every spec>"
    )
    run = ea.size(amp, policy="random", budget=np.int64(1), seed=np.int64(3), out=tmp_path / "run")
    assert run.seed == 3 and repr(run).endswith("1 simulation, budget>")
    assert dict(run) == {name: run[name] for name in run} and run["gbw"] == run.data["specs"]["gbw"]["value"]


def test_a_wrong_name_is_answered_with_the_nearest(amp: ea.Circuit) -> None:
    sim = ea.simulate(amp, {"W12": "8u"})
    assert "gbw" in sim and "gwb" not in sim and list(sim) == sim.keys() == list(dict(sim))
    for ask in (lambda: sim["gwb"], lambda: ea.sensitivity(amp).strongest("gwb")):
        with pytest.raises(KeyError) as caught:
            ask()
        assert str(caught.value) == "no spec 'gwb'\n    → did you mean gbw?"
    with pytest.raises(KeyError, match=r"no column 'valeu'\n.*did you mean value"):
        sim.specs["valeu"]
    with pytest.raises(ea.InputError, match="has no best"):
        ea.simulate(amp, []).best  # noqa: B018  # the property raises


def test_waveforms_are_found_by_part_of_their_key() -> None:
    keys = [("loop", "ac", "tt"), ("loop", "op", "tt"), ("step", "tran", "tt"), ("step", "tran", "ss")]
    waves = Waveforms(
        [Waveform(bench, corner, kind, np.zeros(1), {"out": np.zeros(1)}) for bench, kind, corner in keys]
    )
    assert waves.keys() == keys and all(waves[key] is wave for key, wave in dict(waves).items())
    assert waves["step"] is waves["step", "tran"] is waves[2] and waves["step", "tran", "ss"] is waves[-1]
    assert ("loop", "ac") in waves and "lop" not in waves and waves[0] in waves
    for key, says in (
        ("loop", "several analyses\n.*loop ac, loop op"),
        (("lop", "ac"), "did you mean loop ac"),
        (("step", "tran", "sss"), "no corner 'sss'\n.*did you mean ss"),
        (("loop", 3), "no waveform 'loop 3'"),
        ((), "no waveform"),
    ):
        with pytest.raises(KeyError, match=says):
            waves[key]  # type: ignore[index]  # a wrong key
    assert waves[0].keys() == ["out"] and "in" not in waves[0]
    with pytest.raises(KeyError, match=r"no probe 'ot'\n.*did you mean out"):
        waves[0]["ot"]
