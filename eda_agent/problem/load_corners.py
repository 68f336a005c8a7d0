"""Loading of corners: named ones, a list, a full cross, or a set that every PDK has.

corners:                                                     corners: signoff
  nominal: {process: tt, vdd: 1.8, temperature: 27}          corners: {cross: {process: [ss, ff], vdd: [1.62, 1.98],
      temperature: [-40, 125]}}
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.names import check_name
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.spec import Corner
from eda_agent.units import QuantityError, parse_quantity

MAX_CORNERS = 300
SETS = ("nominal", "signoff", "signoff_rc")
SUPPLY_SPREAD = 0.1
TEMPERATURES = (-40.0, 125.0)
_UNITS = {"vdd": "V", "temperature": "degC"}


def named_set(name: str, pdk: Pdk, supply: float | None = None) -> tuple[Corner, ...]:
    """`nominal`: the first process at its supply and 27 °C. `signoff`: that, then every other process of the MOSFETs ×
    supply ± 10 % × −40 and 125 °C. `signoff_rc`: the same with the processes of resistors and capacitors. `supply` in
    V, by default the PDK's.
    """
    supply = pdk.supply if supply is None else supply
    first, *others = [process for process in pdk.corners if name == "signoff_rc" or not _of_passives(process, pdk)]
    nominal = Corner("nominal", first, supply, 27.0, {})
    if name == "nominal":
        return (nominal,)
    result = [nominal]
    for process, sign, temperature in itertools.product(others or [first], (-1, 1), TEMPERATURES):
        vdd = float(f"{supply * (1 + sign * SUPPLY_SPREAD):.6g}")
        result.append(
            Corner(_name({"process": process, "vdd": vdd, "temperature": temperature}), process, vdd, temperature, {})
        )
    return tuple(result)


def _of_passives(process: str, pdk: Pdk) -> bool:
    """Whether a process is another one with resistors and capacitors that are high or low, such as `tt_hh`."""
    fets, _, passives = process.rpartition("_")
    return fets in pdk.corners and passives in {"ll", "hh", "lh", "hl"}


def load_corners(node: LocatedNode | None, pdk: Pdk | None) -> tuple[Corner, ...]:
    """The corners of a spec, the first being the one whose operating points are shown; findings go to the report of the
    node.
    """
    if node is None:
        return (Corner("nominal", next(iter(pdk.corners)) if pdk else "tt", pdk.supply if pdk else 1.0, 27.0, {}),)
    if isinstance(node.value, str):
        if node.value in SETS:
            return named_set(node.value, pdk) if pdk else ()
        node.wrong("unknown set of corners", f"{' or '.join(SETS)}, or corners of your own")
        return ()
    if isinstance(node.value, list):
        result = [_corner("", entry, pdk) for entry in node.value]
    elif isinstance(node.value, dict) and set(node.value) == {"cross"}:
        result = _cross(node.value["cross"], pdk)
    else:
        result = [
            _corner(check_name(entry, name, "a corner"), entry, pdk) for name, entry in node.mapping("corners").items()
        ]
    if not result:
        node.wrong("there is no corner", "leave the key out for the nominal corner alone")
    names = [corner.name for corner in result]
    if len(set(names)) < len(names):
        node.wrong("two corners are the same", "remove one")
    return tuple(result)


def _cross(node: LocatedNode, pdk: Pdk | None) -> list[Corner]:
    axes = {
        key: child.value if isinstance(child.value, list) else [child] for key, child in node.mapping("a cross").items()
    }
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MAX_CORNERS:
        node.wrong(f"the cross has {count} corners", f"at most {MAX_CORNERS}: shorten an axis")
        return []
    return [_build("", dict(zip(axes, values, strict=True)), pdk) for values in itertools.product(*axes.values())]


def _corner(name: str, node: LocatedNode, pdk: Pdk | None) -> Corner:
    return _build(name, node.mapping("a corner"), pdk)


def _build(name: str, values: Mapping[str, LocatedNode], pdk: Pdk | None) -> Corner:
    process = values["process"].text("process") if "process" in values else "tt"
    if pdk and "process" in values and process not in pdk.corners:
        values["process"].wrong(f"{pdk.name} has no process corner {process!r}", f"one of {', '.join(pdk.corners)}")
    numbers = {key: _quantity(child, _UNITS.get(key, ""), key) for key, child in values.items() if key != "process"}
    vdd, temperature = numbers.pop("vdd", pdk.supply if pdk else 1.0), numbers.pop("temperature", 27.0)
    if not -273 < temperature < 500:
        values["temperature"].wrong("the temperature is in °C", "write for example 125")
    shown: dict[str, float | str] = {"process": process, "vdd": vdd, "temperature": temperature, **numbers}
    return Corner(
        name or _name({key: value for key, value in shown.items() if key in values}), process, vdd, temperature, numbers
    )


def _name(values: Mapping[str, float | str]) -> str:
    """`ss_1.62V_125C`: the generated name of a corner without one."""
    units = {"vdd": "V", "temperature": "C"}
    parts = [value if isinstance(value, str) else f"{value:g}{units.get(key, key)}" for key, value in values.items()]
    return "_".join(parts) or "nominal"


def _quantity(node: LocatedNode, unit: str, what: str) -> float:
    try:
        return parse_quantity(node.text(what), unit)
    except QuantityError as error:
        node.wrong(f"{what}: {error}")
        return 1.0
