"""Loading of specs on operating points: their devices, testbench and bound.

saturation: {metric: saturation_margin, devices: [M5, xm*, role: input pair], minimum: 50m}
switch_on:  {region: triode, devices: M9}
vds:        {devices: "*"}                 # the bound is the PDK's rated voltage
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from eda_agent.errors import InputError
from eda_agent.metrics import Metric
from eda_agent.problem.bias import BIAS_METRICS, RATED, REGIONS
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.selection import KINDS, Names, NoDevice, names_of
from eda_agent.problem.spec import Testbench

Circuit = Callable[[], Names]
"""The names of a circuit's devices, computed on first use. Raises `InputError`."""


def circuit_of(netlist: Netlist, subckt: str, pdk: Pdk, groups: tuple[tuple[str, ...], ...]) -> Circuit:
    return lru_cache(lambda: names_of(netlist, subckt, pdk, groups))


def region_of(entry: LocatedNode, values: Mapping[str, LocatedNode]) -> tuple[str, dict[str, float]] | None:
    """(metric, bounds) of `region:`, None if the key is missing or invalid."""
    if "region" not in values:
        return None
    name = values["region"].text("region")
    if name not in REGIONS:
        values["region"].wrong(f"unknown region {name!r}", " or ".join(REGIONS))
        return None
    if given := {"metric", "minimum", "maximum"} & values.keys():
        entry.wrong(
            f"region says it all: it does not go with {' and '.join(sorted(given))}",
            "metric: saturation_margin, minimum: 50m",
        )
    metric, side, bound = REGIONS[name]
    return metric, {side: bound}


def devices_of(entry: LocatedNode, values: Mapping[str, LocatedNode], circuit: Circuit | None) -> tuple[str, ...]:
    """The labels of the devices that a spec names; findings go to the report."""
    if "devices" not in values:
        entry.wrong(
            "which devices?", 'write devices: [M1, M2], a pattern such as "xm*", role: input pair, or group: M1'
        )
        return ()
    node = values["devices"]
    wanted = [one for child in (node.value if isinstance(node.value, list) else [node]) for one in _wanted(child)]
    if circuit is None or not wanted:
        if not wanted and not node.report.findings:
            node.wrong("there is no device", "name at least one")
        return ()
    found: set[str] = set()
    try:
        names = circuit()
        for child, kind, text in wanted:
            try:
                found.update(names.chosen([(kind, text)]))
            except NoDevice as error:
                child.wrong(str(error), error.fix)
    except InputError as error:
        node.wrong(error.findings[0].message, error.findings[0].fix)
        return ()
    return tuple(label for label in names.spellings if label in found)


def _wanted(node: LocatedNode) -> list[tuple[LocatedNode, str, str]]:
    """(its node, kind, text): a name or pattern, `role: …` or `group: …`, as text or as YAML reads it in a list."""
    if isinstance(node.value, dict):
        node.only(*KINDS)
        return [(child, kind, child.text(kind)) for kind, child in node.value.items() if kind in KINDS]
    text = node.text("a device")
    kind, colon, rest = text.partition(":")
    return [(node, kind.strip(), rest)] if colon and kind.strip() in KINDS else [(node, "", text)]


def rated_bound(
    entry: LocatedNode, metric: Metric, devices: tuple[str, ...], circuit: Circuit | None, pdk: str
) -> dict[str, float]:
    """The bound of a voltage without one in the spec: the rated voltage of its devices in the PDK."""
    if metric.name not in RATED or circuit is None or not devices:
        return {}
    rules = circuit().rules
    rated = {rule.rated if (rule := rules[device]) is not None else None for device in devices}
    if len(rated) == 1 and (only := next(iter(rated))) is not None:
        return {"maximum": only}
    if None in rated:
        entry.wrong(
            f"the PDK file of {pdk} has no rated voltage for these devices",
            "write maximum: …, or rated: in a PDK file of your own",
        )
    else:
        entry.wrong("these devices have different rated voltages", "write a spec for each kind, or maximum: …")
    return {}


def biased_testbench(
    entry: LocatedNode,
    values: Mapping[str, LocatedNode],
    testbenches: Mapping[str, Testbench],
    known: Mapping[str, LocatedNode],
) -> str:
    """The testbench whose operating point is read: the named one, else the first with an operating point."""
    able = [name for name, bench in testbenches.items() if any(analysis.kind == "op" for analysis in bench.analyses)]
    if "testbench" not in values:
        if not able and testbenches:
            entry.wrong(
                "no testbench has an operating point",
                "add one whose template has the analysis op, or .op to a deck of your own",
            )
        return able[0] if able else ""
    name = values["testbench"].text("testbench")
    if name not in known:
        values["testbench"].wrong(f"no testbench {name!r}", f"there are: {', '.join(known) or 'none'}")
    elif name in testbenches and name not in able:
        values["testbench"].wrong(
            f"testbench {name!r} has no operating point", f"these have one: {', '.join(able) or 'none'}"
        )
    return name


def is_bias(values: Mapping[str, LocatedNode], metric: str) -> bool:
    return metric in BIAS_METRICS or "region" in values
