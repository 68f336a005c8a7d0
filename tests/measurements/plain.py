"""A second opinion on a sized circuit: plain ngspice on the exported netlist and the foundry's own library, in a deck
written by hand.

Nothing of the program simulates or measures here: `ngspice -b` runs the analyses and numpy reads what it wrote.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_agent.problem.load import load_problem
from eda_agent.record.export import sized_netlist
from eda_agent.simulation.workbench import Workbench

from ..conftest import CIRCUITS

HERE = Path(__file__).parent / "circuits"
"""A second circuit of every kind of which one is shipped, another in structure and in another process."""
Real = NDArray[np.float64]
FINE = ".option reltol=1e-6 abstol=1e-15 vntol=1e-9 chgtol=1e-17 method=gear\n"
"""For transients whose small differences matter; ngspice's own settings are 1e-3, 1e-12, 1e-6."""


@dataclass(frozen=True)
class Corner:
    process: str
    vdd: float
    temperature: float


def folder(name: str) -> Path:
    """Of a circuit that is shipped, or of one of these tests."""
    return HERE / name if (HERE / name).is_dir() else CIRCUITS / name


@lru_cache
def known(name: str) -> dict[str, float]:
    """The sizing that is known to meet a circuit's spec."""
    sizing: dict[str, float] = json.loads((folder(name) / "known.json").read_text())["sizing"]
    return sizing


@lru_cache
def exported(name: str, own_sizes: bool, apart: bool) -> str:
    """The netlist that `export` writes at the known sizing, or at its own sizes. `apart`: a device with m is written as
    so many devices.
    """
    problem = load_problem(folder(name))
    sizing = problem.space.initial if own_sizes else problem.space.snap(known(name))
    lines = [line for line in sized_netlist(problem, sizing).splitlines() if line.strip().lower() != ".end"]
    return "\n".join(part for line in lines for part in (_parallel(line, sizing) if apart else [line])) + "\n"


def _parallel(line: str, sizing: Mapping[str, float]) -> list[str]:
    found = re.search(r" m=(\{\w+\}|\d+)", line)
    if found is None or not line.startswith("X"):
        return [line]
    word, count = line.split(None, 1)[0], int(_number(found[1], sizing, 1.0))
    return [line.replace(word, f"{word}_{number}", 1).replace(found[0], "", 1) for number in range(count)]


@lru_cache
def library(name: str, process: str, foundry: bool) -> str:
    """Model cards and subcircuits: the foundry's own files, which take seconds to load, or those cut to the circuit
    (`test_cut.py` holds them to be the same).
    """
    problem = load_problem(folder(name))
    if foundry:
        path = problem.pdk.library()
        head = "".join(f".include {path.parent / one}\n" for one in problem.pdk.include)
        return head + "".join(f".lib {path} {section}\n" for section in problem.pdk.corners[process])
    problem = replace(problem, corners=(replace(problem.corners[0], process=process),))
    cut = Workbench(problem, Path(os.environ["EDA_AGENT_CACHE"]) / "models").libraries[process]
    return cut.models.read_text() + cut.devices


def ngspice(deck: str, runs: Sequence[tuple[str, str]]) -> list[Real]:
    """Run analyses on a deck. `runs`: (command, vectors) each; an array each: the axis, then a row for every vector
    (two where complex).
    """
    with tempfile.TemporaryDirectory() as folder:
        control = ["set numdgt=15", "set wr_singlescale", "set num_threads=1"]
        for number, (command, vectors) in enumerate(runs):
            control += [*command.split("; "), f"wrdata {folder}/{number}.txt {vectors}"]
        file = Path(folder) / "deck.cir"
        file.write_text(f"* by hand\n{deck}.control\n" + "\n".join(control) + "\n.endc\n.end\n")
        done = subprocess.run(
            ["ngspice", "-b", str(file)], capture_output=True, text=True, timeout=120, cwd=folder, check=False
        )
        try:
            return [np.loadtxt(f"{folder}/{number}.txt", ndmin=2).T for number in range(len(runs))]
        except OSError:
            raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:]) from None


def circuit(name: str, corner: Corner, call: str, cards: str, *, own_sizes: bool = False, foundry: bool = False) -> str:
    """A deck: library, exported netlist, the instance `Xdut` with these nodes, and cards; `{vdd}` is the corner's."""
    subckt = load_problem(folder(name)).subckt
    return (
        library(name, corner.process, foundry) + exported(name, own_sizes, foundry) + f"Xdut {call} {subckt}\n"
        + cards.replace("{vdd}", repr(corner.vdd)) + f".option temp={corner.temperature}\n"
    )  # fmt: skip


def amplitude(time: Real, value: Real, frequency: float, periods: int = 2) -> complex:
    """The phasor of a sine of known frequency in the last whole periods, by least squares with a mean and a drift."""
    late = time >= time[-1] - periods / frequency
    moments, wave = time[late], value[late]
    phase = 2 * np.pi * frequency * moments
    terms = np.stack([np.ones_like(phase), moments - moments[0], np.cos(phase), np.sin(phase)], axis=1)
    # steps of the solver differ in length: each point counts by its share of time
    weight = np.sqrt(np.gradient(moments))
    found = np.linalg.lstsq(terms * weight[:, None], wave * weight, rcond=None)[0]
    return complex(found[2], -found[3])


def areas(text: str, values: Mapping[str, float], unit: float) -> float:
    """Sum of W·L·m in m² over lines of a netlist without hierarchy whose w, l and m are names in braces or numbers."""
    total = 0.0
    for line in text.splitlines():
        found = dict(re.findall(r"\b(w|l|m)=(\{\w+\}|[\d.eE+-]+u?)", line))
        if {"w", "l"} <= found.keys():
            width, length, count = (_number(found.get(key, "1"), values, unit if key != "m" else 1.0) for key in "wlm")
            total += width * length * count
    return total


def _number(word: str, values: Mapping[str, float], unit: float) -> float:
    if word.startswith("{"):
        return values[word[1:-1]]
    return float(word.removesuffix("u")) * (1e-6 if word.endswith("u") else unit)


@dataclass(frozen=True)
class OpAmp:
    """How a shipped op-amp is put on a bench: its bias card, load (F) and common mode (V)."""

    name: str
    bias: str
    load: float
    vcm: float
    corner: Corner
    other: Corner

    def deck(self, corner: Corner, inn: str, cards: str, *, foundry: bool = False) -> str:
        """The amplifier between `inp`, `inn` and `out` with supplies, bias and load, and other cards."""
        common = f"Vvdd vdd 0 dc {{vdd}}\nVvss vss 0 dc 0\n{self.bias}\nCload out 0 {self.load}\n"
        return circuit(self.name, corner, f"inp {inn} out vdd vss ib", common + cards, foundry=foundry)


def _low(process: str = "tt", vdd: float = 1.8, temperature: float = 27) -> Corner:
    return Corner(process, vdd, temperature)


MILLER = OpAmp("two_stage_miller", "Ib vdd ib 5u", 3e-12, 0.9, _low(), _low("ss", 1.62, 125))
FOLDED = OpAmp("folded_cascode", "Ib vdd ib 5u", 1e-12, 0.9, _low(), _low("ff", 1.98, -40))
OTA = OpAmp("ota_5t", "Ib ib vss 5u", 2e-12, 1.2, _low(vdd=3.3), _low("fs", 3.0, 85))
MIRROR = OpAmp("current_mirror_ota", "Ib vdd ib 5u", 5e-12, 1.65, _low(vdd=3.3), _low("ss", 3.0, 125))
TELESCOPIC = OpAmp("telescopic", "Ib vdd ib 5u", 2e-12, 1.5, _low(vdd=3.3), _low("ff", 3.6, -40))


@dataclass(frozen=True)
class Transimpedance:
    """A transimpedance amplifier with the capacitance of its source (F), at its known or its own sizes."""

    name: str
    source: float
    own: bool
    corners: Mapping[str, Corner]

    def deck(self, corner: Corner, cards: str) -> str:
        common = f"Vvdd vdd 0 {{vdd}}\nVvss vss 0 0\nCin in 0 {self.source}\nCload out 0 20f\n"
        return circuit(self.name, corner, "in out vdd vss", common + cards, own_sizes=self.own)


_HIGH = {"one": _low(vdd=3.3), "two": _low("sf", 3.0, 125)}
TIAS = (
    Transimpedance("tia", 100e-15, False, {"one": _low(), "two": _low("ss", 1.62, 125)}),
    Transimpedance("regulated_cascode", 200e-15, False, _HIGH),
    Transimpedance("regulated_cascode", 200e-15, True, _HIGH),
)
