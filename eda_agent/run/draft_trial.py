"""A draft's trial simulates the netlist's own sizes; that of an oscillator searches the frequency that its window asks
for, that of an amplifier a common mode at which it amplifies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from eda_agent.errors import Finding, InputError
from eda_agent.files import write_text
from eda_agent.problem.draft import Draft, write_draft
from eda_agent.problem.draft.benches import Bench
from eda_agent.problem.draft.bias_levels import bias_ports, level_text
from eda_agent.problem.draft.chosen_kind import COMPARATOR
from eda_agent.problem.draft.conditions import (
    COMMON_MODE,
    HALF,
    OTHER_COMMON_MODES,
    common_mode_is_guessed,
    held_of,
    supply_of,
)
from eda_agent.problem.draft.kinds import OSCILLATORS
from eda_agent.problem.draft.targets import rounded
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.run.bias_search import searched_levels
from eda_agent.run.evaluate_once import TRIAL_SECONDS, measure_once, spent_seconds, try_out
from eda_agent.simulation.failure import Failure
from eda_agent.simulation.soundness import Soundness
from eda_agent.units import format_quantity

Wanted = Mapping[str, Mapping[str, float]]
Values = Mapping[str, Mapping[str, float | None]]
"""Corner → spec → value."""
Simulated = Callable[[Problem], tuple[Values, Soundness | None, Mapping[str, Failure]]]
FREQUENCIES = ("25M", "1.2M", "60k", "3k")
"""Hz, behind the common value: a window shows a period of up to twenty times its own."""
OVERDRIVES = ("100m", "300m")
"""V, behind the common value: the hysteresis of a comparator may be larger than that."""
_DELAY = "propagation_delay"
_OSCILLATION = "oscillation_frequency"
_GAIN = "dc_gain"
_DECISION = "delay"


class Trial(NamedTuple):
    """`problem`: None if the draft does not load, with `faults`. `everywhere`, `found`: None without a simulation.
    `failed`: testbench → why it failed.
    """

    problem: Problem | None
    faults: tuple[Finding, ...] = ()
    everywhere: Values | None = None
    found: Soundness | None = None
    failed: Mapping[str, Failure] = MappingProxyType({})

    @property
    def words(self) -> list[str]:
        """Why testbenches failed, a sentence each."""
        return [f"at the netlist's own sizes, testbench {bench} failed: {why}" for bench, why in self.failed.items()]

    @property
    def refused(self) -> list[str]:
        """What ngspice does not accept at any sizes: a line of the circuit or of a testbench; a sentence each."""
        return [
            f"testbench {bench} cannot be simulated: correct the line that ngspice names"
            for bench, why in self.failed.items()
            if why.kind == "syntax"
        ]

    @property
    def values(self) -> Mapping[str, float | None] | None:
        """Spec → value in the first corner."""
        return None if self.everywhere is None else next(iter(self.everywhere.values()))


def loaded(spec: Path, netlist: Path) -> tuple[Problem | None, tuple[Finding, ...]]:
    """(the draft as a problem, ()), or (None, what is wrong with it). Findings name the netlist, because the user has
    not seen the draft.
    """
    try:
        return load_problem(spec), ()
    except InputError as error:
        return None, tuple(_of_netlist(error.findings, spec, netlist))


def _of_netlist(findings: Iterable[Finding], spec: Path, netlist: Path) -> list[Finding]:
    return [replace(one, file=netlist, line=None) if one.file == spec else one for one in findings]


def trial_of(draft: Draft, folder: Path, circuit: str, wanted: Wanted, *, simulate: bool) -> Trial:
    """The trial of a draft; an oscillator's testbenches get the frequency at which it was seen to swing, those of an
    amplifier or a clocked comparator a common mode at which it was seen to work, those of another comparator an
    overdrive at which it was seen to switch.
    """
    asked = next((bench.settings["frequency"] for bench in draft.kind.benches if "frequency" in bench.settings), "")
    if not simulate:
        return _once(draft, folder, circuit, wanted, None)
    _bias(draft, folder, circuit, wanted)
    if draft.kind.name == COMPARATOR and "overdrive" not in draft.answers.settings:
        return _at_overdrive(draft, folder, circuit, wanted)
    if not asked or draft.kind.name not in OSCILLATORS or "frequency" in draft.answers.settings:
        return _at_common_mode(draft, folder, circuit, wanted)
    clock = _Clock()
    for frequency in (asked, *FREQUENCIES):
        if clock.left <= 0:
            said = f"the search for the frequency ended after {TRIAL_SECONDS:.0f} s: --setting frequency=… names it"
            draft.noticed += [said] if said not in draft.noticed else []
            _set(draft, "frequency", asked, _has_frequency)
            break
        _set(draft, "frequency", frequency, _has_frequency)
        seen = _once(draft, folder, circuit, wanted, clock.measured).values
        if seen and (swings := seen.get(_OSCILLATION)):
            _set(draft, "frequency", format_quantity(rounded(swings)).replace(" ", ""), _has_frequency)
            break
    else:
        _set(draft, "frequency", asked, _has_frequency)
    return _once(draft, folder, circuit, wanted, clock.tried)


def _bias(draft: Draft, folder: Path, circuit: str, wanted: Wanted) -> None:
    """Search the voltages of the bias ports that are guessed, and the common mode with them if it is guessed too."""
    guessed = [port for port, how in draft.kind.bias.items() if held_of(draft, port, how).guess == HALF]
    ports = bias_ports(draft.structure, guessed)
    problem = _once(draft, folder, circuit, wanted, None).problem if ports else None
    if problem is None:
        return
    vdd = supply_of(draft)
    modes = {text: share * vdd for text, (share, _) in OTHER_COMMON_MODES.items()}
    found = searched_levels(
        problem, draft.structure, ports, list(modes.values()) if common_mode_is_guessed(draft) else []
    )
    if found is None:
        return
    levels, mode = found
    draft.bias_levels = {one.port: level_text(one, levels[one.port]) for one in ports}
    if mode is not None:
        text = next(text for text, level in modes.items() if level == mode)
        _set(draft, "vcm", text, lambda bench: bench.template in COMMON_MODE)


def _at_common_mode(draft: Draft, folder: Path, circuit: str, wanted: Wanted) -> Trial:
    """The trial at half of the supply, or at the first other common mode at which the circuit amplifies or decides."""
    guessed, kind = common_mode_is_guessed(draft), draft.kind
    clock = _Clock()
    first = _once(draft, folder, circuit, wanted, clock.tried)
    if not guessed or _amplifies(first.values):
        return first
    for level in OTHER_COMMON_MODES:
        if clock.left <= 0:
            break
        _set(draft, "vcm", level, lambda bench: bench.template in COMMON_MODE)
        if _amplifies(_once(draft, folder, circuit, wanted, clock.measured).values):
            return _once(draft, folder, circuit, wanted, clock.tried)
    draft.kind = kind
    return first


def _at_overdrive(draft: Draft, folder: Path, circuit: str, wanted: Wanted) -> Trial:
    """The trial at the common overdrive, or at the first larger one at which the output switches."""
    kind, clock = draft.kind, _Clock()
    first = _once(draft, folder, circuit, wanted, clock.tried)
    if first.values is None or first.values.get(_DELAY, 0.0) is not None:
        return first
    for level in OVERDRIVES:
        if clock.left <= 0:
            break
        _set(draft, "overdrive", level, lambda bench: "overdrive" in bench.settings)
        seen = _once(draft, folder, circuit, wanted, clock.measured).values
        if seen is not None and seen.get(_DELAY) is not None:
            draft.noticed.append(
                f"its output does not switch with a smaller overdrive than {level}V, as with hysteresis or an offset"
            )
            return _once(draft, folder, circuit, wanted, clock.tried)
    draft.kind = kind
    return first


class _Clock:
    """The time of one trial: its searches share `TRIAL_SECONDS` of processor time."""

    def __init__(self) -> None:
        self._begun = spent_seconds()

    @property
    def left(self) -> float:
        """s"""
        return TRIAL_SECONDS - (spent_seconds() - self._begun)

    def measured(self, problem: Problem) -> tuple[Values, None, Mapping[str, Failure]]:
        """The first corner, once."""
        return {problem.corners[0].name: measure_once(problem, self.left)}, None, {}

    def tried(self, problem: Problem) -> tuple[Values, Soundness, Mapping[str, Failure]]:
        """Every corner, and whether the testbenches test."""
        return try_out(problem, self.left)


def _amplifies(values: Mapping[str, float | None] | None) -> bool:
    """Whether the gain at low frequency is above 0 dB, or a clocked comparator decides; True where neither is asked
    for.
    """
    if values is None:
        return True
    gain = values.get(_GAIN, 1.0)
    return values.get(_DECISION, 0.0) is not None and gain is not None and gain > 0


def _once(draft: Draft, folder: Path, circuit: str, wanted: Wanted, simulation: Simulated | None) -> Trial:
    doubts, noticed = list(draft.doubts), list(draft.noticed)
    trial = folder / ".draft.yaml"
    try:
        write_text(trial, write_draft(draft, circuit, wanted=wanted))
        problem, faults = loaded(trial, draft.source)
        if problem is None or simulation is None:
            return Trial(problem, faults)
        return Trial(problem, faults, *simulation(problem))
    except InputError as error:
        # the user has not seen the trial
        raise InputError(_of_netlist(error.findings, trial, draft.source)) from None
    finally:
        trial.unlink(missing_ok=True)
        # a text that is written again says the same again
        draft.doubts[:], draft.noticed[:] = doubts, noticed


def _has_frequency(bench: Bench) -> bool:
    return "frequency" in bench.settings


def _set(draft: Draft, name: str, text: str, of: Callable[[Bench], bool]) -> None:
    """Give a setting to the testbenches that have it."""
    benches = [
        replace(bench, settings={**bench.settings, name: text}) if of(bench) else bench for bench in draft.kind.benches
    ]
    draft.kind = replace(draft.kind, benches=tuple(benches))
