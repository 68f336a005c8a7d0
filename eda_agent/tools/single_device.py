"""A single device is a transistor of a circuit alone between sources: a problem of its own, with the circuit's models,
for tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from eda_agent.errors import InputError
from eda_agent.metrics import METRICS
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.netlist import parse_netlist
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.space import DesignSpace, Parameter, Place
from eda_agent.problem.spec import Analysis, Problem, Spec, Testbench
from eda_agent.units import format_quantity

WIDTH = 5e-6
"""m"""
SHORTEST, LONGEST = 1e-8, 1e-4
"""Limits of L (m) of a model without a rule."""


@dataclass(frozen=True)
class Modelled:
    """A device's model. `library`: it is the foundry's subcircuit, called as X. `kind`: nmos or pmos."""

    model: str
    library: bool
    kind: str


def modelled_devices(problem: Problem) -> dict[str, Modelled]:
    """Transistor → its model, of a problem's circuit."""
    cards = {
        line.text.split()[1].lower(): line.text.split()[2].lower()
        for line in problem.netlist.lines
        if line.card == ".model"
    }
    result = {}
    for device in Elaboration(problem.netlist, problem.subckt, stub_devices(problem.pdk)).devices({}):
        model = device.library or device.model
        rule = problem.pdk.device(model)
        kind = (rule.type if rule is not None else cards.get(model.lower(), ""))[:4]
        if device.kind == "m" and kind in {"nmos", "pmos"}:
            result[device.label] = Modelled(model, bool(device.library), kind)
    return result


def single_device(problem: Problem, device: Modelled, length: float, corner: str | None = None) -> Problem:
    """A problem with one device of `WIDTH`, whose parameters are its length and |vgs|. Raises `InputError` for a corner
    or a length that is not allowed.
    """
    named = {one.name: one for one in problem.corners}
    if corner is not None and corner not in named:
        raise InputError(f"no corner {corner!r}; the corners are {', '.join(named)}")
    chosen = named[corner] if corner else problem.corners[0]
    rule = problem.pdk.device(device.model)
    low, high = rule.length if rule is not None else (SHORTEST, LONGEST)
    if not low * (1 - 1e-9) <= length <= high * (1 + 1e-9):
        ends = f"{format_quantity(low, 'm')} to {format_quantity(high, 'm')}"
        raise InputError(f"L = {format_quantity(length, 'm')} is outside {ends} of {device.model}")
    scale = problem.pdk.scale if device.library else 1.0
    width = min(WIDTH, rule.width[1]) if rule is not None else WIDTH
    models = "".join(f"{line.text}\n" for line in problem.netlist.lines if line.card == ".model")
    letter, ends = ("x" if device.library else "m"), ("g s" if device.kind == "nmos" else "s g")
    text = (
        f"* one device\n{models}.subckt one d s b\n{letter}t d g s b {device.model} w={width / scale:.12g}"
        f" l={length / scale:.12g}\nvgs {ends} dc 0.5\n.ends\n"
    )
    space = DesignSpace(
        (
            _parameter("L", length, length, "m", Edit("one", f"{letter}t", "l"), scale),
            _parameter("vgs", 0.06, round(chosen.vdd, 2), "V", Edit("one", "vgs", "value"), 1.0),
        )
    )
    return replace(
        problem,
        name=f"{device.model} alone",
        text="",
        netlist=parse_netlist(logical_lines(text, problem.path)),
        subckt="one",
        space=space,
        groups=(),
        testbenches={"bias": _bench(device, chosen.vdd)},
        corners=(chosen,),
        specs=(Spec("power", METRICS["power"], "bias", None, 1.0),),
        layout=None,
        wires=None,
    )


def _parameter(name: str, low: float, high: float, unit: str, edit: Edit, scale: float) -> Parameter:
    initial = 0.5 if name == "vgs" else low
    return Parameter(name, low, high, unit, "lin", None, "", initial, (Place(edit, 1.0, scale),))


def _bench(device: Modelled, vdd: float) -> Testbench:
    source, drain = (0.0, vdd / 2) if device.kind == "nmos" else (vdd, vdd / 2)
    nets: Mapping[str, str] = {"d": "drain", "s": "source", "b": "source"}
    deck = f"Vs source 0 dc {source!r}\nVd drain 0 dc {drain!r}\n"
    return Testbench(
        "bias", "", deck, nets, {}, (Analysis("op", "op"),), {"out": "drain", "supply": "vd"}, {"power": "op"}
    )
