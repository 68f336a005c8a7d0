"""A vector is a row of numbers with a unit, as in ngspice's scripts; arithmetic follows `cmath2.c` of ngspice 39."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_LENGTH = 4_000_000
"""Numbers of one vector: a script cannot fill the memory."""
_PRODUCTS = {("V", "A"): "W", ("A", "V"): "W", ("A", "Ohm"): "V", ("V", "S"): "A", ("W", "s"): "J", ("A", "s"): "C"}
_QUOTIENTS = {
    ("V", "A"): "Ohm",
    ("A", "V"): "S",
    ("W", "V"): "A",
    ("W", "A"): "V",
    ("V", "s"): "V/s",
    ("V", "V/s"): "s",
    ("V", "Ohm"): "A",
    ("", "Hz"): "s",
    ("", "s"): "Hz",
    ("S", "A"): "1/V",
    ("", "A"): "",
}


class FormulaError(ValueError):
    """A formula has no value; the message says why."""


@dataclass(frozen=True)
class Vector:
    """`data`: one-dimensional, real or complex. `unit`: SI unit, dB or deg, "" if unknown. `scale`: the axis of its
    plot, None for numbers on their own.
    """

    data: NDArray[Any]
    unit: str = ""
    scale: NDArray[np.float64] | None = None

    @property
    def is_complex(self) -> bool:
        return bool(np.iscomplexobj(self.data))

    def scalar(self) -> float | None:
        """The number of a real vector with one value, or None."""
        return float(self.data[0]) if self.data.size == 1 and not self.is_complex else None


def number(value: float, unit: str = "") -> Vector:
    return Vector(np.array([value], dtype=np.float64), unit)


def aligned(a: Vector, b: Vector) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both vectors with the length of the longer: the last value of the shorter one is repeated."""
    length = max(a.data.size, b.data.size)
    return _extended(a.data, length), _extended(b.data, length)


def _extended(data: NDArray[Any], length: int) -> NDArray[Any]:
    if data.size == length:
        return data
    return np.concatenate([data, np.full(length - data.size, data[-1], dtype=data.dtype)])


def binary(operator: str, a: Vector, b: Vector) -> Vector:
    """A result of two vectors. Raises `FormulaError`."""
    x, y = aligned(a, b)
    scale = a.scale if a.scale is not None else b.scale
    with np.errstate(all="ignore"):
        match operator:
            case "+" | "-":
                unit = a.unit if a.unit == b.unit or not b.unit else b.unit if not a.unit else ""
                return Vector(x + y if operator == "+" else x - y, unit, scale)
            case "*":
                unit = _PRODUCTS.get((a.unit, b.unit), a.unit if not b.unit else b.unit if not a.unit else "")
                return Vector(x * y, unit, scale)
            case "/":
                unit = "" if a.unit == b.unit else _QUOTIENTS.get((a.unit, b.unit), a.unit if not b.unit else "")
                return Vector(_divided(x, y), unit, scale)
            case "%":
                return Vector(_modulo(x, y), a.unit, scale)
            case "^":
                return Vector(_power(x, y), "", scale)
            case ",":
                return Vector(np.real(x) + 1j * np.real(y), a.unit, scale)
            case _:
                return Vector(_compared(operator, x, y), "", scale)


def _divided(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    if np.any(y == 0):
        raise FormulaError("division by zero")
    if not np.iscomplexobj(x) and not np.iscomplexobj(y):
        return np.asarray(x / y)
    a, b = x.astype(np.complex128), y.astype(np.complex128)
    # Smith's method, as ngspice divides complex numbers
    wide = np.abs(b.real) > np.abs(b.imag)
    r = np.where(wide, b.imag / np.where(wide, b.real, 1), b.real / np.where(wide, 1, np.where(b.imag == 0, 1, b.imag)))
    s = np.where(wide, b.real + r * b.imag, b.imag + r * b.real)
    real = np.where(wide, a.real + r * a.imag, a.real * r + a.imag) / s
    imag = np.where(wide, a.imag - r * a.real, a.imag * r - a.real) / s
    return np.asarray(real + 1j * imag)


def _modulo(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        raise FormulaError("the remainder of complex numbers is not supported")
    top, bottom = np.floor(np.abs(x)), np.floor(np.abs(y))
    if np.any(bottom == 0):
        raise FormulaError("remainder of a division by zero")
    return np.asarray(np.mod(top, bottom), dtype=np.float64)


def _power(x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        # exp(y log x)
        a, b = x.astype(np.complex128), y.astype(np.complex128)
        return np.asarray(np.where(a == 0, 0, np.exp(b * np.log(np.where(a == 0, 1, a)))))
    if np.any((x < 0) & (np.floor(y) != np.ceil(y))):
        raise FormulaError("a fractional power of a negative number")
    return np.asarray(np.power(x, y))


def _compared(operator: str, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        raise FormulaError("complex numbers cannot be compared; take mag() or real()")
    match operator:
        case "=":
            found = x == y
        case "<>":
            found = x != y
        case "<":
            found = x < y
        case "<=":
            found = x <= y
        case ">":
            found = x > y
        case ">=":
            found = x >= y
        case "&":
            found = (x != 0) & (y != 0)
        case _:
            found = (x != 0) | (y != 0)
    return np.asarray(found, dtype=np.float64)


def indexed(a: Vector, place: Vector) -> Vector:
    """`a[2]`, or `a[1,3]` for a range, which may run backwards; places outside are moved inside, as in ngspice."""
    if a.data.size <= 1:
        raise FormulaError("a number has no index")
    if place.data.size != 1:
        raise FormulaError("an index is one number")
    value = place.data[0]
    ends = [value.real, value.imag] if place.is_complex else [value, value]
    first, last = (min(max(int(np.floor(end + 0.5)), 0), a.data.size - 1) for end in ends)
    if first == last:
        return Vector(a.data[first : first + 1], a.unit)
    found = a.data[min(first, last) : max(first, last) + 1]
    return Vector(found[::-1] if first > last else found, a.unit)


def ranged(a: Vector, ends: Vector) -> Vector:
    """`a[[10,20]]`: the values at which the axis is between two numbers."""
    if a.scale is None or ends.data.size != 1:
        raise FormulaError("a range needs a vector with an axis")
    value = ends.data[0]
    low, high = (value.real, value.imag) if ends.is_complex else (value, value)
    inside = (a.scale >= min(low, high)) & (a.scale <= max(low, high))
    if a.data.size != a.scale.size or not inside.any():
        raise FormulaError("the range holds no value")
    found = a.data[inside]
    return Vector(found[::-1] if high < low else found, a.unit)
