"""A cell is a circuit as data: devices with their nets, and the parameters of their sizes. Mutations change cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.structure.circuit import Structure
from eda_agent.problem.structure.fingerprint import structure_fingerprint
from eda_agent.problem.structure.recognise import analyse
from eda_agent.train.topologies.technology import Technology

FETS = ("nmos", "pmos")
OPPOSITE = {"nmos": "pmos", "pmos": "nmos"}


@dataclass(frozen=True)
class Range:
    """A parameter: its value and bounds, in µm where `unit` is "u", else in SI units. `step`: its grid, "" without
    one.
    """

    value: float
    low: float
    high: float
    step: str
    unit: str


@dataclass(frozen=True)
class Device:
    """`kind`: nmos, pmos, r or c. `nets`: drain, gate, source, bulk; or both ends. `width`, `length`, `value`: names of
    parameters.

    `copies`: a parameter, a number, or "" for one. `shared`: the resistance is divided by this parameter, as for that
    many copies in
    parallel.
    """

    name: str
    kind: str
    nets: tuple[str, ...]
    width: str = ""
    length: str = ""
    copies: str = ""
    value: str = ""
    shared: str = ""

    @property
    def drain(self) -> str:
        return self.nets[0]

    @property
    def gate(self) -> str:
        return self.nets[1]

    @property
    def source(self) -> str:
        return self.nets[2]

    @property
    def diode(self) -> bool:
        return self.kind in FETS and self.drain == self.gate

    @property
    def used(self) -> tuple[str, ...]:
        """The parameters that the device uses."""
        return tuple(
            name
            for name in (self.width, self.length, self.copies, self.value, self.shared)
            if name and not name.isdigit()
        )

    def at(self, *, drain: str | None = None, gate: str | None = None, source: str | None = None) -> Device:
        """The same MOSFET with other nets."""
        nets = (drain or self.drain, gate or self.gate, source or self.source, self.nets[3])
        return replace(self, nets=nets)

    def renamed(self, nets: Mapping[str, str]) -> Device:
        return replace(self, nets=tuple(nets.get(net, net) for net in self.nets))


@dataclass(frozen=True)
class Cell:
    """`kind`: one of `bench.KINDS`. `turned`: the bias current at `ib` flows out of it, into a PMOS diode.

    `made`: names of the mutations applied, oldest first.
    """

    kind: str
    technology: Technology
    ports: tuple[str, ...]
    devices: tuple[Device, ...]
    parameters: Mapping[str, Range]
    turned: bool = False
    made: tuple[str, ...] = ()

    @property
    def fets(self) -> tuple[Device, ...]:
        return tuple(device for device in self.devices if device.kind in FETS)

    def rail(self, kind: str) -> str:
        """The rail of a type's sources."""
        return "vdd" if kind == "pmos" else "vss"

    @property
    def rails(self) -> frozenset[str]:
        return frozenset({"vdd", "vss"})

    @property
    def nets(self) -> frozenset[str]:
        return frozenset(net for device in self.devices for net in device.nets)

    @cached_property
    def touching(self) -> Mapping[str, tuple[tuple[Device, int], ...]]:
        """Net → (device, terminal) of everything connected to it, without bulks."""
        found: dict[str, list[tuple[Device, int]]] = defaultdict(list)
        for device in self.devices:
            for terminal, net in enumerate(device.nets[:3]):
                found[net].append((device, terminal))
        return {net: tuple(entries) for net, entries in found.items()}

    def on(self, net: str, terminal: int, kind: str = "") -> list[Device]:
        """MOSFETs with a terminal (0 drain, 1 gate, 2 source) on a net."""
        return [
            one
            for one, place in self.touching.get(net, ())
            if place == terminal and one.kind in FETS and kind in ("", one.kind)
        ]

    @cached_property
    def structure(self) -> Structure:
        """The structure that the program recognises."""
        flat = [
            FlatDevice(
                (device.name.lower(),), "m" if device.kind in FETS else device.kind, device.nets, device.kind, "", {}
            )
            for device in self.devices
        ]
        return analyse(flat, self.ports, {kind: kind for kind in FETS})

    @cached_property
    def fingerprint(self) -> str:
        return structure_fingerprint(self.structure)

    @property
    def key(self) -> tuple[str, str, tuple[object, ...]]:
        """The identity of a training circuit: structure, process, and which sizes are shared."""
        places = {name: number for number, name in enumerate(self.parameters)}
        shared = tuple(tuple(places.get(name, name) for name in device.used) for device in self.devices)
        return self.fingerprint, self.technology.pdk, shared

    def alike(self, device: Device) -> list[Device]:
        """The devices that share all sizes with one, itself among them."""
        return [
            one
            for one in self.devices
            if (one.kind, one.width, one.length, one.value) == (device.kind, device.width, device.length, device.value)
        ]

    def new_net(self, stem: str = "n") -> str:
        return _free(stem, self.nets | set(self.ports))

    def new_name(self, kind: str) -> str:
        return _free("M" if kind in FETS else kind.upper(), {device.name for device in self.devices})

    def new_parameter(self, stem: str) -> str:
        # ngspice and the reader ignore case
        taken = {name.lower() for name in self.parameters}
        return next(name for name in (f"{stem}{number or ''}" for number in range(999)) if name.lower() not in taken)

    def changed(self, changes: Mapping[str, Device], added: Iterable[Device] = (), removed: Iterable[str] = ()) -> Cell:
        """The cell with devices replaced by name, added at the end, or removed."""
        gone = set(removed)
        devices = [changes.get(device.name, device) for device in self.devices if device.name not in gone]
        return replace(self, devices=(*devices, *added))

    def with_parameter(self, name: str, value: Range) -> Cell:
        return replace(self, parameters={**self.parameters, name: value})

    def tidied(self) -> Cell:
        """The cell without unused parameters."""
        used = {name for device in self.devices for name in device.used}
        return replace(self, parameters={name: value for name, value in self.parameters.items() if name in used})


def _free(stem: str, taken: Iterable[str]) -> str:
    taken = {name.lower() for name in taken}
    return next(name for name in (f"{stem}{number}" for number in range(1, 9999)) if name.lower() not in taken)
