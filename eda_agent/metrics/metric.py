"""A metric is a named number with a unit, measured from one waveform of its testbench; its entry says all that the
program knows of it.

An entry stands on the function that measures it:

    @metric("gbw", "Hz", analysis="ac", typical=10e6, definition="unity-gain frequency")
    def _gbw(wave: Waveform, settings: Mapping[str, float]) -> float: ...

A function that finds no number raises `Unmeasurable` with the reason, or `Censored` with a bound where the number lies
beyond what was simulated.
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
    """What is known of a metric.

    Attributes:
        name: As in spec.yaml and in templates.
        unit: SI, or dB, deg, %, ppm/K, ….
        ramp: How partial success is graded (`eda_agent.agent.score`): "log" for what spans decades, "linear" between
            the target and `span` from it.
        span: In `unit`, of a linear ramp; None: the target's own size.
        definition: What it is, in one line; language models and datasheets read it.
        id: Its word in the language of the embedded models. Trained weights depend on it: a number is given once and
            never changes; 0 is none.
        analysis: The analysis of a deck of the user's own that it is measured from: op, ac, dc, tran or noise. A
            template names the analysis itself.
        measure: From the waveform of that analysis to the number; None where no waveform is needed.
        loop: Whether a loop gain has it too.
        output: "driven" where its testbench drives the output by an input, "held" where the circuit holds it by itself;
            "" where it may be either.
        window: When its value is only a bound, because the truth lies beyond the window, sweep or band.
        second: The test that measures it a second way.
        aliases: What CACE datasheets call it.
        typical: The target of a draft where nothing was measured.
        ask: What a draft asks for where the netlist's own sizes were measured: a "better" value, the "typical" one
            whatever they measure, to "keep" what
            they measure since the supply bounds it, or to "relax": what may be spent to make the rest better.
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
    second: str = ""
    aliases: tuple[str, ...] = ()
    typical: float | None = None
    ask: Literal["better", "typical", "keep", "relax"] = "better"


METRICS: dict[str, Metric] = {}
"""Every metric by its name; filled when `eda_agent.metrics` is imported."""


def add(entry: Metric) -> None:
    """Register a metric. Raises `ValueError` for a name, an id or an alias that another has."""
    for other in METRICS.values():
        if other.name == entry.name or (entry.id and other.id == entry.id) or set(other.aliases) & {entry.name, *entry.aliases}:
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
    """A number, or None and why there is none. `bound`: ">" or "<" where the truth lies above or below it, and `why`
    says what was not seen. `wanted`: how many times longer or wider the window should be to see it.
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
