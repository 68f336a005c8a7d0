"""An inspection is a closer look at one sizing in one corner: operating points, node voltages, capacitances, the noise
of each device, and waveforms.

It simulates a sizing once more, with the decks of the evaluation, so it costs no proposal of a budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eda_agent.metrics.waveform import Waveform
from eda_agent.problem.space import Sizing
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Task
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.operating_point import OperatingPoint, operating_point
from eda_agent.simulation.reply import sound


@dataclass(frozen=True)
class NoiseShares:
    """Where the output noise of a testbench comes from.

    Attributes:
        at: the spot frequency in Hz; None for the rms value over the band.
        total: V/√Hz at the spot frequency, or V over the band.
        shares: device → share of the power, the largest first; they add up to 1.
    """

    at: float | None
    total: float
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Inspection:
    """What a closer look found.

    Attributes:
        nodes: node → V.
        capacitances: device → name (`device_values.CAPACITANCES`) → F.
        noise: testbench → shares, of testbenches with a noise analysis.
        waves: testbench → analysis → waveform as plain data (see `Session.run`).
        failures: testbench → failure.
    """

    corner: str
    points: Mapping[str, OperatingPoint] = field(default_factory=dict)
    nodes: Mapping[str, float] = field(default_factory=dict)
    capacitances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    noise: Mapping[str, NoiseShares] = field(default_factory=dict)
    waves: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)


def waveform_of(kind: str, data: Mapping[str, Any]) -> Waveform:
    """A waveform from its plain data, of an analysis."""
    probes = {
        role: np.array(row[0]) + 1j * np.array(row[1]) if row and isinstance(row[0], list) else np.array(row)
        for role, row in data["probes"].items()
    }
    return Waveform(kind, np.array(data["axis"]), probes)


def inspect(evaluator: Evaluator, sizing: Sizing, corner: str | None = None) -> Inspection:
    """Look closer at a legal sizing in a corner (default: the first). A failed testbench is part of the result."""
    corner = corner or evaluator.problem.corners[0].name
    decks = [deck for deck in evaluator.workbench.decks if deck.corner == corner]
    instance = evaluator.workbench.instance(sizing)
    evaluator.prepare()
    tasks = [
        Task(deck, instance, True, True, deck.limit(evaluator.problem.budget.timeout), closer=True) for deck in decks
    ]
    replies = evaluator.executor.run(tasks)
    found = Inspection(corner, {}, {}, {}, {}, {}, {})
    labels = {name: device.label for device in instance.parts.devices for name in (device.flat_name, device.spice_name)}
    for deck, reply in zip(decks, replies, strict=True):
        if "failure" in reply or not sound(reply):
            failure = reply.get("failure", {"kind": "crash", "words": ""})
            _put(found.failures, deck.testbench, Failure(failure["kind"], failure["words"]))
            continue
        closer = reply.get("closer", {})
        _put(found.waves, deck.testbench, reply.get("waveforms", {}))
        if shares := _shares(closer.get("noise", {}), labels, deck.settings.get("noise_frequency")):
            _put(found.noise, deck.testbench, shares)
        if not found.points and closer.get("nodes"):
            for label, numbers in reply.get("operating_point", {}).items():
                _put(found.points, label, operating_point(numbers))
            bench = evaluator.problem.testbenches[deck.testbench]
            for node, volts in closer["nodes"].items():
                # a net of a designer's deck may have the name of another port
                if bench.program is None or node.startswith(f"{bench.instance}."):
                    _put(found.nodes, node.removeprefix(f"{bench.instance}."), volts)
            for label, row in closer.get("capacitances", {}).items():
                _put(found.capacitances, label, {key: abs(v) for key, v in row.items() if not math.isnan(v)})
    return found


def _put(rows: Mapping[str, Any], key: str, value: Any) -> None:
    rows[key] = value  # type: ignore[index]  # the dicts above, which nobody else has yet


def _shares(noise: Mapping[str, Any], labels: Mapping[str, str], spot: float | None) -> NoiseShares | None:
    """From ngspice's names to the designer's; what belongs to the testbench counts as its load."""
    whole = {name: pair for name, pair in noise.items() if name in labels or not _part(name, noise)}
    place = 0 if spot is not None and all(not math.isnan(pair[0]) for pair in whole.values()) else 1
    powers: dict[str, float] = {}
    for name, pair in whole.items():
        label = labels.get(name, "testbench")
        powers[label] = powers.get(label, 0.0) + pair[place] ** 2
    total = math.fsum(powers.values())
    if total <= 0:
        return None
    ranked = sorted(powers.items(), key=lambda item: -item[1])
    return NoiseShares(spot if place == 0 else None, math.sqrt(total), {name: power / total for name, power in ranked})


def _part(name: str, noise: Mapping[str, Any]) -> bool:
    """Whether a name is a part (thermal, 1/f, …) of another."""
    return any(name[:place] in noise for place, letter in enumerate(name) if letter in "._")
