"""A draft is the spec.yaml that `eda-agent init` proposes for a bare netlist: parameters, match groups, testbenches and targets.

What could not be told is said (`doubts`), never guessed silently. `draft` makes the text from the structure alone; with `measured`, what
a first simulation of it gave, the targets become a step beyond what the circuit does now.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.files import write_text
from eda_agent.problem import expression
from eda_agent.problem.dialect import to_spice
from eda_agent.problem.kind import MIN, Kind, tell_kind
from eda_agent.problem.load_space import COUNTS, initial_value, place_unit, uses_of
from eda_agent.problem.load_testbench import read_template
from eda_agent.problem.metric import METRICS
from eda_agent.problem.netlist import Device, Edit, Netlist, parse_netlist
from eda_agent.problem.pdk import Pdk, find_pdk, pdk_names
from eda_agent.problem.source import logical_lines, read_source, read_text
from eda_agent.problem.structure import Structure, recognise
from eda_agent.units import format_quantity

MAX_PARAMETERS = 40
TYPICAL = {
    "dc_gain": 60.0, "gbw": 10e6, "phase_margin": 60.0, "input_noise": 100e-9, "power": 500e-6, "slew_rate_up": 5e6, "slew_rate_down": 5e6,
    "settling_time": 500e-9, "delay": 1e-9, "psrr_plus": 40.0, "quiescent_current": 100e-6, "load_regulation": 5.0, "line_regulation": 10e-3,
    "dropout": 0.2, "transimpedance": 5e3, "bandwidth": 1e9, "peaking": 1.0, "input_noise_current": 5e-12, "oscillation_frequency": 500e6,
    "temperature_coefficient": 100.0,
}  # fmt: skip
"""Targets where nothing was measured."""
_STEP = {"dB": 6.0, "deg": 5.0}
_FACTOR = 1.5
"""How far beyond what it measures now a circuit is asked to go: 6 dB, or a factor of 1.5."""
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_ADEQUATE = {"phase_margin": 60.0, "peaking": 1.0}
"""What nobody asks more of than this."""


@dataclass
class Draft:
    """`source`: the netlist, or its plain copy where it had to be `changed`; `netlist_text` is what stands in it."""

    name: str
    source: Path
    netlist_text: str
    changed: tuple[str, ...]
    netlist: Netlist
    pdk: Pdk
    subckt: str
    structure: Structure
    kind: Kind
    doubts: list[str] = field(default_factory=list)


def read_circuit(path: Path, out: Path, pdk: str | None = None, subckt: str | None = None) -> Draft:
    """Read a netlist and recognise what it is; where it is not plain SPICE, a plain copy is written into `out`. Raises `InputError` with what is wrong and what to write."""
    findings: list[Finding] = []
    raw = read_text(path, findings)
    if findings:
        raise InputError(findings)
    known = [find_pdk(name) for name in pdk_names()]
    chosen = find_pdk(pdk, path.parent) if pdk else _pdk_of(raw, known, path)
    text, notes = to_spice(raw, [chosen])
    file = path
    if notes:
        # includes are relative: a copy that has some stays beside the original
        whole = not re.search(r"^\s*\.inc", text, re.IGNORECASE | re.MULTILINE)
        file = (out if whole else path.parent) / f"{path.stem}.eda.spice"
        write_text(file, text)
    libraries = {Path(location.get("root") or location.get("file", "")).name for entry in known for location in entry.locations}
    libraries |= {name for entry in known for name in entry.include}
    netlist = parse_netlist(read_source(file, [path.parent, file.parent], library_files=libraries))
    doubts: list[str] = []
    name = (subckt or _subckt_of(netlist, path, doubts)).lower()
    if name not in netlist.subcircuits:
        raise InputError(
            Finding(f"the netlist has no subcircuit {name!r}", path, fix=f"--subckt {' or '.join(netlist.subcircuits) or '…'}")
        )
    structure = recognise(netlist, name, chosen)
    kind = tell_kind(structure)
    doubts += kind.doubts
    if chosen.name == "own":
        doubts.append(f"supply, smallest W and L of these models: {chosen.supply:g} V and the smallest in the netlist were taken")
    if structure.unknown:
        doubts.append(f"what these devices do: {', '.join(structure.unknown)}")
    return Draft(path.stem, file, text, notes, netlist, chosen, name, structure, kind, doubts)


def _pdk_of(text: str, known: Sequence[Pdk], path: Path) -> Pdk:
    lines = logical_lines(text, path, title=True)
    words = {word for line in lines if line.card != ".model" for word in line.text.lower().split()}
    counts = {entry.name: sum(device in words for device in entry.devices) for entry in known}
    best = max(counts, key=lambda name: counts[name])
    if counts[best]:
        return next(entry for entry in known if entry.name == best)
    if any(line.card in {".model", ".include", ".inc"} for line in lines):
        return find_pdk("own")
    raise InputError(
        Finding(
            "no device of a known PDK and no .model card stands in the netlist",
            path,
            fix=f"--pdk {' or '.join(counts)}, or a PDK file of your own",
        )
    )


def _subckt_of(netlist: Netlist, path: Path, doubts: list[str]) -> str:
    called = {device.value.lower() for scope in netlist.subcircuits.values() for device in scope.devices if device.kind == "x"}
    tops = [name for name in netlist.subcircuits if name not in called]
    if not tops:
        raise InputError(
            Finding(
                "the netlist has no subcircuit to size",
                path,
                fix="wrap the circuit in  .subckt NAME ports…  and  .ends, without its sources",
            )
        )
    if len(tops) > 1:
        tops.sort(key=lambda name: len(netlist.subcircuits[name].devices), reverse=True)
        doubts.append(f"which subcircuit is meant: {tops[0]} is the largest; the others are {', '.join(tops[1:])} (--subckt)")
    return tops[0]


def write_draft(
    draft: Draft, circuit: str, measured: Mapping[str, float | None] | None = None, wanted: Mapping[str, Mapping[str, float]] | None = None
) -> str:
    """The text of spec.yaml. `circuit`: the netlist's file as the spec names it.

    `measured`: spec name → value at the netlist's sizes. `wanted`: metric → {minimum, maximum} that a datasheet asks for.
    """
    lines = [
        f"# drafted by `eda-agent init {draft.source.name}`; everything here is yours to change",
        *(f"# could not tell {doubt}" for doubt in draft.doubts),
        f"name: {draft.name}",
        f"circuit: {circuit}",
        *(
            [f"include: [{Path(circuit).parent}]"]
            if "/" in circuit and re.search(r"^\s*\.inc", draft.netlist_text, re.IGNORECASE | re.MULTILINE)
            else []
        ),
        f"subckt: {draft.subckt}",
        f"pdk: {draft.pdk.name}",
        "parameters:",
        *_parameters(draft),
    ]
    groups = _groups(draft)
    if groups:
        lines.append(f"match: [{', '.join('[' + ', '.join(group) + ']' for group in groups)}]")
    lines += _wiring(draft)
    lines.append("testbenches:")
    for bench in draft.kind.benches:
        settings = "".join(f", {name}: {value}" for name, value in bench.settings.items())
        lines.append(f"  {bench.name}: {{template: {bench.template}{settings}}}")
    lines.append("specs:")
    given: set[str] = set()
    for bench in draft.kind.benches:
        asked = {metric: bounds for metric, bounds in (wanted or {}).items() if metric in read_template(bench.template)["metrics"]}
        for metric, bounds in asked.items():
            if metric not in given:
                given.add(metric)
                cells = ", ".join(_bound(metric, side, value) for side, value in bounds.items())
                lines.append(f"  {metric}: {{testbench: {bench.name}, {cells}}}  # from the datasheet")
        for metric, sense in bench.metrics.items():
            if metric in given:
                continue
            value, how = _target(metric, sense, None if measured is None else measured.get(metric))
            objective = ", objective: minimize" if metric in {"power", "quiescent_current"} else ""
            lines.append(f"  {metric}: {{testbench: {bench.name}, {_bound(metric, sense, value)}{objective}}}  # {how}")
    lines += [
        "corners:",
        f"  nominal: {{process: tt, vdd: {draft.pdk.supply:g}, temperature: 27}}",
        "budget: {simulations: 200}",
    ]
    return "\n".join(lines) + "\n"


def _bound(metric: str, sense: str, value: float) -> str:
    unit = METRICS[metric].unit
    if unit == "V/s":
        return f"unit: V/us, {sense}: {value / 1e6:g}"
    return f"unit: {unit}, {sense}: {format_quantity(value).replace(' ', '')}" if unit else f"{sense}: {value:g}"


def _target(metric: str, sense: str, now: float | None) -> tuple[float, str]:
    unit = METRICS[metric].unit
    if now is None or now <= 0:
        return TYPICAL[metric], "a common value; the netlist's own sizes could not be measured" if now is None else "a common value"
    shown = format_quantity(now, unit, 3)
    if metric in _ADEQUATE:
        return _ADEQUATE[metric], f"now {shown}"
    sign = 1 if sense == MIN else -1
    if unit in _STEP:
        return float(round(now + sign * _STEP[unit])), f"now {shown}"
    # power pays for the rest: it is not asked to fall
    wanted = now * (2.0 if metric in {"power", "quiescent_current"} else _FACTOR**sign)
    decade = 10.0 ** math.floor(math.log10(wanted))
    return min(_ROUND, key=lambda step: abs(math.log(step * decade / wanted))) * decade, f"now {shown}"


# parameters


def _parameters(draft: Draft) -> list[str]:
    lines = []
    for name, edit in _places(draft)[:MAX_PARAMETERS]:
        low, high, step, scale = _range(draft, edit)
        cells = [
            f"min: {low}",
            f"max: {high}",
            *([f"step: {step}"] if step else []),
            f"scale: {scale}",
            *([f"role: {_role(draft, edit)}"] if _role(draft, edit) else []),
        ]
        lines.append(f"  {name}: {{{', '.join(cells)}}}")
    if not lines:
        raise InputError(Finding("nothing in the netlist can be sized: no W, L, m, R or C", draft.source))
    return lines


def _places(draft: Draft) -> list[tuple[str, Edit]]:
    """(name in the spec, place): every `.param` or default that sets a size, then sizes written as plain numbers, one a match group."""
    scope = draft.netlist.subcircuits[draft.subckt]
    result: list[tuple[str, Edit]] = []
    seen: set[str] = set()
    for owner, params in ((draft.subckt, {**scope.defaults, **scope.params}), ("", draft.netlist.top.params)):
        for name, text in params.items():
            edit = Edit(owner, "", name)
            # a parameter made of others follows them
            made = expression.names(expression.parse(text)) if _is_expression(text) else frozenset(["?"])
            if name not in seen and not made and _sizes(draft, edit):
                result.append((_spelled(draft, name), edit))
                seen.add(name)
    leaders = {name.lower(): group[0].lower() for group in _groups(draft) for name in group}
    ratios: set[tuple[str, str]] = set()
    units = set()
    for mirror in draft.structure.mirrors:
        device, cell = _device_at(draft, mirror.reference.name), _cell_of(draft, mirror.reference.name)
        path = device.name if cell == draft.subckt else f"{cell}.{device.name}"
        units.add((leaders.get(path, path), _canonical(device.params.get("m", ""))))

    def leads_ratio(inner: str, device: Device) -> bool:
        """Units of a mirror's reference are its measure; of the others one of each number leads those that have as many."""
        path = device.name if inner == draft.subckt else f"{inner}.{device.name}"
        mine = (leaders.get(path, path), _canonical(device.params.get("m", "")))
        if mine in ratios or mine in units:
            return False
        ratios.add(mine)
        return True

    for inner in _reached(draft):
        for device in draft.netlist.subcircuits[inner].devices:
            path = device.name if inner == draft.subckt else f"{inner}.{device.name}"
            for attribute in ("w", "l", "m"):
                text = device.params.get(attribute, "")
                leads = leaders.get(path, path) == path
                if attribute == "m":
                    leads = leads_ratio(inner, device)
                if text and leads and _is_number(text) and (device.kind == "m" or draft.pdk.device(device.value)):
                    result.append(
                        (
                            f"{path.upper()}.{attribute}" if inner == draft.subckt else f"{path}.{attribute}",
                            Edit(inner, device.name, attribute),
                        )
                    )
            if device.kind in "rc" and _is_number(device.value) and inner == draft.subckt:
                result.append((device.name.upper(), Edit(inner, device.name, "value")))
    return result


def _reached(draft: Draft) -> list[str]:
    """The subcircuit and those that it calls, each once."""
    result, waiting = [], [draft.subckt]
    while waiting:
        name = waiting.pop(0)
        if name in draft.netlist.subcircuits and name not in result:
            result.append(name)
            waiting += [device.value.lower() for device in draft.netlist.subcircuits[name].devices if device.kind == "x"]
    return result


def _spelled(draft: Draft, name: str) -> str:
    """A parameter as the netlist spells it."""
    found = re.search(rf"(?<![\w.])({re.escape(name)})\s*=", draft.netlist_text, re.IGNORECASE)
    return found[1] if found else name


def _sizes(draft: Draft, edit: Edit) -> bool:
    return any(key in {"w", "l", "m", "value"} for device, key in uses_of(edit, draft.netlist, draft.subckt))


def _is_expression(text: str) -> bool:
    try:
        expression.parse(text)
    except expression.ExpressionError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        return isinstance(expression.parse(text), expression.Number)
    except expression.ExpressionError:
        return False


def _range(draft: Draft, edit: Edit) -> tuple[str, str, str, str]:
    """(min, max, step, scale) as text, legal in the PDK and around the netlist's own value."""
    uses = sorted(uses_of(edit, draft.netlist, draft.subckt), key=lambda use: use[1] not in {"w", "l", "m", "value"})
    device, key = uses[0]
    unit, scale = place_unit(edit, draft.netlist, draft.subckt, draft.pdk)
    start = (initial_value(edit, draft.netlist, draft.subckt) or 1.0) * scale
    if key in COUNTS:
        return "1", f"{max(20, math.ceil(4 * start))}", "1", "log"
    if unit == "m":
        rules = [rule for other, _ in uses if (rule := draft.pdk.device(other.value)) is not None]
        least = max((rule.width if key == "w" else rule.length)[0] for rule in rules) if rules else _smallest(draft, key)
        if key == "w":
            # the models' smallest width is a finger's
            texts = [other.params.get("nf", "1") for other, _ in uses]
            least *= max(expression.evaluate(expression.parse(text), {}) if _is_number(text) else 1.0 for text in texts)
        most = min((rule.width if key == "w" else rule.length)[1] for rule in rules) if rules else start * 20
        top = max(50e-6, 5 * start) if key == "w" else max(8 * least, 4 * start)
        grid = 2 * draft.pdk.grid
        low = math.ceil(least / grid - 1e-9) * grid
        high = min(math.floor(most / grid + 1e-9) * grid, _nice(top))
        return _plain(low), _plain(max(high, low + grid)), _plain(grid), "log"
    if start <= 0:
        return _plain(start), _plain(start or 1.0), "", "lin"
    spread = 20.0 if device.kind == "c" else 30.0
    return _plain(_nice(start / spread)), _plain(_nice(start * spread)), "", "log"


def _smallest(draft: Draft, key: str) -> float:
    """The smallest W or L that the netlist uses: what is known of models without rules."""
    texts = [device.params.get(key, "") for name in _reached(draft) for device in draft.netlist.subcircuits[name].devices]
    found = [expression.evaluate(expression.parse(text), {}) for text in texts if text and _is_number(text)]
    return min(found, default=1e-6)


def _nice(value: float) -> float:
    return float(f"{value:.1g}")


def _plain(value: float) -> str:
    return format_quantity(value, digits=6).replace(" ", "")


def _role(draft: Draft, edit: Edit) -> str:
    """What the devices that a place sizes do, and which side of them it is."""
    uses = [(device, key) for device, key in uses_of(edit, draft.netlist, draft.subckt) if key in {"w", "l", "m", "value"}]
    lines = {id(device.line) for device, _ in uses}
    roles = [role for label, role in draft.structure.roles.items() if id(_device_at(draft, label).line) in lines]
    if not roles:
        return ""
    common = sorted(set(roles), key=lambda role: (-roles.count(role), role))
    side = {"w": "width", "l": "length", "m": "multiplier", "value": ""}[uses[0][1]]
    return f"{' and '.join(common[:2])} {side}".strip()


def _cell_of(draft: Draft, label: str) -> str:
    """The subcircuit that holds a device of the structure, whose label is a path of instances."""
    cell = draft.subckt
    for name in label.split(".")[:-1]:
        call = draft.netlist.subcircuits[cell].device(name)
        assert call is not None
        cell = call.value.lower()
    return cell


def _device_at(draft: Draft, label: str) -> Device:
    """The line of the netlist behind a device of the structure."""
    device = draft.netlist.subcircuits[_cell_of(draft, label)].device(label.rpartition(".")[2])
    assert device is not None
    return device


def _groups(draft: Draft) -> list[list[str]]:
    """Match groups of devices with sizes of their own; where a `.param` is shared, the netlist says it already, and it is said again."""
    result = []
    for group in draft.structure.matched:
        alike: dict[tuple[str, str], list[str]] = {}
        for label in group:
            device = _device_at(draft, label)
            cell = _cell_of(draft, label)
            # the same device of a cell that is called twice is one line of the netlist
            name = device.name if cell == draft.subckt else f"{cell}.{device.name}"
            if any(name.upper() in names for names in alike.values()):
                continue
            # sizes that the designer made different stay so
            alike.setdefault((_canonical(device.params.get("w", "")), _canonical(device.params.get("l", ""))), []).append(name.upper())
        result += [members for members in alike.values() if len(members) > 1]
    return result


def _canonical(text: str) -> str:
    return repr(expression.evaluate(expression.parse(text), {})) if _is_number(text) else text


def _wiring(draft: Draft) -> list[str]:
    ports = {role: port for role, port in draft.kind.ports.items() if role != port}
    lines = (
        [f"ports: {{{', '.join(f'{role}: {port!r}' if not port.isidentifier() else f'{role}: {port}' for role, port in ports.items())}}}"]
        if ports
        else []
    )
    bias = []
    for port, how in draft.kind.bias.items():
        value = {"source": "{current: 5u}", "sink": "{current: -5u}", "voltage": f"{{voltage: {draft.pdk.supply / 2:g}}}"}[how]
        bias.append(f"{port}: {value}")
        draft.doubts.append(f"the {'voltage' if how == 'voltage' else 'current'} of bias port {port}: {value} was taken")
    if bias:
        lines.append(f"bias: {{{', '.join(bias)}}}  # values are a guess")
    return lines
