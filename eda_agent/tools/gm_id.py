"""`gm_id` reads a table of one transistor: at a length and a gm/Id (or a current per width) it gives the other, the
voltages, the intrinsic gain and the speed.

A table is a sweep of |vgs| of a device of `WIDTH` at one length, with |vds| at half the supply and no body bias, in one
corner. Its simulations are cached like all others, so a table is made once per device and length. They are no proposals
and cost nothing of the budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eda_agent.errors import InputError
from eda_agent.problem.names import without_maker
from eda_agent.problem.space import Parameter
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.inspection import inspect
from eda_agent.tools.single_device import WIDTH, Modelled, modelled_devices, single_device
from eda_agent.tools.tool import CORNER, Context, Result, Schema, Tool, arguments_schema
from eda_agent.units import QuantityError, format_quantity, parse_quantity, plain_number

STEP = 0.02
"""Step of |vgs| in V."""


@dataclass(frozen=True)
class Table:
    """A device at one length: arrays over |vgs| (V), from weak to strong inversion; `density`: A per m of width."""

    vgs: Any
    gm_id: Any
    density: Any


def _parameters(problem: Problem) -> Schema:
    names = list(_devices(problem))
    return arguments_schema(
        {
            "device": {"type": "string", "enum": names, "description": "a transistor of the circuit, or a model"},
            "L": {"type": "string", "description": 'length, such as "500n"'},
            "gm_id": {"type": "number", "description": "gm/Id in 1/V; give this or current_per_width"},
            "current_per_width": {"type": "string", "description": 'Id/W in A/m, such as "2" (2 uA per um)'},
            "corner": CORNER,
        },
        ["device", "L"],
    )


def _devices(problem: Problem) -> dict[str, Modelled]:
    """Transistor, or model as a prompt shows it → the model."""
    found = modelled_devices(problem)
    models = {without_maker(one.model): one for one in found.values()}
    return {**found, **{name: one for name, one in models.items() if name not in found}}


def _run(context: Context, arguments: Mapping[str, Any]) -> Result:
    if not isinstance(context.simulator, Evaluator):
        raise InputError("this run has no simulator that makes tables")
    if ("gm_id" in arguments) == ("current_per_width" in arguments):
        raise InputError("gm_id: give either gm_id or current_per_width")
    try:
        length = parse_quantity(arguments["L"], "m")
        density = parse_quantity(arguments["current_per_width"], "A/m") if "current_per_width" in arguments else None
    except QuantityError as error:
        raise InputError(f"gm_id: {error}") from None
    device = _devices(context.problem)[arguments["device"]]
    problem = single_device(context.problem, device, length, arguments.get("corner"))
    with_tables = context.simulator.for_problem(problem)
    lengths, sweep = problem.space.parameters
    length = lengths.snap(length)
    table = make_table(with_tables, lengths.name, length, sweep)
    vgs = _at_gm_id(table, arguments["gm_id"]) if density is None else _at_density(table, density)
    sizing = problem.space.snap({lengths.name: length, sweep.name: vgs})
    return _result(arguments["device"], device, with_tables, sizing, length, problem.corners[0].name)


def make_table(evaluator: Evaluator, name: str, length: float, sweep: Parameter) -> Table:
    """The table of a single device (`single_device`) at a length. Raises `InputError` if it does not conduct."""
    count = round((sweep.maximum - sweep.minimum) / STEP)
    voltages = [sweep.snap(sweep.minimum + STEP * index) for index in range(count + 1)]
    found = evaluator.evaluate([{name: length, sweep.name: voltage} for voltage in voltages])
    rows = []
    for voltage, evaluation in zip(voltages, found, strict=True):
        point = next(iter(evaluation.operating_points.values()), None)
        if point is not None and point.id > 1e-12:
            rows.append((voltage, point.gm_id, point.id / WIDTH))
    if len(rows) < 4:
        raise InputError("gm_id: the device does not conduct at this length")
    # the current rises with vgs, and gm/Id falls from its maximum in weak inversion
    start = max(range(len(rows)), key=lambda index: rows[index][1])
    columns = np.array(rows[start:]).T
    return Table(*columns)


def _at_gm_id(table: Table, wanted: float) -> float:
    falling = np.minimum.accumulate(table.gm_id)
    if not falling[-1] <= wanted <= falling[0]:
        raise InputError(
            f"gm_id: the device reaches {falling[-1]:.3g} to {falling[0]:.3g} 1/V at this length and supply"
        )
    return float(np.interp(-wanted, -falling, table.vgs))


def _at_density(table: Table, wanted: float) -> float:
    rising = np.maximum.accumulate(table.density)
    if not rising[0] <= wanted <= rising[-1]:
        raise InputError(
            f"gm_id: the device carries {format_quantity(rising[0], 'A/m', 3)} to"
            f" {format_quantity(rising[-1], 'A/m', 3)} at this length and supply"
        )
    return float(np.interp(math.log(wanted), np.log(rising), table.vgs))


def _result(
    label: str, device: Modelled, evaluator: Evaluator, sizing: Mapping[str, float], length: float, corner: str
) -> Result:
    found = inspect(evaluator, sizing)
    point = next(iter(found.points.values()), None)
    if point is None:
        raise InputError("gm_id: the device could not be simulated there")
    gate = next(iter(found.capacitances.values()), {}).get("cgg")
    data = {
        "device": label,
        "model": device.model,
        "L": length,
        "corner": corner,
        "gm_id": point.gm_id,
        "current_per_width": point.id / WIDTH,
        "vgs": point.vgs,
        "vth": point.vth,
        "vdsat": point.vdsat,
        "vds": point.vds,
        "gain": point.gm / point.gds if point.gds else None,
        "ft": point.gm / (2 * math.pi * gate) if gate else None,
    }
    per_width = f"Id/W = {plain_number(point.id / WIDTH, 3)} A/m (uA per um)"
    text = (
        f"{label} ({device.model}), L = {format_quantity(length, 'm')}, |vds| = {point.vds:.2f} V, {corner}: gm/Id ="
        f" {point.gm_id:.1f} 1/V, {per_width}, |vgs| = {point.vgs:.3f} V, vth = {point.vth:.3f} V, vdsat ="
        f" {point.vdsat:.3f} V, gm/gds = {plain_number(point.gm / point.gds, 3) if point.gds else '?'}"
    )
    if gate:
        text += f", fT = {format_quantity(data['ft'], 'Hz', 3)}"  # type: ignore[arg-type]  # with a gate it is a number
    return Result(data, text)


TOOL: Tool = Tool(
    "gm_id",
    "For a device at a length: current per width, voltages, intrinsic gain and fT at a gm/Id, or the gm/Id at a current"
    " per width. From a table of one transistor; costs no simulation of the budget.",
    _parameters,
    _run,
)
