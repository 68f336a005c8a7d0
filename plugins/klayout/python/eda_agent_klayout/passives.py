"""A passive is a sized resistor or capacitor of the schematic, drawn as one or several PCells: strips of a resistor in
series, plates of a capacitor in parallel.

A table names its PCells under `passives`. An ideal resistor or capacitor is drawn as the device that the table names
for it, at the size that has its value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

from .passive_values import size_of, value_of
from .table import Table, key

KINDS = {"r": "resistor", "c": "capacitor"}
"""Letter of an ideal device → its kind."""
OURS = ("cell", "width", "beyond", "least")
"""Keys of a model in a table that are no parameters of its PCell."""
COPIES = ("m", "mult", "mf")
"""Parameters of a card that multiply its device."""
MOST = 200
"""PCells of one device."""


@dataclass(frozen=True)
class Passive:
    """`label`: its name among the `others` of a run; `nets`: of its two terminals; `model`: "" for an ideal one, which
    has a `value` (Ω, F); `width`, `length`: m, 0 where the card has none; `m`: copies in parallel.
    """

    label: str
    kind: str
    nets: tuple[str, str]
    model: str = ""
    value: float = 0.0
    width: float = 0.0
    length: float = 0.0
    m: int = 1

    @property
    def name(self) -> str:
        """As devices are compared."""
        return key(self.label)

    def drawn_model(self, table: Table) -> str:
        """The model that draws it."""
        return self.model or str(_entry(table, self.kind)["ideal"]["model"])

    def drawn_by(self, table: Table, cell: str, values: Mapping[str, Any]) -> bool:
        """Whether a PCell with these parameters draws its model."""
        entry = _entry(table, self.kind)
        model = entry["models"][self.drawn_model(table)]
        wanted = {name: value for name, value in model.items() if name not in OURS}
        return cell == cell_of(entry, model) and all(values.get(name) == value for name, value in wanted.items())


@dataclass(frozen=True)
class Part:
    """One PCell of a passive; `model`: what it draws; lengths in m; `beyond`: how much longer the body of a resistor is
    drawn.
    """

    label: str
    kind: str
    model: str
    nets: tuple[str, str]
    width: float
    length: float
    beyond: float = 0.0

    def cell(self, table: Table) -> str:
        entry = _entry(table, self.kind)
        return cell_of(entry, entry["models"].get(self.model, {}))

    def values(self, table: Table) -> dict[str, Any]:
        """Its PCell parameters."""
        entry = _entry(table, self.kind)
        result: dict[str, Any] = dict(entry.get("set", {}))
        result |= {name: value for name, value in entry["models"].get(self.model, {}).items() if name not in OURS}
        for name, size in (("w", self.width), ("l", self.length)):
            number = round(size / table.unit, 6)
            result[entry[name]] = f"{number:g}u" if table.text else number
        if table.device:
            result[table.device] = self.label
        if table.nets:
            result[table.nets] = " ".join(self.nets)
        return result

    def sizes(self, table: Table) -> dict[str, Any]:
        """The parameters that a write-back changes."""
        entry = _entry(table, self.kind)
        wanted = self.values(table)
        return {name: wanted[name] for name in (entry["w"], entry["l"])}


def _entry(table: Table, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = (table.passives or {})[kind]
    return found


def cell_of(entry: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """The PCell of a model: its own, or that of the others of its kind."""
    return str(model.get("cell", entry["cell"]))


def needed(entry: Mapping[str, Any], model: Mapping[str, Any]) -> set[str]:
    """The parameters that the PCell of a model must have."""
    return {entry["w"], entry["l"], *entry.get("set", {}), *(name for name in model if name not in OURS)}


def kind_of(table: Table, cell: str) -> str:
    """resistor or capacitor for a PCell of the table, "" for another."""
    there = table.passives or {}
    return next(
        (kind for kind, entry in there.items() if any(cell_of(entry, one) == cell for one in entry["models"].values())),
        "",
    )


def passives(found: Mapping[str, Any], table: Table) -> list[Passive]:
    """The resistors and capacitors in the output of `eda-agent export RUN --devices` that a table draws."""
    cards = [card for card in found.get("cards", ()) if not card["transistor"]]
    return [
        one
        for label, card in zip(found.get("others", ()), cards, strict=False)
        if (one := _of_card(str(label), card, table)) is not None
    ]


def _of_card(label: str, card: Mapping[str, Any], table: Table) -> Passive | None:
    there = table.passives or {}
    values, model = card["values"], str(card["model"]).lower()
    nets = (str(card["nets"][0]), str(card["nets"][1])) if len(card["nets"]) > 1 else ("", "")
    m = max(round(prod(values.get(name, 1.0) for name in COPIES)), 1)
    if card["value"]:
        kind = KINDS.get(str(card["name"])[:1].lower(), "")
        if kind not in there or "ideal" not in there[kind] or not float(card["value"]) > 0:
            return None
        return Passive(label, kind, nets, "", float(card["value"]), m=m)
    for kind, entry in there.items():
        if model in entry["models"]:
            names = entry.get("card", ["w", "l"])
            fixed = entry["models"][model].get("width", 0.0) * table.unit
            width, length = (values.get(name, 0.0) * card["scale"] for name in names)
            # a strip with bends, where the PCell is straight
            other = any(values.get(name, 0.0) for name in entry.get("zero", ()))
            drawn = bool(fixed or width) and bool(length) and not other
            return Passive(label, kind, nets, model, 0.0, fixed or width, length, m) if drawn else None
    return None


def parts(passive: Passive, table: Table, count: int | None = None) -> list[Part]:
    """The PCells of a passive. `count`: of each copy, None for the fewest that are no longer than the table allows.

    Raises ValueError for one of which so many would be needed that it is no layout.
    """
    entry = _entry(table, passive.kind)
    most = float(entry["longest"]) * table.unit
    grid = max(float((table.rules or {}).get("grid", 0.005)) * 1e-6, table.step * table.unit)
    model = passive.drawn_model(table)
    if count is None:
        fitting = (n for n in range(1, MOST + 1) if max(_size(passive, entry, table.unit, n)) <= most * (1 + 1e-9))
        count = 1 if passive.kind == "capacitor" and passive.model else next(fitting, MOST + 1)
    width, length = (round(round(side / grid) * grid, 12) for side in _size(passive, entry, table.unit, count))
    if count > MOST or min(width, length) <= 0:
        raise ValueError(f"{passive.label}: its value is too {'large' if count > MOST else 'small'} for {model}")
    least = [side * table.unit for side in entry["models"][model].get("least", (0.0, 0.0))]
    if width < least[0] * (1 - 1e-9) or length < least[1] * (1 - 1e-9):
        raise ValueError(f"{passive.label}: its value is too small for {model}")
    first, last = passive.nets
    if passive.kind == "capacitor":
        chain = [(first, last)] * count
    else:
        chain = list(pairwise([first, *(f"{passive.name}_{number}" for number in range(1, count)), last]))
    beyond = float(entry["models"][model].get("beyond", 0.0)) * table.unit
    return [Part(passive.label, passive.kind, model, nets, width, length, beyond) for nets in chain * passive.m]


def _size(passive: Passive, entry: Mapping[str, Any], unit: float, count: int) -> tuple[float, float]:
    """Width and length, m, of each of so many PCells."""
    strips = count if passive.kind == "resistor" else 1
    if passive.model:
        return passive.width, passive.length / strips
    return size_of(entry, passive.kind, passive.value / count, unit)


def counted(found: Iterable[str]) -> dict[str, int]:
    """Name of a passive → its PCells, of the names that instances have."""
    result: dict[str, int] = defaultdict(int)
    for name in found:
        result[key(name)] += 1
    return dict(result)


def meant(found: Mapping[str, Any], table: Table, drawn: Mapping[str, int]) -> list[Part]:
    """The PCells that the passives of a run need, in as many pieces as a layout draws them (`counted`); only of those
    that it draws at all.
    """
    result: list[Part] = []
    for one in passives(found, table):
        pieces = drawn.get(one.name, 0)
        if pieces:
            result += parts(one, table, max(pieces // one.m, 1))
    return result


def redrawn(
    card: Mapping[str, Any], values: dict[str, Any], table: Table, strips: Mapping[str, list[dict[str, Any]]]
) -> tuple[str, dict[str, Any]]:
    """The value and the parameters of a card with the drawn sizes. `strips`: name → the PCell parameters of its pieces.

    A card keeps its value where that is what is drawn, to the grid.
    """
    name = next((one for one in (key(str(card["name"])), key(str(card["name"])[2:])) if one in strips), "")
    passive = _of_card(name, card, table) if name and not card["transistor"] else None
    if passive is None:
        return card["value"], values
    pieces, entry = strips[name], _entry(table, passive.kind)
    sizes = [(table.length(one[entry["w"]]), table.length(one[entry["l"]])) for one in pieces]
    try:
        wanted = parts(passive, table, max(len(pieces) // passive.m, 1))
    except ValueError:
        wanted = []
    same = len(wanted) == len(sizes) and all(
        abs(part.width - width) < 1e-10 and abs(part.length - length) < 1e-10
        for part, (width, length) in zip(wanted, sizes, strict=True)
    )
    if same:
        return card["value"], values
    if not passive.model:
        return f"{value_of(table, passive.kind, sizes, passive.m):.6g}", values
    length = sum(length for _, length in sizes) / passive.m
    drawn = zip(
        entry.get("card", ["w", "l"]), (sizes[0][0], length if passive.kind == "resistor" else sizes[0][1]), strict=True
    )
    return card["value"], {**values, **{one: size / card["scale"] for one, size in drawn if one in values}}
