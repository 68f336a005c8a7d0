"""A layout section defines the drawing that a run simulates: the folds, the grid of widths, and the PCells with their
junctions.

layout: {fold: auto, grid: 5n}                              layout: {fold: 5u, table: demonstration, areas: netlist}
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from eda_agent.klayout.fold import UNFOLDED, Diffusion, Rule, rule_data, rule_of, step_of
from eda_agent.klayout.table import TableError, read_table
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.pdk import Pdk
from eda_agent.units import QuantityError, parse_quantity

FINEST, COARSEST = 0.1e-6, 1e-3
"""Limits of the widest finger, m."""


@dataclass(frozen=True)
class Layout:
    """`table`: the PCells in use, "" for none. `diffusion`: their regions beside a gate; None keeps the netlist's
    junctions.
    """

    rule: Rule
    table: str
    diffusion: Diffusion | None

    def data(self) -> dict[str, object]:
        """The data for a journal and a layout: lengths in m, null for a fold that is off."""
        return {**rule_data(self.rule), "table": self.table, "areas": "netlist" if self.diffusion is None else "drawn"}


def has_table(pdk: Pdk) -> bool:
    """Whether the PDK's PCells and their diffusion are known."""
    try:
        return read_table(pdk.name).diffusion is not None
    except TableError:
        return False


KEYS = ("fold", "grid", "table", "areas")


def usual(pdk: Pdk) -> Layout:
    """The layout of a spec without further settings."""
    name = pdk.name if has_table(pdk) else ""
    step = step_of(read_table(name)) if name else 0.0
    return Layout(replace(Rule(), grid=max(pdk.grid, step)), name, diffusion_of(name) if name else None)


def diffusion_of(table: str) -> Diffusion | None:
    """The diffusion of a table, in m. Raises `TableError` for an unknown table."""
    found = read_table(table)
    return (
        None
        if found.diffusion is None
        else Diffusion(**{name: value * found.unit for name, value in found.diffusion.items()})
    )


def load_layout(node: LocatedNode | None, pdk: Pdk | None, folder: Path) -> Layout | None:
    """The section of a spec in `folder`; None if it is missing or off. Findings go to the report of the node."""
    if node is None or node.value in ("off", "false", None) or pdk is None:
        return None
    result = usual(pdk)
    if node.value in ("on", "true"):
        return result
    node.only(*KEYS)
    values = node.mapping("layout")
    rule = result.rule
    if "grid" in values:
        asked = _length(values["grid"], "grid", 0.0, 1e-6, rule.grid)
        # the PCells of a table draw finer sizes beside the manufacturing grid
        least = step_of(read_table(result.table)) if result.table and "table" not in values else 0.0
        rule = replace(rule, grid=max(asked, least) if asked else asked)
    if "fold" in values:
        rule = _fold(values["fold"], rule)
    table = values["table"].text("table") if "table" in values else result.table
    if table.endswith(".json"):
        table = str((folder / table).resolve())
    diffusion = result.diffusion
    if "table" in values:
        try:
            diffusion = diffusion_of(table)
        except TableError as error:
            values["table"].wrong(*str(error).split("\n    → ", 1))
    areas = values["areas"].text("areas") if "areas" in values else "drawn"
    if areas not in ("drawn", "netlist"):
        values["areas"].wrong(
            "areas are drawn or netlist", "drawn: AD, AS, PD and PS of the drawing; netlist: the netlist's own"
        )
    return Layout(rule, table, None if areas == "netlist" else diffusion)


def _fold(node: LocatedNode, rule: Rule) -> Rule:
    if node.value in ("auto", "on", "true"):
        return rule
    if node.value in ("off", "false"):
        return replace(UNFOLDED, grid=rule.grid)
    return replace(rule, widest=_length(node, "fold", FINEST, COARSEST, rule.widest))


def _length(node: LocatedNode, what: str, least: float, most: float, default: float) -> float:
    """A length in m; reports an invalid one and returns `default`."""
    try:
        found = parse_quantity(node.value, "m")
    except QuantityError as error:
        node.wrong(
            f"{what}: {error}",
            "auto, off, or the width of the widest finger such as 5u" if what == "fold" else "a length such as 5n",
        )
        return default
    if not least <= found <= most:
        node.wrong(f"{what} is a length from {least:g} to {most:g} m", "such as 5u" if what == "fold" else "such as 5n")
        return default
    return found


def layout_from(data: object) -> Layout | None:
    """The layout in a journal; None for none and for invalid data."""
    if not isinstance(data, dict):
        return None
    try:
        rule = rule_of(data)
    except (TypeError, ValueError):
        return None
    table = str(data.get("table") or "")
    try:
        return Layout(rule, table, diffusion_of(table) if table and data.get("areas") == "drawn" else None)
    except TableError:
        return Layout(rule, table, None)
