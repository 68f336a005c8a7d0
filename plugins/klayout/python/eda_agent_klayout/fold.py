"""A fold is the number of fingers with which a transistor is drawn. It determines the widths on the grid, the units of
a matched array and the junctions (AD, AS, PD, PS).

The simulation and the drawing use this module, so they agree. It needs the standard library only, because KLayout's
Python runs it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil, gcd, inf
from typing import Any

from .table import Device, Table


@dataclass(frozen=True)
class Rule:
    """How devices are folded; all in m.

    `widest`: a wider finger is folded, inf for none. `narrowest`: a matched device gets two fingers if each is at least
    this wide, so that it can be mirrored about a middle; inf for never. `grid`: step of a finger's width and of the
    length, 0 for none.
    """

    widest: float = 10e-6
    narrowest: float = 1e-6
    grid: float = 5e-9

    @property
    def least(self) -> float:
        """Lower limit of the width of a folded finger: an even number of fingers is used if more than one is needed."""
        return min(self.widest / 2, self.narrowest) - self.grid


UNFOLDED = Rule(inf, inf)
"""The fingers of the schematic."""


@dataclass(frozen=True)
class Diffusion:
    """The source and drain regions of a process's PCell, in m: their length from the gate to the edge at an `end`,
    between two gates `inner`; `pad`: the minimum height around a contact, and `pad_length` the length of a region with
    this height if the finger is narrower.
    """

    end: float
    inner: float
    pad: float = 0.0
    pad_length: float = 0.0


@dataclass(frozen=True)
class Junctions:
    """Area (m²) and perimeter (m, including the gate's side) of drain and source."""

    ad: float
    as_: float
    pd: float
    ps: float

    def scaled(self, factor: float) -> Junctions:
        return Junctions(self.ad * factor, self.as_ * factor, self.pd * factor, self.ps * factor)

    def plus(self, other: Junctions) -> Junctions:
        return Junctions(self.ad + other.ad, self.as_ + other.as_, self.pd + other.pd, self.ps + other.ps)


@dataclass(frozen=True)
class Unit:
    """Adjacent `fingers` of a device; all terminals of a dummy are on the bulk."""

    device: Device
    fingers: int
    dummy: bool = False


def folded(devices: Sequence[Device], rule: Rule) -> list[Device]:
    """The devices with the fingers with which they are drawn, their widths and lengths on the grid. Folding twice
    changes nothing. A rounded size stays within the device's span, if a step of the grid lies in it.

    A device with several fingers in the schematic keeps them. In a matched group with a ratio (some m above 1) only too
    wide devices are folded, because a ratio needs equal units.
    """
    ratios = {device.block for device in devices if device.block is not None and device.m > 1}
    return [_on_grid(_fold(device, rule, device.block in ratios), rule.grid) for device in devices]


def fitted(device: Device, drawn: int, simulated: Device, rule: Rule) -> Device | None:
    """The device with the drawn number of fingers: as `simulated`, or folded to it if the schematic has one finger;
    None if neither fits.
    """
    if drawn == simulated.fingers:
        return simulated
    if device.nf > 1 or drawn % device.m:
        return None
    fold = drawn // device.m
    # a fold that was chosen for another size is kept while its fingers have a usable shape
    wanted = Rule()
    if not 0.42e-6 <= device.width / fold <= 4 * wanted.widest or (
        fold > 1 and device.width / fold < wanted.narrowest * (1 - 1e-9)
    ):
        return None
    return folded([replace(device, nf=fold)], replace(rule, widest=inf, narrowest=inf))[0]


def _fold(device: Device, rule: Rule, in_ratio: bool) -> Device:
    if device.nf > 1:
        return device
    count = max(ceil(device.width / rule.widest - 1e-9), 1)
    pair = (
        device.block is not None and not in_ratio and device.m == 1 and device.width >= 2 * rule.narrowest * (1 - 1e-9)
    )
    # an even number, so that a unit can be mirrored
    count += count % 2 if count > 1 or pair else 0
    return replace(device, nf=count)


def _on_grid(device: Device, grid: float) -> Device:
    if not grid:
        return device
    width, length = device.span or ((0.0, inf), (0.0, inf))
    finger = _snapped(device.width / device.nf, grid, (width[0] / device.nf, width[1] / device.nf))
    return replace(device, width=round(finger * device.nf, 15), length=_snapped(device.length, grid, length))


def _snapped(size: float, grid: float, span: tuple[float, float]) -> float:
    # half a step is common, and a last digit must not decide about it
    steps = max(round(round(size / grid, 6)), 1)
    low, high = ceil(span[0] / grid - 1e-4), span[1] / grid + 1e-4
    inside = steps - 1 if steps > high else steps + 1 if steps < low else steps
    return round((inside if max(low, 1) <= inside <= high else steps) * grid, 15)


def arrays(devices: Sequence[Device]) -> list[list[Unit]]:
    """The pieces of folded devices: single ones, and matched groups with equal fingers as common-centroid arrays."""
    groups: dict[int, list[Device]] = {}
    for device in devices:
        if device.block is not None:
            groups.setdefault(device.block, []).append(device)
    result, placed = [], set()
    for device in devices:
        if device.name in placed:
            continue
        group = groups.get(device.block, [device]) if device.block is not None else [device]
        # matched devices with other fingers cannot share an array
        group = [other for other in group if _alike(device, other) and other.name not in placed]
        placed |= {other.name for other in group}
        result.append(common_centroid(group) if len(group) > 1 else [Unit(device, device.nf)] * device.m)
    return result


def _alike(one: Device, other: Device) -> bool:
    return (
        one.kind == other.kind
        and abs(one.finger - other.finger) < 1e-10
        and abs(one.length - other.length) < 1e-10
        and one.nets[3] == other.nets[3]
    )


def common_centroid(group: Sequence[Device]) -> list[Unit]:
    """Units of a group mirrored about the middle: A B | B A for a pair of two fingers each, with a dummy at both ends.

    A unit has as many fingers as leave every device an even number of units, at least one. If a device has an odd
    number of units, its last is in the middle, and the centroids differ by no more than that.
    """
    counts = [device.fingers for device in group]
    common = gcd(*counts)
    size = common // 2 if common % 2 == 0 else common
    units = {device.name: device.fingers // size for device in group}
    half: list[Device] = []
    left = {device.name: units[device.name] // 2 for device in group}
    # spread evenly: the next unit is of the device with the largest share still to place
    while any(left.values()):
        chosen = max(
            (device for device in group if left[device.name]), key=lambda device: left[device.name] / units[device.name]
        )
        half.append(chosen)
        left[chosen.name] -= 1
    middle = [device for device in group if units[device.name] % 2]
    row = [Unit(device, size) for device in chain(half, middle, reversed(half))]
    ends = (Unit(row[0].device, 1, dummy=True), Unit(row[-1].device, 1, dummy=True))
    return [ends[0], *row, ends[1]]


def junctions(fingers: int, width: float, diffusion: Diffusion) -> Junctions:
    """Junctions of adjacent fingers, each `width` m wide: source, drain, source, … share the regions between two
    gates.
    """
    found = Junctions(0.0, 0.0, 0.0, 0.0)
    bump = max(diffusion.pad - width, 0.0)
    for number in range(fingers + 1):
        length = diffusion.end if number in (0, fingers) else diffusion.inner
        area, around = length * width + diffusion.pad_length * bump, 2 * (length + width + bump)
        found = found.plus(Junctions(0.0, area, 0.0, around) if number % 2 == 0 else Junctions(area, 0.0, around, 0.0))
    return found


def drawn_junctions(devices: Sequence[Device], diffusion: Diffusion) -> dict[str, Junctions]:
    """Device → the junctions of all its drawn units, of folded devices."""
    found: dict[str, Junctions] = {}
    for unit in chain.from_iterable(arrays(devices)):
        if not unit.dummy:
            own = junctions(unit.fingers, unit.device.finger, diffusion)
            found[unit.device.name] = found[unit.device.name].plus(own) if unit.device.name in found else own
    return found


def usual(table: Table) -> Rule:
    """The rule of a drawing with the PCells of a table, if a run has none."""
    return Rule(grid=max(Rule.grid, step_of(table)))


def step_of(table: Table) -> float:
    """The step of widths and lengths that the PCells of a table draw on the manufacturing grid, m; 0 for any."""
    return round(table.step * table.unit, 15)


def rule_of(data: Mapping[str, Any] | None, table: Table | None = None) -> Rule:
    """The rule in the output of `eda-agent export RUN --devices`; the usual one of a table if the run has none. null
    means inf.
    """
    if not data:
        return usual(table) if table is not None else Rule()
    widest, narrowest = (inf if data.get(name) is None else float(data[name]) for name in ("widest", "narrowest"))
    return Rule(widest, narrowest, float(data.get("grid") or 0.0))


def rule_data(rule: Rule) -> dict[str, float | None]:
    """A rule as JSON."""
    return {name: None if value == inf else value for name, value in vars(rule).items()}


def not_simulated(found: Mapping[str, Any], table: str) -> list[str]:
    """What of a drawing with the PCells of `table` is missing in a run's measurements.

    Args:
        found: what `eda-agent export RUN --devices` prints.
        table: name of the table of PCells.
    """
    layout = found.get("layout")
    if not layout:
        return [
            "the run simulated the netlist's fingers and junctions, not those of this layout: write the line"
            " layout: {fold: auto} into its spec.yaml (a copy of the folder of a shipped circuit) and size again"
            " (docs/klayout.md)"
        ]
    if layout.get("areas") == "drawn" and layout.get("table") != table:
        return [f"the run simulated the junctions of {layout.get('table')}'s PCells; these are {table}'s"]
    return []
