"""Recognition builds a structure from a netlist's subcircuit, or from flat devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.structure.circuit import Fet, Passive, Structure
from eda_agent.problem.structure.matching import matched_groups
from eda_agent.problem.structure.orientation import oriented
from eda_agent.problem.structure.patterns import Patterns
from eda_agent.problem.structure.roles import roles_of
from eda_agent.problem.structure.substrate import ground_beside_substrate

TWO_TERMINAL = frozenset("rcl")


def recognise(netlist: Netlist, subckt: str, pdk: Pdk, rails: Mapping[str, str] | None = None) -> Structure:
    """The structure of a subcircuit. `rails`: vdd and vss, if they are known. Raises `InputError` if it does not
    elaborate.
    """
    flat = Elaboration(netlist, subckt, stub_devices(pdk)).devices({})
    types = {
        line.text.split()[1].lower(): line.text.split()[2].lower() for line in netlist.lines if line.card == ".model"
    }
    return analyse(
        flat,
        netlist.subcircuits[subckt].ports,
        {**{name: rule.type for name, rule in pdk.devices.items()}, **types},
        rails or {},
    )


def analyse(
    devices: Iterable[FlatDevice],
    ports: Sequence[str],
    types: Mapping[str, str],
    rails: Mapping[str, str] | None = None,
) -> Structure:
    """The same from flat devices; `types`: model → nmos or pmos."""
    devices = list(devices)
    same = _joined(devices, ports)
    fets, passives = [], []
    for device in devices:
        kind = types.get(device.model, "")[:4]
        nodes = [same.get(net, net) for net in device.nodes]
        if device.kind == "m" and kind in {"nmos", "pmos"}:
            drain, gate, source, bulk = nodes[:4]
            fets.append(Fet(device.label, kind, drain, gate, source, bulk))
        elif device.kind in TWO_TERMINAL and len(nodes) >= 2:
            passives.append(Passive(device.label, device.kind, (nodes[0], nodes[1])))
    wells = _fed({kind: _rail(fets, ports, kind) for kind in ("pmos", "nmos")}, fets, ports)
    wells["nmos"] = ground_beside_substrate(wells["nmos"], fets, ports)
    vdd, vss = (
        (rails or {}).get(role) or _behind_resistors(wells[kind], ports, fets, passives)
        for role, kind in (("vdd", "pmos"), ("vss", "nmos"))
    )
    if vdd == vss:
        # nothing but resistors tells a rail, and not which one
        vdd, vss = ((rails or {}).get(role, "") for role in ("vdd", "vss"))
    idle = {fet.name: role for fet in fets if (role := _idle(fet, vdd, vss))}
    idle |= {
        name: "dummy" for name, role in idle.items() if role == "MOS capacitor" and _beside_mirror(name, fets, vdd, vss)
    }
    idle |= {
        name: "dummy" for name, role in idle.items() if role == "MOS capacitor" and _beside_switch(name, fets, ports)
    }
    idle |= dict.fromkeys(_alone(fets, passives, ports), "dummy")
    fets = oriented([fet for fet in fets if fet.name not in idle], passives, vdd, vss)
    bare = Structure(tuple(ports), tuple(fets), tuple(passives), vdd, vss)
    found = Patterns(bare)
    return replace(
        bare,
        roles={**roles_of(found), **idle},
        matched=matched_groups(found),
        pairs=found.pairs,
        mirrors=found.mirrors,
        clocks=found.clocks,
        enables=found.enables,
    )


def _joined(devices: Sequence[FlatDevice], ports: Sequence[str]) -> dict[str, str]:
    """Net → the net that it is one with: a source of 0 V between two nets is a wire, an ammeter of the designer."""
    same: dict[str, str] = {}

    def top(net: str) -> str:
        while net in same:
            net = same[net]
        return net

    for device in devices:
        if device.kind == "v" and len(device.nodes) >= 2 and device.values.get("dc") == 0:
            one, other = sorted((top(net) for net in device.nodes[:2]), key=lambda net: net in ports or net == "0")
            if one != other and not {one, other} <= {*ports, "0"}:
                same[one] = other
    return {net: top(net) for net in same}


def _idle(fet: Fet, vdd: str, vss: str) -> str:
    """The role of a MOSFET that never conducts: a dummy, a capacitor, or one whose gate holds it off; "" for others."""
    rails = {vdd, vss, "0"} - {""}
    if fet.drain == fet.source:
        if fet.gate in rails and fet.source in rails and fet.gate != fet.source:
            return "decoupling capacitor"
        return "dummy" if fet.gate == fet.source or fet.gate in rails else "MOS capacitor"
    own, other = ({vss, "0"}, {vdd}) if fet.type == "nmos" else ({vdd}, {vss, "0"})
    ends = {fet.drain, fet.source}
    # a native device below the supply conducts with its gate at ground
    return "dummy" if fet.gate in own - {""} and (ends & own or not ends & other) else ""


def _beside_mirror(name: str, fets: Sequence[Fet], vdd: str, vss: str) -> bool:
    """Whether a MOSFET with both ends on its own rail shares the gate of a current source: a dummy finger beside it."""
    one = next(fet for fet in fets if fet.name == name)
    own = {vss, "0"} if one.type == "nmos" else {vdd}
    active = [fet for fet in fets if fet.type == one.type and fet.gate == one.gate and fet.drain != fet.source]
    return one.source in own and any({fet.source, fet.drain} & own for fet in active)


def _beside_switch(name: str, fets: Sequence[Fet], ports: Sequence[str]) -> bool:
    """Whether a MOSFET with both ends on one net takes up the charge of a switch there, which has the other clock."""
    one = next(fet for fet in fets if fet.name == name)
    clocks = {*ports} - {net for fet in fets for net in (fet.drain, fet.source, fet.bulk)}
    alike = [fet for fet in fets if fet.type == one.type and fet.drain != fet.source]
    # the neutralising capacitor of a pair has the gate of the pair's other half
    halves = {net for fet in alike if fet.gate == one.gate for net in (fet.drain, fet.source)}
    return one.gate in clocks and any(
        fet.gate in clocks - {one.gate} and one.source in (ends := {fet.drain, fet.source}) and not ends & halves
        for fet in alike
    )


def _alone(fets: Sequence[Fet], passives: Sequence[Passive], ports: Sequence[str]) -> list[str]:
    """The MOSFETs whose both ends stand on one net, on which nothing else does: dummies beside a current source."""
    busy = {net for fet in fets for net in (fet.gate, *({fet.drain, fet.source} if fet.drain != fet.source else ()))}
    busy |= {net for passive in passives for net in passive.nets} | {*ports, "0"}
    return [fet.name for fet in fets if fet.drain == fet.source and fet.drain not in busy]


def _rail(fets: Sequence[Fet], ports: Sequence[str], kind: str) -> str:
    """The rail of a type: the net of most of its bulks, a port before an internal net; a bulk tied to the device's own
    source or drain may be a separate well.
    """
    own = [fet for fet in fets if fet.type == kind]
    both: Counter[str] = Counter()
    for fet in own:
        both[fet.bulk] += 1 if fet.bulk in (fet.source, fet.drain) else 2
    return max(both, key=lambda net: (net in ports or net == "0", both[net], net)) if both else ""


def _fed(rails: dict[str, str], fets: Sequence[Fet], ports: Sequence[str]) -> dict[str, str]:
    """The rails by type; where only wells stand on both, as in standard cells, the ports that feed most channels."""
    # a diode on a supply, as the first of a charge pump, feeds nothing
    plain = [fet for fet in fets if fet.gate not in (fet.drain, fet.source)]
    channels = Counter((net, fet.type) for fet in plain for net in (fet.drain, fet.source))
    if any(net == rail for rail in rails.values() for net, _ in channels) or not all(rails.values()):
        return rails
    gates = {fet.gate for fet in plain}
    result = {}
    for kind, other in (("pmos", "nmos"), ("nmos", "pmos")):
        starts = {
            net: count
            for (net, one), count in channels.items()
            if one == kind and net in ports and net not in gates and not channels[net, other]
        }
        result[kind] = max(starts, key=lambda net: (starts[net], net)) if starts else rails[kind]
    return result


def _behind_resistors(net: str, ports: Sequence[str], fets: Sequence[Fet], passives: Sequence[Passive]) -> str:
    """The rail if it has no bulk: behind a resistor of the bulks' net, or, without devices of the type, a port with
    resistors only.
    """
    if net in ports or net == "0":
        return net
    resistors = [passive for passive in passives if passive.kind == "r"]
    if net:
        touched = {end for fet in fets for end in (fet.gate, fet.drain)}
        ends = {end for passive in resistors if net in passive.nets for end in passive.nets if end != net}
    else:
        touched = {end for fet in fets for end in (fet.gate, fet.drain, fet.source, fet.bulk)}
        ends = {end for passive in resistors for end in passive.nets}
    found = [end for end in ends if end in ports and end not in touched] or (
        [] if net else _above(fets, ports, passives)
    )
    return found[0] if len(set(found)) == 1 else net


def _above(fets: Sequence[Fet], ports: Sequence[str], passives: Sequence[Passive]) -> list[str]:
    """Ports on which only drains of followers stand: devices whose gate and source are other ports, the source with a
    load.
    """
    touched = {end for fet in fets for end in (fet.gate, fet.source, fet.bulk)}
    loaded = {fet.drain for fet in fets} | {end for passive in passives if passive.kind == "r" for end in passive.nets}
    return [
        fet.drain
        for fet in fets
        if fet.drain in ports
        and fet.drain not in touched
        and {fet.gate, fet.source} <= set(ports)
        and fet.source in loaded
    ]
