"""A guess is a choice of a draft that neither the netlist nor the user says. All of them are listed in one place, each
with the option that changes it.
"""

from __future__ import annotations

from dataclasses import dataclass

from eda_agent.problem.draft.benches import Bench
from eda_agent.problem.draft.bias_levels import bias_ports
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.conditions import (
    COMMON_MODE,
    HALF,
    bench_settings,
    common_mode_of,
    held_of,
    load_of,
    supply_is_guessed,
    supply_named,
    supply_of,
    usual_mode,
)
from eda_agent.problem.draft.kinds import OSCILLATORS
from eda_agent.units import QuantityError, format_quantity, parse_quantity

SEARCHED = "500M"
"""Hz: where the search for an oscillator's frequency begins."""
_SETTINGS = {
    "load_current": "A",
    "frequency": "Hz",
    "source": "F",
    "source_resistance": "Ohm",
    "overdrive": "V",
    "low": "V",
    "bias": "V",
}
"""Further settings of templates that a draft guesses: name → unit."""


@dataclass(frozen=True)
class Guess:
    """`what` was guessed, as which `value`, `why`, and the option or the place of the spec that changes it.

    `option`: the option of `init` without its value, "" if only the spec has the place. `key`: role or port within the
    option.
    """

    what: str
    value: str
    why: str
    option: str = ""
    key: str = ""
    place: str = ""

    def __str__(self) -> str:
        how = f"{self.option} {self.key}=…" if self.key else f"{self.option} …" if self.option else self.place
        return f"{self.what} {self.value}: {self.why} ({how})"


def guesses_of(draft: Draft, *, to_search: bool = False) -> list[Guess]:
    """Every guess of a draft; a designer's own deck leaves nothing to guess but the supply.

    Args:
        draft: the draft.
        to_search: its trial is still to come, and searches the voltages of bias ports.
    """
    result = [Guess("PDK", draft.pdk.name, draft.pdk_guess, place="--pdk …")] if draft.pdk_guess else []
    result += [Guess(one.name, one.part, one.why, place=one.change) for one in draft.shares]
    if draft.own_bench is not None:
        supply = Guess("supply", format_quantity(supply_of(draft), "V"), "no source of the deck sets it", "--supply")
        return [*result, supply] if supply_is_guessed(draft) else result
    if not draft.kind.name and not draft.answers.kind:
        result.append(Guess("kind", "unknown", "no pattern of a known kind was found", "--kind"))
    if supply_is_guessed(draft):
        named = bool(supply_named(draft))
        whose = (
            "as the rail's name says"
            if named
            else "the models are the netlist's own"
            if draft.pdk.name == "own"
            else f"that of {draft.pdk.name}'s devices"
        )
        result.append(Guess("supply", format_quantity(supply_of(draft), "V"), whose, "--supply"))
    if kind := draft.by_name.get("kind"):
        result.append(Guess("kind", kind, "by the cell's name; its connections are those of an op-amp too", "--kind"))
    result += [
        Guess(role, port.upper(), "by its name, because the connections do not tell", "--port", role)
        for role, port in draft.by_name.items()
        if role != "kind"
    ]
    result += _of_benches(draft)
    half = [port for port, how in draft.kind.bias.items() if to_search and held_of(draft, port, how).guess == HALF]
    searched = {one.port for one in bias_ports(draft.structure, half)} if half else set[str]()
    for port, how in draft.kind.bias.items():
        held = held_of(draft, port, how)
        if port in searched:
            why = "a search follows; half of the supply where it finds nothing"
            result.append(Guess(f"voltage of {port}", "searched", why, "--bias", port))
        elif held.guess:
            unit = {"current": "A", "resistance": "Ohm"}.get(held.kind, "V")
            value = held.amount if held.amount == "vdd" else _shown(held.amount.removeprefix("vdd-"), unit)
            value += " below the supply" if held.amount.startswith("vdd-") else ""
            result.append(Guess(f"{held.kind} of {port}", value, held.guess, "--bias", port))
    return result


def _of_benches(draft: Draft) -> list[Guess]:
    found: dict[str, Guess] = {}
    for bench, settings in bench_settings(draft):
        found |= {guess.what: guess for guess in _of_bench(draft, bench, dict(settings))}
    return list(found.values())


def _of_bench(draft: Draft, bench: Bench, settings: dict[str, str]) -> list[Guess]:
    result = []
    settings = {name: text for name, text in settings.items() if name not in draft.answers.settings}
    if "load" in settings and load_of(draft) is None and settings["load"] == bench.settings.get("load"):
        result.append(Guess("load", _shown(settings["load"], "F"), "a common value", "--load"))
    open_mode = "vcm" not in draft.answers.settings and common_mode_of(draft) is None
    mode, why = usual_mode(draft)
    if bench.template in COMMON_MODE and open_mode:
        result.append(Guess("common mode", format_quantity(mode, "V"), why, "--vcm"))
    for name, unit in _SETTINGS.items():
        if name in settings:
            if bench.template == "charge_pump" and (
                settings[name] == "0" or settings[name] != bench.settings.get(name)
            ):
                # the deck's own clock, or a load inside
                continue
            if name == "frequency" and draft.kind.name in OSCILLATORS and settings[name] != SEARCHED:
                # the trial saw the oscillator swing at it
                continue
            result.append(
                Guess(name.replace("_", " "), _shown(settings[name], unit), "a common value", "--setting", name)
            )
    return result


def _shown(amount: str, unit: str) -> str:
    try:
        return format_quantity(parse_quantity(amount), unit)
    except QuantityError:
        # an expression over the supply
        return amount
