"""A fallback testbench is the first deck of a draft if no template fits: every port is held, and what can be measured
is measured.

An amplifier with two outputs is driven by a differential source and measured between its outputs. For any other circuit
only the operating point is read; the user adds the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eda_agent.problem.draft.answers import Held
from eda_agent.problem.draft.benches import MAX, MIN
from eda_agent.problem.draft.enable import enables_of
from eda_agent.problem.draft.port_roles import RESISTORS, biases, outputs_of
from eda_agent.problem.structure import Structure
from eda_agent.units import format_quantity

NAME = "mine"
"""Name of its testbench."""


@dataclass(frozen=True)
class FallbackTestbench:
    """`deck`: the file's text. `settings` and `probes` of its testbench; `metrics`: metric → sense."""

    deck: str
    settings: Mapping[str, str]
    probes: Mapping[str, str]
    metrics: Mapping[str, str]


def fallback_testbench(
    structure: Structure, subckt: str, driven: Mapping[str, float], told: Mapping[str, Held] | None = None
) -> FallbackTestbench | None:
    """The deck; None if a rail is not a port, because the supply would be unknown.

    `driven`: port → V or A of its source in the netlist. `told`: port → how the user holds it.
    """
    if structure.vdd not in structure.ports or structure.vss not in {*structure.ports, "0"}:
        return None
    rest = [port for port in structure.ports if port not in structure.rails]
    outputs = outputs_of(structure, rest)
    pair = structure.input_pair
    inputs = [pair[0].gate, pair[1].gate] if pair else []
    outputs = [port for port in outputs if port not in inputs]
    differential = len(inputs) == len(outputs) == 2 and not structure.clocks
    cards = [f"Vsup {structure.vdd} 0 {{vdd}}"]
    if differential:
        cards += [
            "Vin tb_in 0 dc 0 ac 1",
            "Vcm tb_cm 0 {vcm}",
            f"Einp {inputs[0]} tb_cm tb_in 0 0.5",
            f"Einn {inputs[1]} tb_cm tb_in 0 -0.5",
        ]
    held = [port for port in rest if port not in outputs and not (differential and port in inputs)]
    enables = enables_of(structure, held)
    how = {**biases(structure, held, set()), **{port: enable.level for port, enable in enables.items()}}
    for port, answer in (told or {}).items():
        how[port] = answer.how(how.get(port, "voltage"))
    driven = {**driven, **{port: answer.value for port, answer in (told or {}).items() if not answer.level}}
    # a clock is not a bias, but must not float either
    cards += [_source(number, port, how.get(port, "voltage"), structure, driven) for number, port in enumerate(held, 1)]
    cards += [f"C{number} {port} 0 {{load}}" for number, port in enumerate(outputs, 1)]
    cards.append(f"Xdut {' '.join('0' if port == structure.vss else port for port in structure.ports)} {subckt}")
    if differential:
        cards += [
            f"Ediff tb_diff 0 {outputs[0]} {outputs[1]} 1",
            ".op",
            ".ac dec 20 100 10G",
            ".noise v(tb_diff) vin dec 10 {noise_start} {noise_stop}",
        ]
        metrics = {"dc_gain": MIN, "gbw": MIN, "phase_margin": MIN, "input_noise": MAX, "power": MAX}
        title = "inputs driven differentially around vcm, open loop, measured between the outputs"
        return FallbackTestbench(_text(title, cards), {"load": "1p"}, {"out": "tb_diff", "supply": "vsup"}, metrics)
    cards.append(".op")
    title = "every port is held and the operating point is read; add stimulus, analyses and loads"
    seen = next(iter([*outputs, *rest]), structure.vdd)
    settings = {"load": "1p"} if outputs else {}
    return FallbackTestbench(_text(title, cards), settings, {"out": seen, "supply": "vsup"}, {"power": MAX})


def _source(number: int, port: str, how: str, structure: Structure, driven: Mapping[str, float]) -> str:
    known = driven.get(port)
    if how in RESISTORS:
        rail = structure.vdd if how.endswith("vdd") else "0"
        return f"R{number} {port} {rail} {format_quantity(known or 10e3).replace(' ', '')}"
    if how in {"low", "high"} and known is None:
        return f"V{number} {port} 0 {'0' if how == 'low' else '{vdd}'}"
    if how == "open" and known is None:
        return f"R{number} {port} 0 1T"
    if how in {"source", "sink"}:
        amount = abs(known) if known else 5e-6
        nets = f"0 {port}" if how == "source" else f"{port} 0"
        return f"I{number} {nets} {format_quantity(amount).replace(' ', '')}"
    if known is not None:
        return f"V{number} {port} 0 {format_quantity(known).replace(' ', '')}"
    if any(fet.type == "pmos" and port in (fet.source, fet.bulk) for fet in structure.fets):
        return f"V{number} {port} 0 {{vdd}}"
    if any(fet.type == "nmos" and port in (fet.source, fet.bulk) for fet in structure.fets):
        return f"V{number} {port} 0 0"
    return f"V{number} {port} 0 {{vcm}}"


def _text(title: str, cards: list[str]) -> str:
    return "\n".join([f"* drafted by `eda-agent init`: {title}", *cards]) + "\n"
