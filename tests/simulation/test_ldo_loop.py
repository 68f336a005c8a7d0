"""The regulator's loop gain in every sign-off corner: template against plain ngspice, broken at two places, combined by
Middlebrook's formula.
"""

from __future__ import annotations

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eda_agent.metrics.gain import unity_gain_frequency
from eda_agent.metrics.stability import phase_margin
from eda_agent.problem.load_corners import named_set
from eda_agent.problem.pdk.cut import read_cards
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Corner, Problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.instance import Instance
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

Loop = tuple[NDArray[np.float64], NDArray[np.complex128]]
ROOT = Path(__file__).parents[2]
KNOWN = json.loads((ROOT / "circuits" / "ldo" / "known.json").read_text())["sizing"]
ONCE_SIGNED_OFF = {
    "W12": 1.627e-05,
    "L12": 6.9e-07,
    "W34": 9.29e-06,
    "L34": 7.2e-07,
    "Wb": 4.28e-06,
    "Lb": 3.4e-07,
    "mt": 5.0,
    "Wp": 2.272e-05,
    "Lp": 1.7e-07,
    "mp": 31.0,
    "Cc": 5.34e-12,
    "Rz": 8579.0,
}
"""What `size circuits/ldo --corners signoff` ended with when a single voltage was injected at the divider's tap, behind
67 kΩ.
"""

COPY = """.subckt bench{n} tap below above out
Vvdd vdd 0 dc {vdd}
Vvss vss 0 dc 0
Vref vref 0 dc 0.8
Rtop above tap 100k
Rbottom tap 0 200k
Cload out esr 100p
Resr esr 0 0.1
Iload out 0 dc 5m
Xdut {ports} ldo
{bias}
.ends
"""
# in each copy one of four sources is on: a voltage or a current at the tap, or between out and the divider
SOURCES = {
    "tap": "Vp{n} fb{n} tap{n} dc 0 ac {volt}\nIp{n} 0 tap{n} dc 0 ac {ampere}\nVs{n} out{n} top{n} dc 0\n",
    "out": "Vs{n} fb{n} tap{n} dc 0\nVp{n} top{n} out{n} dc 0 ac {volt}\nIp{n} 0 out{n} dc 0 ac {ampere}\n",
}


def circuit(deck: Deck, instance: Instance) -> str:
    """Model cards, the foundry's subcircuits and the sized netlist, as it would be exported."""
    wire, known = instance.wire(deck, flat=False), read_cards(deck.models)
    cards = "".join(known[name].rstrip("\n") + "\n" for name in wire["cards"])
    return f"* regulator\n{cards}{deck.library.devices}{wire['circuit']}"


def plain_deck(deck: Deck, instance: Instance, vdd: float, temperature: float) -> str:
    """Four copies of the regulator in its feedback network, for `ngspice -b`."""
    call = deck.call.split()
    bias = "\n".join(line for line in deck.tail.splitlines() if line.lower().startswith(("ibias", "isink")))
    text = circuit(deck, instance)
    for number, (place, volt, ampere) in enumerate((("tap", 1, 0), ("tap", 0, 1), ("out", 1, 0), ("out", 0, 1))):
        n = str(number)
        ports = " ".join({"fb": "below"}.get(net, net) for net in call[1:-1])
        text += COPY.format(n=n, vdd=repr(vdd), ports=ports, bias=bias)
        text += f"Xb{n} tap{n} fb{n} top{n} out{n} bench{n}\n" + SOURCES[place].format(n=n, volt=volt, ampere=ampere)
    return f"{text}.option temp={temperature!r}\n.ac dec 20 10 10g\n.save all\n.end\n"


def run(file: Path, text: str, kind: type[np.generic]) -> dict[str, np.ndarray]:
    """The vectors of a deck's one analysis by `ngspice -b`, real or complex, from its binary raw file."""
    file.write_text(text)
    raw = file.with_suffix(".raw")
    subprocess.run(
        ["ngspice", "-b", "-r", str(raw), str(file)], capture_output=True, check=False, timeout=60, cwd=file.parent
    )
    data = raw.read_bytes()
    head, _, body = data.partition(b"Binary:\n")
    text = head.decode("utf-8", "replace")
    points, count = (int(re.search(rf"{what}:\s*(\d+)", text)[1]) for what in ("No. Points", "No. Variables"))  # type: ignore[index]
    names = [line.split()[1] for line in text.partition("Variables:\n")[2].splitlines()[:count]]
    table = np.frombuffer(body, kind, points * count).reshape(points, count)
    return dict(zip(names, table.T, strict=True))


def by_middlebrook(raw: dict[str, np.ndarray], first: int, front: str, back: str) -> np.ndarray:
    """T = (Tv Ti − 1) / (Tv + Ti + 2): −v_back / v_front with a voltage, and i_back / i_front with a current.

    `front` is the net that the signal goes into, `back` the one that it comes from.
    """
    voltage = -raw[f"v({back}{first})"] / raw[f"v({front}{first})"]
    # 1 A goes into the net behind the source; the source's branch current comes out of the net before it
    into_front = -raw[f"i(vp{first + 1})"]
    current = (1 - into_front) / into_front
    return (voltage * current - 1) / (voltage + current + 2)


def loops(
    problem: Problem, pool: LocalPool, cache: Path, sizing: Sizing, corners: tuple[Corner, ...]
) -> tuple[Workbench, Instance, dict[str, Loop]]:
    """The bench, the sized circuit, and corner → (frequency, loop gain by the template) under full load."""
    kept = tuple(spec for spec in problem.specs if spec.name == "phase_margin")
    problem = replace(problem, corners=corners, specs=kept, testbenches={"full": problem.testbenches["full"]})
    workbench = Workbench(problem, cache / "models")
    legal = problem.space.snap(sizing)
    replies = Evaluator(problem, workbench, pool, NoCache()).waveforms(legal)
    found = {}
    for (_, corner), reply in replies.items():
        wave = reply["waveforms"]["ac"]
        found[corner] = (
            np.array(wave["axis"]),
            np.array(wave["probes"]["loop"][0]) + 1j * np.array(wave["probes"]["loop"][1]),
        )
    return workbench, workbench.instance(legal), found


@pytest.mark.parametrize("sizing", [KNOWN, ONCE_SIGNED_OFF], ids=["known", "once signed off"])
def test_three_ways_to_the_loop_gain_agree_in_every_corner(
    problems: dict[str, Problem], pool: LocalPool, own_cache: Path, tmp_path: Path, sizing: Sizing
) -> None:
    corners = {corner.name: corner for corner in named_set("signoff", problems["ldo"].pdk)}
    workbench, instance, templates = loops(problems["ldo"], pool, own_cache, sizing, tuple(corners.values()))

    def plain(deck: Deck) -> dict[str, np.ndarray]:
        corner = corners[deck.corner]
        return run(
            tmp_path / f"{deck.corner}.cir", plain_deck(deck, instance, corner.vdd, corner.temperature), np.complex128
        )

    with ThreadPoolExecutor(2) as threads:
        found = dict(zip((deck.corner for deck in workbench.decks), threads.map(plain, workbench.decks), strict=True))
    assert len(found) == 17
    for corner, raw in found.items():
        frequency, template = templates[corner]
        for other in (by_middlebrook(raw, 0, "fb", "tap"), by_middlebrook(raw, 2, "top", "out")):
            assert phase_margin(other) == pytest.approx(phase_margin(template), abs=1.0), corner
            assert unity_gain_frequency(frequency, other) == pytest.approx(
                unity_gain_frequency(frequency, template), rel=0.03
            ), corner


def test_the_closed_loop_rings_as_the_loop_gain_says(
    problems: dict[str, Problem], pool: LocalPool, own_cache: Path, tmp_path: Path
) -> None:
    """Where 1 + T(s) = 0 the regulator rings: frequency and decay of a small load step, against T continued off the
    axis by a rational fit.
    """
    pytest.importorskip("scipy", minversion="1.15")
    from scipy.interpolate import AAA

    corner = next(corner for corner in named_set("signoff", problems["ldo"].pdk) if corner.name == "sf_1.98V_-40C")
    workbench, instance, templates = loops(problems["ldo"], pool, own_cache, ONCE_SIGNED_OFF, (corner,))
    frequency, template = templates[corner.name]
    near = (frequency > 1e5) & (frequency < 5e9)
    roots = AAA(2j * np.pi * frequency[near] / 1e8, 1 + template[near], rtol=1e-8).roots() * 1e8
    pole = max((root for root in roots if root.imag > 1e8), key=lambda root: root.real / abs(root))
    (deck,) = workbench.decks
    feedback = "".join(
        line + "\n"
        for line in deck.tail.splitlines()
        if line.split()[0].lower() not in {"vprobe", "i_vprobe", "iload", ".option"}
    )
    text = (
        f"{circuit(deck, instance)}{deck.call}{feedback}Vprobe fb tap dc 0\nIload out 0 dc 5m pulse(5m 5.01m 10n 0.1n"
        f" 0.1n 1u 2u)\n.option temp={corner.temperature!r} reltol=1e-5\n.tran 0.1n 250n 0 0.1n\n.end\n"
    )
    wave = run(tmp_path / "step.cir", text, np.float64)
    time, out = wave["time"], wave["v(out)"]
    late = time > 30e-9
    time, out = time[late], out[late] - out[-1]
    peaks = np.flatnonzero((out[1:-1] > out[:-2]) & (out[1:-1] > out[2:])) + 1
    period = np.diff(time[peaks])[:4]
    assert 2 * np.pi / period.mean() == pytest.approx(pole.imag, rel=0.01)
    swing = np.log(out[peaks][:4] - np.array([out[one:other].min() for one, other in pairwise(peaks[:5])]))
    decay = np.polyfit(time[peaks[:4]], swing, 1)[0]
    assert decay == pytest.approx(pole.real, rel=0.03)
