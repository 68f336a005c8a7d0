"""Devices in a prompt: operating points, capacitances, node voltages, noise and frequency response as short tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_agent.metrics.gain import transfer_of
from eda_agent.metrics.landmarks import landmarks
from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.problem.spec import Problem
from eda_agent.simulation.inspection import Inspection, waveform_of
from eda_agent.simulation.operating_point import OperatingPoint
from eda_agent.units import format_quantity, plain_number

Points = Mapping[str, OperatingPoint]
SAME, SAME_VOLT, ONE = 0.1, 0.015, 0.03
"""Devices share a row if their currents differ by less than the first share and their voltages, but for Vds, by less
than the second (V). A cell of such a row has one number if the devices differ by less than the third share.
"""
REJECTION = -20.0
"""dB: a response that begins below this is a rejection."""
COLUMNS = "device|Id uA|gm uS|gm/gds|gm/Id|Vgs mV|Vth|Vds|Vdsat"


def points_text(points: Points, closer: Inspection | None = None, only: Sequence[str] | None = None) -> str:
    """A table of operating points; `only`: of these devices. A device that is not saturated says so. Vds of devices
    that share a row stands in their order.
    """
    gates = {} if closer is None else closer.capacitances
    rows = [COLUMNS + ("|Cgg fF|Cjd" if gates else "")]
    shown = {name: point for name, point in points.items() if only is None or name in only}
    off = [name for name, point in shown.items() if point.region == "off"]
    for names in _alike({name: point for name, point in shown.items() if name not in off}):
        members = [points[name] for name in names]
        cells = [
            " ".join(names),
            _range([one.id * 1e6 for one in members]),
            _range([one.gm * 1e6 for one in members]),
            _range([one.gm / one.gds if one.gds else float("nan") for one in members], SAME),
            _range([one.gm_id for one in members], SAME),
            millivolts(members[0].vgs),
            millivolts(members[0].vth),
            _each_vds(members),
            millivolts(members[0].vdsat),
        ]
        if gates:
            row = gates.get(names[0], {})
            cells += [_number(row.get(key, float("nan")) * 1e15) for key in ("cgg", "capbd")]
        state = "" if members[0].region == "saturation" else f" {members[0].region.upper()}"
        rows.append("|".join(cells) + state)
    # a device without current has no bias to read
    rest = [f"OFF: {' '.join(off)}"] if off else []
    return "\n".join(rest if len(rows) == 1 else rows + rest)


def millivolts(volts: float) -> str:
    return f"{1e3 * volts:.0f}"


def _each_vds(members: Sequence[OperatingPoint]) -> str:
    drains = [one.vds for one in members]
    return " ".join(map(millivolts, drains if max(drains) - min(drains) > SAME_VOLT else drains[:1]))


def _range(values: Sequence[float], one: float = ONE) -> str:
    low, high = min(values), max(values)
    return f"{_number(low)}–{_number(high)}" if high - low > one * abs(high) else _number(values[0])


def _number(value: float) -> str:
    return "?" if value != value else plain_number(value, 3)


def _alike(points: Points) -> list[list[str]]:
    """Devices grouped by equal bias, in their order."""
    groups: list[list[str]] = []
    for name, point in points.items():
        home = next((group for group in groups if _same(points[group[0]], point)), None)
        if home is None:
            groups.append([name])
        else:
            home.append(name)
    return groups


def _same(one: OperatingPoint, other: OperatingPoint) -> bool:
    close = all(
        abs(getattr(one, name) - getattr(other, name)) <= SAME * max(getattr(one, name), getattr(other, name), 1e-15)
        for name in ("id", "gm")
    )
    volts = all(abs(getattr(one, name) - getattr(other, name)) <= SAME_VOLT for name in ("vgs", "vth", "vdsat"))
    return close and volts and one.region == other.region


def changed_devices(points: Points, best: Points) -> list[str]:
    """Devices that are in another region than in the best turn, or carry another current."""
    found = []
    for name, point in points.items():
        other = best.get(name)
        if (
            other is None
            or point.region != other.region
            or (point.region != "off" and abs(point.id - other.id) > 0.1 * other.id)
        ):
            found.append(name)
    return found


def out_of_saturation(points: Points, wanted: Sequence[str]) -> str:
    """The devices that must be saturated and are not, with what is missing."""
    parts = []
    for name in wanted:
        point = points.get(name)
        if point is not None and point.region != "saturation":
            parts.append(
                f"{name} is off" if point.region == "off" else f"{name} in triode by {-point.margin * 1e3:.0f} mV"
            )
    return ", ".join(parts)


def nodes_text(problem: Problem, found: Inspection, base: Inspection | None = None) -> str:
    """The voltages of the circuit's nets, without its supplies; those that moved against a base, if one is given."""
    scope = problem.netlist.subcircuits[problem.subckt]
    known = {net for device in scope.devices for net in device.nodes} | set(scope.ports)
    before = {} if base is None else _nodes(base)
    shown = [
        f"{node} {millivolts(volts)}"
        for node, volts in _nodes(found).items()
        if node in known and node not in {"vdd", "vss"} and abs(volts - before.get(node, float("inf"))) > SAME_VOLT
    ]
    return f"Nodes{' that moved' if before else ''} [mV]: {', '.join(shown)}" if shown else ""


def _nodes(found: Inspection) -> dict[str, float]:
    return {node.removeprefix("bias_"): volts for node, volts in found.nodes.items()}


def noise_text(found: Inspection, most: int = 5) -> str:
    """The devices with the largest shares of each testbench's noise; those with equal shares stand together."""
    lines = []
    for bench, one in found.noise.items():
        where = f"at {format_quantity(one.at, 'Hz')}" if one.at is not None else "over the band"
        equal: dict[str, list[str]] = {}
        for name, share in [(name, share) for name, share in one.shares.items() if share >= 0.01][:most]:
            equal.setdefault(f"{100 * share:.0f} %", []).append(name)
        shares = [f"{' '.join(names)} {share}{' each' if len(names) > 1 else ''}" for share, names in equal.items()]
        lines.append(f"Noise power {where} ({bench}): {', '.join(shares)}")
    return "\n".join(lines)


def _near(one: float, other: float | None) -> bool:
    return other is not None and abs(one - other) < 0.05 * other


def response_text(found: Inspection, *, poles: bool = True) -> str:
    """The landmarks of each testbench's frequency response. `poles`: with the frequencies of the phase's turns."""
    lines = []
    for bench, waves in found.waves.items():
        if "ac" not in waves:
            continue
        try:
            marks = landmarks(*transfer_of(waveform_of("ac", waves["ac"])))
        except (Unmeasurable, KeyError, ValueError):
            continue
        parts = [f"{marks.gain:.1f} dB"]
        if marks.corner is not None:
            parts.append(f"-3 dB at {format_quantity(marks.corner, 'Hz', 3)}")
        if marks.gain < REJECTION:
            # its phase says nothing about a loop
            lines += [f"Response ({bench}): {', '.join(parts)}"] if poles and len(parts) > 1 else []
            continue
        if marks.crossover is not None and marks.phase is not None:
            parts.append(f"0 dB at {format_quantity(marks.crossover, 'Hz', 3)} with {marks.phase:.0f}°")
        elif not poles:
            continue
        # a single pole has -3 dB and -45° in one place
        turns = {turn: at for turn, at in marks.turns.items() if poles and not _near(at, marks.corner)}
        parts += [f"-{turn:g}° at {format_quantity(at, 'Hz', 3)}" for turn, at in turns.items()]
        lines.append(f"Response ({bench}): {', '.join(parts)}")
    return "\n".join(lines)
