"""Functions of one vector, as `cmath1.c` to `cmath4.c` of ngspice 39 define them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.simulation.script.derivative import derivative
from eda_agent.simulation.script.vector import MAX_LENGTH, FormulaError, Vector

Data = NDArray[Any]


def call(name: str, a: Vector, *, degrees: bool) -> Vector:
    """A function of a vector. `degrees`: unit of angles (`set units=degrees`). Raises `FormulaError`."""
    with np.errstate(all="ignore"):
        if name in _ANGLES:
            found = _ANGLES[name](a.data)
            return Vector(np.degrees(found) if degrees else found, "deg" if degrees else "rad", a.scale)
        if name in {"sin", "cos", "tan"}:
            data = np.radians(a.data) if degrees and not a.is_complex else a.data
            return Vector(getattr(np, name)(data), "", a.scale)
        if name == "atan":
            found = np.arctan(np.real(a.data))
            return Vector(np.degrees(found) if degrees else found, "deg" if degrees else "rad", a.scale)
        if name == "unwrap":
            return Vector(_unwrapped(a, degrees), a.unit, a.scale)
        if name in {"deriv", "integ", "group_delay"}:
            return _along_the_axis(name, a)
        return _plain(name, a)


def _plain(name: str, a: Vector) -> Vector:
    if name not in _FUNCTIONS:
        raise FormulaError(f"there is no function {name}")
    function, unit = _FUNCTIONS[name]
    found = np.asarray(function(a.data))
    return Vector(found, a.unit if unit == "same" else unit, a.scale if found.size == a.data.size else None)


def _continuous(phase: Data) -> Data:
    """Phase without jumps: each step is the shortest, as in ngspice's `cph`."""
    result = phase.copy()
    last = phase[0]
    for index in range(1, phase.size):
        last = phase[index] - 2 * math.pi * math.floor((phase[index] - last) / (2 * math.pi) + 0.5)
        result[index] = last
    return result


def _phase(data: Data) -> Data:
    return np.arctan2(data.imag, data.real) if np.iscomplexobj(data) else np.zeros(data.size)


def _unwrapped(a: Vector, degrees: bool) -> Data:
    if a.is_complex:
        return np.zeros(a.data.size)
    found = _continuous(np.radians(a.data) if degrees else a.data.astype(np.float64))
    if degrees:
        # ngspice leaves the first value in radians
        found[1:] = np.degrees(found[1:])
    return found


def _decibel(data: Data) -> Data:
    size = np.abs(data) if np.iscomplexobj(data) else data
    if np.any(size <= 0):
        raise FormulaError("db of a number that is not positive")
    return np.asarray(20.0 * np.log10(size))


def _logarithm(log: Callable[[Data], Data], least: float) -> Callable[[Data], Data]:
    def take(data: Data) -> Data:
        if np.iscomplexobj(data):
            size = np.abs(data)
            found = log(np.where(size == 0, 1, size)) + 1j * np.angle(data)
            return np.asarray(np.where(size == 0, least, found))
        if np.any(data < 0):
            raise FormulaError("the logarithm of a negative number")
        return np.asarray(np.where(data == 0, least, log(np.where(data == 0, 1, data))))

    return take


def _root(data: Data) -> Data:
    if not np.iscomplexobj(data) and np.all(data >= 0):
        return np.sqrt(data)
    return np.sqrt(data.astype(np.complex128))


def _largest(data: Data) -> Data:
    if np.iscomplexobj(data):
        return np.array([data.real.max() + 1j * data.imag.max()])
    return np.array([data.max()])


def _smallest(data: Data) -> Data:
    if np.iscomplexobj(data):
        return np.array([data.real.min() + 1j * data.imag.min()])
    return np.array([data.min()])


def _differences(data: Data) -> Data:
    """Differences of the neighbours of each value, at the ends of the value and its neighbour."""
    if data.size < 2:
        raise FormulaError("vecd needs two values")
    return np.concatenate([data[1:2] - data[:1], data[2:] - data[:-2], data[-1:] - data[-2:-1]])


def _sequential(data: Data) -> Any:
    """The sum in the order of the vector: numpy's own order differs in the last digits."""
    return np.cumsum(data)[-1] if data.size else 0.0


def _mean(data: Data) -> Data:
    return np.array([_sequential(data) / data.size])


def _deviation(data: Data) -> Data:
    middle = _mean(data)[0]
    with np.errstate(all="ignore"):
        return np.array([math.sqrt(_sequential(np.abs(data - middle) ** 2) / (data.size - 1))])


def _norm(data: Data) -> Data:
    largest = np.abs(data).max()
    if largest == 0:
        raise FormulaError("a vector of zeros cannot be normalised")
    return np.asarray(data / largest)


def _counted(value: Callable[[int], Data]) -> Callable[[Data], Data]:
    def take(data: Data) -> Data:
        length = int(abs(data[0])) or 1
        if length > MAX_LENGTH:
            raise FormulaError(f"a vector has at most {MAX_LENGTH:,} values")
        return value(length)

    return take


def _rounded(function: Callable[[Data], Data]) -> Callable[[Data], Data]:
    return lambda data: (
        function(data.real) + 1j * function(data.imag) if np.iscomplexobj(data) else np.asarray(function(data))
    )


def _along_the_axis(name: str, a: Vector) -> Vector:
    if a.scale is None or a.scale.size != a.data.size or a.data.size < 3:
        raise FormulaError(f"{name} needs a vector with an axis")
    if name == "group_delay":
        if not a.is_complex:
            raise FormulaError("group_delay needs a complex vector")
        return Vector(-derivative(_continuous(_phase(a.data)), a.scale) / (2 * math.pi), "s", a.scale)
    if name == "integ":
        if a.is_complex:
            raise FormulaError("integ of a complex vector")
        steps = (a.data[1:] + a.data[:-1]) * np.diff(a.scale) / 2.0
        return Vector(np.concatenate([[0.0], np.cumsum(steps)]), "", a.scale)
    if a.is_complex:
        raise FormulaError("deriv of a complex vector: take real(), imag(), mag() or cph() first")
    return Vector(derivative(a.data, a.scale), "", a.scale)


_ANGLES: dict[str, Callable[[Data], Data]] = {
    "ph": _phase,
    "phase": _phase,
    "cph": lambda data: _continuous(_phase(data)),
    "cphase": lambda data: _continuous(_phase(data)),
}
_FUNCTIONS: dict[str, tuple[Callable[[Data], Any], str]] = {
    "mag": (np.abs, "same"),
    "magnitude": (np.abs, "same"),
    "abs": (np.abs, "same"),
    "j": (lambda data: 1j * data, "same"),
    "real": (np.real, "same"),
    "re": (np.real, "same"),
    "imag": (lambda data: data.imag if np.iscomplexobj(data) else data, "same"),
    "im": (lambda data: data.imag if np.iscomplexobj(data) else data, "same"),
    "conj": (np.conj, "same"),
    "db": (_decibel, "dB"),
    "log": (_logarithm(np.log, -math.inf), ""),
    "ln": (_logarithm(np.log, -math.inf), ""),
    "log10": (_logarithm(np.log10, -math.inf), ""),
    "exp": (np.exp, ""),
    "sqrt": (_root, ""),
    "sinh": (np.sinh, ""),
    "cosh": (np.cosh, ""),
    "tanh": (np.tanh, ""),
    "norm": (_norm, ""),
    "pos": (lambda data: (np.real(data) > 0).astype(np.float64), ""),
    "nint": (_rounded(np.rint), "same"),
    "floor": (_rounded(np.floor), "same"),
    "ceil": (_rounded(np.ceil), "same"),
    "mean": (_mean, "same"),
    "stddev": (_deviation, "same"),
    "avg": (lambda data: np.cumsum(data) / np.arange(1.0, data.size + 1), "same"),
    "vector": (_counted(lambda length: np.arange(length, dtype=np.float64)), ""),
    "unitvec": (_counted(np.ones), ""),
    "length": (lambda data: np.array([float(data.size)]), ""),
    "vecmin": (_smallest, "same"),
    "minimum": (_smallest, "same"),
    "vecmax": (_largest, "same"),
    "maximum": (_largest, "same"),
    "vecd": (_differences, "same"),
}
