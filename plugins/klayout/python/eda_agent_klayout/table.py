"""A table says which PCell draws a kind of device in a process, and what its parameters are called: one JSON file a
process in `tables/`.

Keys: `library`, the name that the process registers its own under, and `also`, what other versions of it call it;
`technologies`, the names of its technology in KLayout;
`cells` (nmos and pmos, each with `cell`, the parameters that make it one, `fixed`, those that it is placed with where
it has them, `set`, and `models`: model of the netlist → the parameters that draw that one, `cell` among them where it
is another PCell); `parameters` (w, l, nf, m → names; a missing m makes copies beside each other); `older`: what is
called otherwise in other versions of the library; `unit` of lengths, m; `finger`: true where w is that of one finger,
not of all; where the PCell has such: `device` (parameter for the name), `nets`, `dummy`; `text`: true where numbers are
written as text, lengths as "0.35u"; `layers`: what the shapes of the process mean, as "layer/datatype" (see
`layers.Layers`), without which there is no LVS; `diffusion`: the source and drain regions that the PCell draws, in the
unit of lengths (see `fold.Diffusion`), without which a run does not know the junctions of the layout; `step`: of the
widths and lengths, in the unit of lengths, with which the PCells stay on the manufacturing grid; `rules`:
distances around the PCells for taps, guard rings, wells, pins (see `rules.Rules`); `wires`: the
capacitance of a wire to the substrate, [aF/um², aF/µm of its edge], of `poly` and of each of the `metals`; `passives`:
`resistor` and `capacitor`, each with `cell`, the names of its `w` and `l`, what it is placed with, `set`, `models`
(model of the netlist → the parameters that draw that one, `cell` where it is another PCell, `width`, µm, where it is
fixed, `least`, [w, l] in µm that a PCell draws without a word where it is given less, and `beyond`, µm, where the
body of a resistor is drawn longer), `card`, the names of width and length in the netlist where they are not w and l,
`zero`, the parameters of the netlist that the PCell does not draw unless they are 0, `longest`, µm, of one PCell,
`gap`, µm, to its neighbours, `ideal`, the `model` that draws an ideal one, with its `width`, µm, where the model has
none, and [length, Ω] of its `ohms`, or F/um² of its `area` and F/µm of its `edge`, and `older`: what is called
otherwise in other versions of the library.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

NAME = "device"
"""Property of an instance with its device's name, if the PCell has no parameter for it."""
NETS = "nets"
"""Property of an instance with the nets of its drain, gate, source and bulk, if the PCell has no parameter for them."""
DUMMY = " dummy"
"""Suffix of a dummy's name, after the name of the device at whose array it stands."""
NEEDED = ("library", "cells", "parameters", "unit")
"""Keys that every table has."""
HERE = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Device:
    """A sized transistor of the schematic. `width`: of all fingers of one copy, m; `length`: m; `nets`: drain, gate,
    source, bulk.

    `block`: number of its matched group, None for none; `model`: its name in the netlist, "" if unknown.
    `span`: the ranges of width and length that the run allows, m; None if unknown.
    """

    name: str
    kind: str
    width: float
    length: float
    nf: int
    m: int
    nets: tuple[str, str, str, str]
    block: int | None = None
    role: str = ""
    model: str = ""
    span: tuple[tuple[float, float], tuple[float, float]] | None = None

    def terminals(self, dummy: bool) -> str:
        """Its nets in one text; all terminals of a dummy are on the bulk."""
        return " ".join([self.nets[3]] * 4 if dummy else self.nets)

    @property
    def fingers(self) -> int:
        return self.nf * self.m

    @property
    def finger(self) -> float:
        """Width of one finger, m."""
        return self.width / self.nf


def devices(data: dict[str, Any]) -> list[Device]:
    """The transistors in the output of `eda-agent export RUN --devices`."""
    return [
        Device(
            row["name"],
            row["kind"],
            row["w"],
            row["l"],
            row["nf"],
            row["m"],
            tuple(row["nets"]),
            row.get("block"),
            row.get("role", ""),
            row.get("model", ""),
            tuple((low, high) for low, high in row["span"]) if row.get("span") else None,  # type: ignore[arg-type]  # two ranges
        )
        for row in data["devices"]
    ]


def key(name: str) -> str:
    """A device's or net's name for comparison: a flat netlist has `x1_xm2` for `x1.xm2` of a hierarchy."""
    return name.lower().replace(".", "_")


class TableError(ValueError):
    """A table that cannot be used: which one, why, and what to do."""


@dataclass(frozen=True)
class Table:
    library: str
    cells: dict[str, dict[str, Any]]
    parameters: dict[str, str]
    unit: float
    device: str = ""
    nets: str = ""
    dummy: str = ""
    text: bool = False
    finger: bool = False
    also: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    older: tuple[dict[str, Any], ...] = ()
    layers: dict[str, Any] | None = None
    diffusion: dict[str, float] | None = None
    wires: dict[str, Any] | None = None
    rules: dict[str, Any] | None = None
    passives: dict[str, Any] | None = None
    step: float = 0.0

    @property
    def libraries(self) -> tuple[str, ...]:
        """Every name of the library, the usual one first."""
        return (self.library, *self.also)

    @property
    def versions(self) -> tuple[Table, ...]:
        """The table for every version of the library, newest first."""
        newest = replace(self, older=())
        return (newest, *(replace(newest, **other) for other in self.older))

    @property
    def pcells(self) -> tuple[str, ...]:
        """The PCells of the two kinds."""
        return tuple(dict.fromkeys(str(entry["cell"]) for entry in self.cells.values()))

    @property
    def written(self) -> set[str]:
        """The parameters that every PCell must have."""
        named = {name for name in (self.device, self.nets, self.dummy) if name}
        return {
            *self.parameters.values(),
            *named,
            *(name for entry in self.cells.values() for name in entry.get("fixed", ())),
        }

    def _model(self, device: Device) -> dict[str, Any]:
        """The data of the PCell for a device's model. Raises `TableError` if the library does not draw it."""
        models: dict[str, dict[str, Any]] = self.cells[device.kind].get("models", {})
        if not models or not device.model:
            return {}
        found = models.get(device.model.lower())
        if found is None:
            raise TableError(
                f"{device.name}: the PCells of {self.library} draw no {device.model}; they draw {', '.join(models)}\n  "
                "  → take the table of its process"
            )
        return found

    def cell(self, device: Device) -> str:
        """The PCell that draws a device. Raises `TableError` for a model that the library does not draw."""
        return str(self._model(device).get("cell", self.cells[device.kind]["cell"]))

    def model(self, cell: str, values: dict[str, Any]) -> str:
        """The first model that a PCell with these parameters draws, "" if unknown."""
        for entry in self.cells.values():
            for name, wanted in entry.get("models", {}).items():
                fixed = {key: value for key, value in wanted.items() if key != "cell"}
                if wanted.get("cell", entry["cell"]) == cell and all(
                    values.get(key) == value for key, value in fixed.items()
                ):
                    return str(name)
        return ""

    def same_model(self, device: Device, cell: str, values: dict[str, Any]) -> bool:
        """Whether a PCell draws the model of a device, or one of the two is unknown."""
        drawn = self.model(cell, values)
        models = self.cells[device.kind].get("models", {})
        return not drawn or not device.model or models.get(drawn) == models.get(device.model.lower())

    def values(self, device: Device, fingers: int, *, copies: int = 1, dummy: bool = False) -> dict[str, Any]:
        """The PCell parameters of some fingers of a device."""
        result: dict[str, Any] = dict(self.cells[device.kind].get("fixed", {}))
        result |= self.cells[device.kind].get("set", {})
        result |= {name: value for name, value in self._model(device).items() if name != "cell"}
        sizes = {"w": device.finger if self.finger else device.finger * fingers, "l": device.length}
        for name, size in sizes.items():
            # to a thousandth of the unit: a tenth of a nanometre is insignificant
            number = round(size / self.unit, 6)
            result[self.parameters[name]] = f"{number:g}u" if self.text else number
        result[self.parameters["nf"]] = str(fingers) if self.text else fingers
        if "m" in self.parameters:
            result[self.parameters["m"]] = str(copies) if self.text else copies
        if self.device:
            result[self.device] = device.name
        if self.nets:
            result[self.nets] = device.terminals(dummy)
        if self.dummy:
            result[self.dummy] = dummy
        return result

    def kind(self, cell: str, values: dict[str, Any]) -> str | None:
        """nmos or pmos for a PCell of the library with these parameters; None for another."""
        for kind, entry in self.cells.items():
            cells = {entry["cell"], *(model["cell"] for model in entry.get("models", {}).values() if "cell" in model)}
            if cell in cells and all(values.get(name) == value for name, value in entry.get("fixed", {}).items()):
                return kind
        return None

    def drawn(self, values: dict[str, Any]) -> float:
        """Width of all fingers and copies of a PCell, m."""
        fingers = int(values[self.parameters["nf"]])
        copies = int(values.get(self.parameters.get("m", ""), 1))
        return self.length(values[self.parameters["w"]]) * (fingers if self.finger else 1) * copies

    def length(self, value: Any) -> float:
        """A PCell's length in m."""
        return float(str(value).rstrip("um") or 0.0) * self.unit


def read_table(name: str) -> Table:
    """A table of the package by the name of its process, or a file by its path. Raises `TableError`."""
    path = HERE / f"{name}.json" if "/" not in name and not name.endswith(".json") else Path(name)
    known = ", ".join(sorted(entry.stem for entry in HERE.glob("*.json")))
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("it is not an object with keys")
        if needed := [key for key in NEEDED if key not in data]:
            raise ValueError(f"without {', '.join(needed)}")
        table = Table(**data)
        # an invalid version is reported here, not where it is searched
        _ = table.versions
        return table
    except OSError:
        raise TableError(f"no table of PCells for {name}\n    → one of {known}, or the path of your own") from None
    except (ValueError, TypeError) as error:
        raise TableError(f"{path}: not a table of PCells ({error})\n    → see tables/demonstration.json") from None
