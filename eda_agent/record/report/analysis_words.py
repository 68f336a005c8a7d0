"""An analysis in words: what is swept, from where to where, with units, as a reviewer reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from eda_agent.insight.plot_labels import swept
from eda_agent.problem.expression import ExpressionError, evaluate, parse
from eda_agent.spice_numbers import parse_spice_number
from eda_agent.units import format_quantity

_DIGITS = 3
_STEP_BEYOND = "{1.26*noise_stop}"
"""The end of the noise of templates: one of ten steps per decade beyond the band."""


def analysis_words(command: str, values: Mapping[str, float]) -> str:
    """A command of ngspice in words; the command itself, with numbers for its expressions, if it is of another form.

    Args:
        command: with expressions in braces, such as `tran {time_step} {hold*2.1}`.
        values: of the names in the expressions.
    """
    kind, *words = _filled(command, values, repr).split() or [""]
    try:
        told = _TOLD[kind.lower()](*words)
        if kind.lower() == "noise" and _STEP_BEYOND in command:
            # a band is given once: what is simulated beyond it is for the interpolation at its end
            stop, beyond = (_quantity(repr(end), "Hz") for end in (values["noise_stop"], 1.26 * values["noise_stop"]))
            told = told.replace(f" to {beyond},", f" to {stop} and one step beyond,")
    except (KeyError, TypeError, ValueError):
        return _filled(command, values, lambda value: format_quantity(value, "", _DIGITS))
    return told


def _filled(command: str, values: Mapping[str, float], written: Callable[[float], str]) -> str:
    """A command with the values of its expressions."""

    def number(found: re.Match[str]) -> str:
        try:
            return written(float(evaluate(parse(found[1]), values)))
        except ExpressionError:
            return found[0]

    return re.sub(r"\{([^{}]*)\}", number, command)


def _quantity(text: str, unit: str) -> str:
    """A number of ngspice with its unit. Raises `ValueError` for another word."""
    value = parse_spice_number(text)
    if value is None:
        raise ValueError(text)
    return format_quantity(value, unit, _DIGITS).replace("degC", "°C")


def _count(text: str) -> str:
    """A number of points."""
    return _quantity(text, "")


def _ac(spacing: str, points: str, low: str, high: str) -> str:
    if _quantity(low, "Hz") == _quantity(high, "Hz"):
        return f"AC at {_quantity(low, 'Hz')}"
    return f"AC from {_quantity(low, 'Hz')} to {_quantity(high, 'Hz')}, {_spaced(spacing, points)}"


def _spaced(spacing: str, points: str) -> str:
    per = {"dec": " per decade", "oct": " per octave", "lin": ""}[spacing.lower()]
    return f"{_count(points)} points{per}"


def _noise(output: str, source: str, spacing: str, points: str, low: str, high: str) -> str:
    node = output.removeprefix("v(").removesuffix(")")
    return (
        f"noise at {node}, referred to {_source(source)}, from {_quantity(low, 'Hz')} to {_quantity(high, 'Hz')},"
        f" {_spaced(spacing, points)}"
    )


def _source(name: str) -> str:
    """What a source stands for, its name if that is not known."""
    what, _ = swept(name)
    return name if what.startswith("swept ") else f"the {what}"


def _dc(source: str, start: str, stop: str, step: str) -> str:
    _, unit = swept(source)
    return (
        f"DC sweep of {_source(source)} from {_quantity(start, unit)} to {_quantity(stop, unit)} in steps of"
        f" {_quantity(step.removeprefix('-'), unit)}"
    )


def _tran(step: str, stop: str, start: str = "0", most: str = "") -> str:
    shown = "" if parse_spice_number(start) == 0 else f", shown from {_quantity(start, 's')}"
    return f"transient of {_quantity(stop, 's')} with steps of {_quantity(most or step, 's')}{shown}"


_TOLD: Mapping[str, Callable[..., str]] = {"ac": _ac, "noise": _noise, "dc": _dc, "tran": _tran}
