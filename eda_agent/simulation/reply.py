"""A reply is a simulator's result for one deck: metrics and operating points, or a failure.

It comes from untrusted sources: a confined process that a netlist may have compromised, and a file that others may have
written. Its form is validated before use; its values cannot be verified.
"""

from __future__ import annotations

import math

from eda_agent.simulation.failure import HINTS

MAX_TEXT = 20_000
"""Maximum length of a text: a simulator's log is shortened to less."""
_LARGEST = 2**1000
"""Limit of a whole number: JSON has none, and a larger one fits no machine number."""
BOUNDS = ("", ">", "<")
"""Where the true value lies: at the measured number, above it, below it."""


def sound(reply: object) -> bool:
    """Whether this is a reply: {metrics: name → [number or null, why, bound]} or {failure: {kind, words}}, with
    operating_point, seconds, waveforms, mode, results and messages of a designer's deck, and
    `wanted`: metric → factor by which its window should grow.
    """
    if not isinstance(reply, dict) or not _number(reply.get("seconds", 0.0)):
        return False
    if "failure" in reply:
        failure = reply["failure"]
        return (
            isinstance(failure, dict)
            and _word(failure.get("kind"))
            and failure["kind"] in HINTS
            and _word(failure.get("words"))
        )
    if not _waves(reply.get("waveforms", {})) or not _mode(reply.get("mode", [0.0, 0.0])):
        return False
    metrics, points, wanted = reply.get("metrics"), reply.get("operating_point", {}), reply.get("wanted", {})
    return (
        isinstance(metrics, dict)
        and all(map(_measured, metrics.values()))
        and isinstance(wanted, dict)
        and all(metric in metrics and _number(factor) for metric, factor in wanted.items())
        and isinstance(points, dict)
        # values that a model does not have are nan: vth of a level-1 transistor
        and all(isinstance(numbers, dict) and all(map(_float, numbers.values())) for numbers in points.values())
        and _closer(reply.get("closer", {}))
        and _results(reply.get("results", {}))
        and isinstance(reply.get("messages", []), list)
        and all(map(_word, reply.get("messages", [])))
    )


def _results(results: object) -> bool:
    """Whether these are the results of a designer's deck: name → [number, unit, whether it is printed]."""
    return isinstance(results, dict) and all(
        isinstance(entry, list)
        and len(entry) == 3
        and _number(entry[0])
        and _word(entry[1])
        and isinstance(entry[2], bool)
        for entry in results.values()
    )


def _closer(found: object) -> bool:
    """Whether this is a closer look: {nodes: node → volts, capacitances: device → name → farads, noise: device →
    [density at the spot frequency or nan, rms over the band]}, each part optional.
    """
    if not isinstance(found, dict) or not found.keys() <= {"nodes", "capacitances", "noise"}:
        return False
    nodes, rows, noise = (found.get(part, {}) for part in ("nodes", "capacitances", "noise"))
    return (
        isinstance(nodes, dict)
        and all(map(_float, nodes.values()))
        and isinstance(rows, dict)
        and all(isinstance(row, dict) and all(map(_float, row.values())) for row in rows.values())
        and isinstance(noise, dict)
        and all(isinstance(pair, list) and len(pair) == 2 and all(map(_float, pair)) for pair in noise.values())
    )


def _measured(entry: object) -> bool:
    """Whether this is [number or null, why, bound]; only a number has a bound."""
    if not isinstance(entry, list) or len(entry) != 3 or not _word(entry[1]) or entry[2] not in BOUNDS:
        return False
    return not entry[2] if entry[0] is None else _number(entry[0])


def sound_preparation(found: object) -> bool:
    """Whether this is the result of a preparation: {flat, nodeset: node → volts, deviation: analysis → number, or
    null}.
    """
    if not isinstance(found, dict) or not isinstance(found.get("flat"), bool) or "deviation" not in found:
        return False
    nodeset, deviation = found.get("nodeset"), {} if found["deviation"] is None else found["deviation"]
    # a deviation is nan if an analysis gave no numbers
    return (
        isinstance(nodeset, dict)
        and all(map(_number, nodeset.values()))
        and isinstance(deviation, dict)
        and all(map(_float, deviation.values()))
    )


def sound_ready(said: object) -> bool:
    """Whether this is a worker's first message: {ready: version, sandbox: layers}."""
    if not isinstance(said, dict) or not isinstance(said.get("sandbox"), list):
        return False
    return _word(said.get("ready")) and all(map(_word, said["sandbox"]))


def _waves(waves: object) -> bool:
    """Whether these are waveforms: kind → {axis, probes: role → numbers, or [real parts, imaginary parts]}, all as long
    as the axis; an operating point has an empty axis and one number.
    """
    if not isinstance(waves, dict):
        return False
    for wave in waves.values():
        if not isinstance(wave, dict) or not isinstance(wave.get("probes"), dict) or not _row(wave.get("axis")):
            return False
        for row in wave["probes"].values():
            parts = row if isinstance(row, list) and len(row) == 2 and isinstance(row[0], list) else [row]
            if not all(_row(part) and len(part) == (len(wave["axis"]) or 1) for part in parts):
                return False
    return True


def _row(row: object) -> bool:
    return isinstance(row, list) and {*map(type, row)} <= {float}


def _float(value: object) -> bool:
    return isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    )


def _number(value: object) -> bool:
    return _float(value) and math.isfinite(value)  # type: ignore[arg-type]  # a number, as was just seen


def _mode(found: object) -> bool:
    """Whether this is a natural mode: [growth, frequency]."""
    return isinstance(found, list) and len(found) == 2 and all(map(_number, found))


def _word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT
