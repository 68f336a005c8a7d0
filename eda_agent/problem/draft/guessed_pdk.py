"""A guessed PDK is one whose devices take the place of a foundry's models that a netlist names and does not bring.

It is the nearest process by supply and shortest channel. A draft lists it as a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from eda_agent.problem.draft.bare import polarity_of
from eda_agent.problem.draft.flat import conditions_of
from eda_agent.problem.logical_line import Line
from eda_agent.problem.pdk import Pdk
from eda_agent.spice_numbers import parse_spice_number
from eda_agent.units import format_quantity

_LENGTH = re.compile(r"(?<![\w])l\s*=\s*['{]?\s*([^\s'}=]+)", re.IGNORECASE)
_SIZED = re.compile(r"(?<![\w])(?:w\s*=.*(?<![\w])l|l\s*=.*(?<![\w])w)\s*=", re.IGNORECASE)
"""Both sides are set."""
_PARAM = re.compile(r"(?<!\w)([A-Za-z_]\w*+)\s*+=\s*+['{]?\s*+([^\s'}=,]+)")
_SCALE = re.compile(r"(?<![\w])scale\s*=\s*([^\s,]+)", re.IGNORECASE)
_VOLTS = re.compile(r"(?<!\d)(?:(1)p?([28])|(2)p?(5)|(3)p?(3)|(5)(?:p?0)?v)v?(?![\dn])", re.IGNORECASE)
"""The rated voltage in a model's name: n33, nch_18, pfet_3p3v."""
_NEAR = 1.25
"""A process is for a supply of up to this times the usual one of its devices."""
_FINEST = 1e-8
"""m: a shorter channel is one in another unit."""


class GuessedPdk(NamedTuple):
    """`measured`: whether the netlist has a channel length or a supply that chooses it."""

    pdk: Pdk
    why: str
    measured: bool


def guessed_pdk(lines: Sequence[Line], text: str, known: Sequence[Pdk]) -> GuessedPdk | None:
    """The PDK for a netlist whose MOSFETs have models of a foundry that it does not bring.

    Args:
        lines: the netlist's logical lines.
        text: the same as it was read.
        known: every PDK.

    Returns:
        the nearest process, or None if the names of the models do not show their polarity.
    """
    named, lengths = _mosfets(lines)
    models = [model for model in named if polarity_of(model)]
    if not models or 2 * len(models) < len(named):
        return None
    shortest = min(lengths, default=0.0)
    volts = max([*conditions_of(text.splitlines()).volts.values(), *map(_named_volts, models)], default=0.0)
    able = [pdk for pdk in known if (usual := _supplies(pdk)) and volts <= _NEAR * max(usual)]
    if not able:
        return None

    def distance(pdk: Pdk) -> tuple[float, bool, float]:
        short = _shortest(pdk)
        # a process of longer channels would stretch the circuit; of the others the one of nearest supply and length
        stretched = max(short / shortest, 1.0) if shortest else 1.0
        unlike = min(abs(supply - volts) for supply in _supplies(pdk)) if volts else 0.0
        if not volts and not shortest:
            unlike = abs(pdk.supply - 1.8)
        return stretched, unlike > 0.25 * volts, abs(shortest - short) if shortest else unlike

    found = min(able, key=distance)
    said = [f"a shortest channel of {format_quantity(shortest, 'm')}"] if shortest else []
    said += [f"{format_quantity(volts, 'V')}"] if volts else []
    near = f"; nearest to {' and '.join(said)}" if said else ""
    return GuessedPdk(found, f"the models {', '.join(models[:4])} are not here{near}", bool(said))


def _mosfets(lines: Sequence[Line]) -> tuple[list[str], list[float]]:
    """(models of MOSFETs, their channel lengths in m as far as they are numbers)."""
    values = {
        name.lower(): number
        for line in lines
        if line.card in {".param", ".params", ".parameter"}
        for name, text in _PARAM.findall(line.text)
        if (number := parse_spice_number(text)) is not None
    }
    scales = [found[1] for line in lines if line.card[:7] == ".option" and (found := _SCALE.search(line.text))]
    scale = (parse_spice_number(scales[-1]) if scales else None) or 1.0
    models: dict[str, None] = {}
    lengths = []
    for line in lines:
        plain = [word for word in re.sub(r"\s*=\s*", "=", line.text).split() if "=" not in word]
        sized = line.card[:1] == "m" or (line.card[:1] == "x" and len(plain) == 6 and _SIZED.search(line.text))
        if not sized or len(plain) < 6:
            continue
        models[plain[5].lower()] = None
        if found := _LENGTH.search(line.text):
            number = parse_spice_number(found[1])
            length = (values.get(found[1].lower(), 0.0) if number is None else number) * scale
            lengths += [length] if _FINEST <= length < 1e-3 else []
    return list(models), lengths


def _named_volts(model: str) -> float:
    found = _VOLTS.search(model)
    return float(".".join(digit for digit in found.groups() if digit)) if found else 0.0


def _supplies(pdk: Pdk) -> list[float]:
    """The usual supplies of a PDK's MOSFETs, V."""
    return sorted({rule.supply or pdk.supply for rule in pdk.devices.values() if rule.is_fet and rule.sized})


def _shortest(pdk: Pdk) -> float:
    return min(rule.length[0] for rule in pdk.devices.values() if rule.is_fet and rule.sized)
