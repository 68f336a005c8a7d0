"""A metric is a named number with a unit, measured from one waveform of its testbench; its entry holds everything that
the program knows of it.

An entry decorates the function that measures it:

    @metric("gbw", "Hz", analysis="ac", typical=10e6, definition="unity-gain frequency")
    def _gbw(wave: Waveform, settings: Mapping[str, float]) -> float: ...

A function that finds no number raises `Unmeasurable` with the reason, or `Censored` with a bound if the number lies
beyond the simulated range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from eda_agent.metrics.measurable import Censored, Unmeasurable
from eda_agent.metrics.waveform import Waveform

LOG_SPAN = 100.0
"""A log-scaled metric scores 0 when it misses its target by this factor."""
Measure = Callable[[Waveform, Mapping[str, float]], float]
"""From a waveform and the settings of its testbench to a number in SI units (dB, deg and % as such); raises
`Unmeasurable`.
"""


@dataclass(frozen=True)
class Metric:
    """The data of a metric.

    Attributes:
        name: as in spec.yaml and in templates.
        unit: SI, or dB, deg, %, ppm/K, ….
        ramp: the scale of the score (`eda_agent.agent.score`): "log" for values over decades, "linear" between the
            target and `span` from it.
        span: in `unit`, of a linear ramp; None: the target's own size.
        definition: one line; language models and datasheets read it.
        id: its word in the language of the embedded models. Trained weights depend on it: a number is assigned once and
            never changes; 0 is none.
        analysis: the analysis of a user's deck from which it is measured: op, ac, dc, tran or noise. A
            template names the analysis itself.
        measure: from the waveform of that analysis to the number; None if no waveform is needed.
        loop: whether it also applies to a loop gain.
        output: "driven" if its testbench drives the output by an input, "held" if the circuit holds it itself;
            "" if it may be either.
        window: when its value is only a bound, because the true value lies beyond the window, sweep or band.
        at: settings of its testbench with the frequency, or the band, at which it is measured.
        second: the test that measures it with a second method.
        aliases: its names in CACE datasheets.
        typical: the target of a draft if nothing was measured.
        ask: the target of a draft if the netlist's own sizes were measured: a "better" value; the "typical" one; to
            "keep" the value, because the supply bounds it; or to "relax" it, to allow the other targets.
    """

    name: str
    unit: str
    ramp: Literal["log", "linear"]
    span: float | None
    definition: str
    id: int = 0
    analysis: Literal["", "op", "ac", "dc", "tran", "noise"] = ""
    measure: Measure | None = field(default=None, repr=False, compare=False)
    loop: bool = False
    output: Literal["", "driven", "held"] = ""
    window: str = ""
    at: tuple[str, ...] = ()
    second: str = ""
    aliases: tuple[str, ...] = ()
    typical: float | None = None
    ask: Literal["better", "typical", "keep", "relax"] = "better"


METRICS: dict[str, Metric] = {}
"""Every metric by its name; filled when `eda_agent.metrics` is imported."""


def add(entry: Metric) -> None:
    """Register a metric. Raises `ValueError` for a name, an id or an alias that is taken."""
    for other in METRICS.values():
        if (
            other.name == entry.name
            or (entry.id and other.id == entry.id)
            or set(other.aliases) & {entry.name, *entry.aliases}
        ):
            raise ValueError(f"metric {entry.name}: its name, id or alias is that of {other.name}")
    METRICS[entry.name] = entry


def metric(
    name: str, unit: str, *, ramp: Literal["log", "linear"] = "log", span: float | None = None, **rest: Any
) -> Callable[[Measure], Measure]:
    """Register a metric that the decorated function measures. Arguments are the attributes of `Metric`."""

    def register(measure: Measure) -> Measure:
        add(Metric(name, unit, ramp, span, measure=measure, **rest))
        return measure

    return register


class Measured(NamedTuple):
    """A number, or None and the reason. `bound`: ">" or "<" if the true value lies above or below it, and `why`
    names what was not observed. `wanted`: factor by which the window should be longer or wider.
    """

    value: float | None
    why: str = ""
    bound: str = ""
    wanted: float = 0.0


def measure(name: str, wave: Waveform, settings: Mapping[str, float]) -> Measured:
    """A metric of a waveform of its analysis, with the settings of its testbench."""
    function = METRICS[name].measure
    assert function is not None, f"{name} needs no waveform"
    return measure_with(function, wave, settings)


def measure_with(function: Measure, wave: Waveform, settings: Mapping[str, float]) -> Measured:
    """The same with any function."""
    try:
        found = Measured(function(wave, settings))
    except Censored as error:
        found = Measured(error.value, str(error), error.bound, error.wanted)
    except Unmeasurable as error:
        return Measured(None, str(error), wanted=error.wanted)
    except KeyError as error:
        return Measured(None, f"the testbench has no probe or setting {error.args[0]!r}")
    if found.value is None or not math.isfinite(found.value):
        return Measured(None, "the number is not finite")
    return found
