"""A field check answers an entry where it was typed: what is wrong with it, before anything is sent to the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eda_agent.units import QuantityError, format_quantity, parse_quantity

Given = Mapping[str, str]
Check = Callable[[Given], dict[str, str]]
"""Texts of a form → name of each wrong field and what is wrong with it."""


def quantities(given: Given, units: Mapping[str, str]) -> tuple[dict[str, float], dict[str, str]]:
    """The values that can be read, and what is wrong with the others."""
    values, wrong = {}, {}
    for name, text in given.items():
        try:
            values[name] = parse_quantity(text.strip(), units[name])
        except QuantityError as error:
            wrong[name] = str(error)
    return values, wrong


def sizes(parameters: list[Mapping[str, Any]]) -> Check:
    """Sizes of the run, within their ranges."""
    known = {entry["name"]: entry for entry in parameters}

    def check(given: Given) -> dict[str, str]:
        values, wrong = quantities(given, {name: entry["unit"] for name, entry in known.items()})
        for name, value in values.items():
            low, high = known[name]["minimum"], known[name]["maximum"]
            # the shown text of a bound may be rounded
            if not low * (1 - 1e-5) <= value <= high * (1 + 1e-5):
                shown = format_quantity(value, known[name]["unit"])
                wrong[name] = f"{shown} is outside of {range_text(known[name])}{_meant(given[name], low, high)}"
        return wrong

    return check


def range_text(parameter: Mapping[str, Any]) -> str:
    """`1 um … 100 um`, the range of a size."""
    return " … ".join(format_quantity(parameter[side], parameter["unit"]) for side in ("minimum", "maximum"))


def _meant(text: str, low: float, high: float) -> str:
    """The likely prefix of a number without one: `8` was meant as `8u`."""
    for prefix, factor in (("u", 1e-6), ("n", 1e-9), ("p", 1e-12), ("m", 1e-3), ("k", 1e3)):
        try:
            value = float(text) * factor
        except ValueError:
            return ""
        if low <= value <= high:
            return f"; did you mean {text.strip()}{prefix}?"
    return ""


def bounds(unit: str) -> Check:
    """A minimum, a maximum, or both."""

    def check(given: Given) -> dict[str, str]:
        values, wrong = quantities(given, dict.fromkeys(given, unit))
        if len(values) == 2 and not values["minimum"] < values["maximum"]:
            wrong["maximum"] = "the maximum must be above the minimum"
        return wrong

    return check


def budget(used: int) -> Check:
    """A total number of simulations."""

    def check(given: Given) -> dict[str, str]:
        text = given["simulations"].strip()
        if not text.isdigit() or len(text) > 9:
            return {"simulations": "a whole number is needed"}
        return {} if int(text) >= used else {"simulations": f"the run has already used {used}"}

    return check


def policy(names: tuple[str, ...]) -> Check:
    """The name of a policy, or python:MODULE.CLASS."""
    from difflib import get_close_matches

    def check(given: Given) -> dict[str, str]:
        name = given["name"].strip()
        if name in names or name.startswith("python:"):
            return {}
        near = get_close_matches(name, names, 1)
        return {"name": f"did you mean {near[0]}?" if near else f"one of {', '.join(names)}"}

    return check


def filled(given: Given) -> dict[str, str]:
    """Every field has a text."""
    return {name: "a text is needed" for name, text in given.items() if not text.strip()}
