"""The conditions of a draft are its supply, loads, common mode and the way its bias ports are held.

Each comes from the user's answer, else from the netlist's own sources and loads, else it is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from eda_agent.problem.draft.benches import Bench
from eda_agent.problem.draft.chosen_settings import settings_for
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.divided_reference import divided_reference
from eda_agent.problem.draft.domains import domain_of, high_of, main_rating
from eda_agent.problem.draft.first_sizes import FIRST_SIZES
from eda_agent.problem.draft.inner_loads import loads_of
from eda_agent.problem.draft.kinds import OSCILLATORS, STATIC
from eda_agent.problem.draft.own_bench import supplied
from eda_agent.problem.draft.port_names import named, volts_named
from eda_agent.problem.draft.port_roles import RESISTORS
from eda_agent.problem.draft.released_level import released_level
from eda_agent.problem.draft.ring_oscillator import frees_ring
from eda_agent.problem.draft.targets import Measured, hold_of
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.units import format_quantity

HALF = "half of the supply"
"""Why a port has the voltage that it has."""
_CURRENT = 5e-6
"""A: the guess of a bias current."""
_RESISTANCE = 10e3
"""Ohm: the guess of a resistor outside that sets a current."""
DIFFERENTIAL = frozenset({"differential_loop", "common_mode_loop", "differential_step", "differential_swing"})
OTHER_COMMON_MODES = {
    "vdd/4": (0.25, "a quarter of the supply, where the circuit works at its own sizes"),
    "3*vdd/4": (0.75, "three quarters of the supply, where the circuit works at its own sizes"),
}
"""Setting of a trial → (its share of the supply, why): a pair of one type can be off at half of a low supply."""
COMMON_MODE = DIFFERENTIAL | {
    "opamp_open_loop",
    "opamp_step",
    "comparator",
    "comparator_single",
    "comparator_kickback",
    "comparator_open",
    "buffer",
    "buffer_output",
    "buffer_step",
    "buffer_swing",
    "filter",
}
"""Templates whose common mode the user may set."""


@dataclass(frozen=True)
class Held:
    """How a port is held: `kind` (current, voltage or resistance) and `amount` as a spec has them. `guess`: why, if it
    is one. `to`: the rail of a resistance, if it is not vss. `begins`: the voltage at which a transient begins, if that
    is another.
    """

    port: str
    kind: str
    amount: str
    guess: str = ""
    to: str = ""
    begins: str = ""


def supply_of(draft: Draft) -> float:
    """The voltage of the supply in V: the user's, that of the netlist's own source, or the PDK's."""
    return draft.answers.supply or _own_supply(draft) or supply_named(draft) or _usual_supply(draft)


def supply_is_guessed(draft: Draft) -> bool:
    return not (draft.answers.supply or _own_supply(draft))


def supply_named(draft: Draft) -> float:
    """The voltage that the name of the rail says, if the devices endure it; 0 if it says none."""
    said = volts_named(draft.structure.vdd)
    return said if said <= 1.1 * _usual_supply(draft) else 0.0


def _own_supply(draft: Draft) -> float:
    if draft.own_bench is not None and (volts := supplied(draft.own_bench, draft.structure.vdd)[1]):
        return max(volts, 0.0)
    vdd = draft.structure.vdd
    if (own := draft.driven.get(vdd, 0.0)) > 0:
        return own
    if vdd not in draft.structure.ports:
        # its own source stands on nothing else than the source of a bias current
        return max((volts for net, volts in draft.conditions.volts.items() if named("vdd", net)), default=0.0)
    # a supply that a pulse switches on
    return max(draft.conditions.peaks.get(vdd, 0.0), 0.0)


def _usual_supply(draft: Draft) -> float:
    if own := main_rating(draft):
        return own
    called = {device.value for scope in draft.netlist.subcircuits.values() for device in scope.devices}
    usual = [rule.supply for name in called if (rule := draft.pdk.device(name)) is not None and rule.supply is not None]
    return max(usual, default=draft.pdk.supply)


def held_of(draft: Draft, port: str, how: str) -> Held:
    """How a port is held. `how`: as in `biases`."""
    answer = draft.answers.bias.get(port)
    if how in {"low", "high"} and answer is None and draft.kind.name in {*STATIC, *OSCILLATORS}:
        # the deck's pulses say nothing of the level at which the other input decides
        held = _at_rail(draft, port, how, "")
        # a long ring that leaves a balance runs with several edges at once: an enable lets one go
        stopped = draft.kind.name in OSCILLATORS and frees_ring(draft.structure, port) == how
        return replace(held, begins="vdd" if how == "low" else "0") if stopped else held
    if how in {"low", "high"} and (answer is None or answer.level) and port not in draft.driven:
        sure = answer is not None or any(enable.port == port for enable in draft.structure.enables)
        return _at_rail(draft, port, how, "" if sure else f"{how}, as its name or its well says")
    if how == "open" and answer is None and port not in draft.driven:
        return Held(port, "current", "0", "a drain drives it: left open")
    if how in RESISTORS:
        to = "vdd" if how.endswith("vdd") else ""
        if answer is not None:
            return Held(port, "resistance", amount_text(answer.value), to=to)
        return Held(port, "resistance", amount_text(_RESISTANCE), "a common value", to)
    kind = "current" if how in {"source", "sink"} else "voltage"
    if answer is not None:
        value = -abs(answer.value) if how == "sink" else answer.value
        return Held(port, kind, amount_text(value))
    driven = draft.driven.get(port)
    # a source of the netlist says what it is
    if port in draft.conditions.amps:
        kind, how = "current", "source" if draft.conditions.amps[port] > 0 else "sink"
    if driven is not None and (driven >= 0 if kind == "voltage" else driven != 0 and (driven > 0) == (how == "source")):
        return Held(port, kind, amount_text(driven))
    if kind == "voltage" and (level := divided_reference(draft, port, supply_of(draft))) is not None:
        return Held(port, kind, amount_text(level), "its divider then sets three quarters of the supply")
    if kind == "voltage" and port in draft.bias_levels:
        return Held(
            port, kind, draft.bias_levels[port], "found by a search: its devices are then nearest to saturation"
        )
    guess = {"source": _CURRENT, "sink": -_CURRENT}.get(how, supply_of(draft) / 2)
    why = "a common value" if kind == "current" else HALF
    return Held(port, kind, amount_text(guess), why)


def _at_rail(draft: Draft, port: str, how: str, guess: str) -> Held:
    """A port at a rail: at the supply of every corner, or at the supply of its own domain."""
    if how == "high" and (own := high_of(draft, port, supply_of(draft))) is not None:
        return Held(port, "voltage", amount_text(own), "what its devices are made for")
    # on at the supply of every corner
    return Held(port, "voltage", "vdd" if how == "high" else "0", guess)


def settings_of(draft: Draft, bench: Bench, measured: Measured) -> tuple[dict[str, str], str]:
    """The settings of a testbench, and a comment if they follow the circuit: its load is inside, its step takes
    long.
    """
    settings, inside, why = dict(bench.settings), loads_of(draft), ""
    if inside and bench.template in {"opamp_open_loop", "opamp_step"}:
        settings["load"] = "1f"
        why = f"  # the load is {' '.join(name.upper() for name in inside)}, inside the circuit"
    if "low" in settings and (lower := _lower_supply(draft)):
        settings["low"] = amount_text(lower)
    if bench.template.startswith("reset_") and (level := released_level(draft.structure, draft.kind.ports["out"])):
        settings["released"] = level
    if "bits" in settings:
        held = [role for role, port in draft.kind.ports.items() if re.fullmatch(r"b\d+", role) and port != NO_PORT]
        settings["bits"] = str(len(held))
    period = draft.conditions.periods.get(draft.kind.ports.get("clk", ""), 0.0)
    if bench.template == "charge_pump" and period:
        settings["frequency"] = amount_text(float(f"{1 / period:.4g}"))
    resistance = draft.conditions.resistances.get(draft.kind.ports.get("out", ""), 0.0)
    if bench.template == "charge_pump" and resistance > 0:
        # the deck's load; its current follows the output
        settings |= {"load_resistance": amount_text(resistance), "load_current": "0"}
    load, common = load_of(draft), common_mode_of(draft)
    if load is not None and "load" in settings:
        settings["load"] = amount_text(load)
    if common is None and usual_mode(draft)[0] != supply_of(draft) / 2:
        common = usual_mode(draft)[0]
    if common is not None and bench.template in COMMON_MODE and 0 < common < supply_of(draft):
        settings["vcm"] = amount_text(common)
    wanted = draft.conditions.volts.get(draft.kind.ports.get("vocm", ""), 0.0)
    if bench.template in DIFFERENTIAL and 0 < wanted < supply_of(draft):
        settings["vocm"] = amount_text(wanted)
    hold = hold_of(measured) if bench.template in {"opamp_step", "differential_step"} else None
    if hold is not None and not 0.2e-6 <= hold <= 1e-6:
        settings["hold"] = amount_text(hold)
    return settings | settings_for(bench, draft.answers.settings), why


def _lower_supply(draft: Draft) -> float:
    """V of the lower supply of a level shifter: its own source, or what its devices are made for; 0 if unknown."""
    port = draft.kind.ports.get("vddl", "")
    if driven := draft.driven.get(port, 0.0):
        return driven
    return domain_of(draft, port)


def load_of(draft: Draft) -> float | None:
    """F at the output, None if neither the user nor the netlist says it."""
    ports = draft.kind.ports
    known = draft.conditions.loads.get(ports.get("out", ports.get("outp", "")))
    return draft.answers.load if draft.answers.load is not None else known


def common_mode_of(draft: Draft) -> float | None:
    """V of the inputs, None if neither the user nor the netlist says it."""
    ports, found = draft.kind.ports, draft.conditions
    inputs = [ports[role] for role in ("inp", "in", "inn") if role in ports]
    # a pulse starts at one end of the input's range: another input at rest says more, then the middle of the pulse
    resting = [found.volts[port] for port in inputs if port in found.volts and port not in found.middles]
    known = resting[0] if resting else found.middles.get(inputs[0]) if inputs else None
    return draft.answers.vcm if draft.answers.vcm is not None else known


def usual_mode(draft: Draft) -> tuple[float, str]:
    """(V of the inputs where nothing says it, why): that of a trial, half of the supply, or a third of it nearer to the
    rail of its loads for a pair of one type with first sizes, so that its tail has room.
    """
    for bench in draft.kind.benches:
        if (text := bench.settings.get("vcm", "")) in OTHER_COMMON_MODES:
            share, words = OTHER_COMMON_MODES[text]
            return float(f"{share * supply_of(draft):.6g}"), words
    pair = draft.structure.input_pair
    types = {
        fet.type for one in draft.structure.pairs for fet in one if pair and fet.gate in {pair[0].gate, pair[1].gate}
    }
    if FIRST_SIZES not in draft.changed or len(types) != 1 or "in" in draft.kind.ports:
        return supply_of(draft) / 2, "half of the supply"
    share, words = (1 / 3, "a third") if types == {"pmos"} else (2 / 3, "two thirds")
    return float(f"{share * supply_of(draft):.2g}"), f"{words} of the supply, for the tail of the {types.pop()} pair"


def bench_settings(draft: Draft) -> Iterator[tuple[Bench, Mapping[str, str]]]:
    """Every testbench with the settings that a draft writes without a measurement."""
    for bench in draft.kind.benches:
        yield bench, settings_of(draft, bench, None)[0]


def common_mode_is_guessed(draft: Draft) -> bool:
    """Whether a testbench has a common mode that neither the user, the netlist nor a trial says."""
    said = {*draft.answers.settings, *(name for bench in draft.kind.benches for name in bench.settings)}
    needed = any(bench.template in COMMON_MODE for bench in draft.kind.benches)
    return needed and "vcm" not in said and common_mode_of(draft) is None


def amount_text(value: float) -> str:
    """A number with its prefix, as in a spec."""
    return format_quantity(value).replace(" ", "")
