"""The output of `eda-agent size` at the end of a run, for people."""

from __future__ import annotations

from rich.text import Text

from eda_agent.agent.history import History
from eda_agent.cli.render import Screen, console, print_prose, sizing_table
from eda_agent.cli.say import command
from eda_agent.cli.spec_table import spec_table
from eda_agent.insight.saturation import saturated_devices, saturation_text
from eda_agent.insight.verdict import judge, remedy_text
from eda_agent.record import labels
from eda_agent.record.events import turn_data
from eda_agent.record.guard_words import only_the_guard, thin_advice
from eda_agent.run import Outcome
from eda_agent.stop_reasons import MET, stop_text
from eda_agent.units import counted, format_score


def report(outcome: Outcome) -> None:
    """Print the end of a run: specs × corners, sizes, files."""
    # not read from the journal: the journal of a long run has gigabytes
    problem, best, baseline = outcome.problem, turn_data(outcome.best), outcome.turns[0]
    screen = console()
    for note in problem.notes:
        screen.print(f"! {note}", markup=False, soft_wrap=True)
    screen.print()
    corners = [corner.name for corner in problem.corners]
    screen.print(spec_table(labels.spec_table(problem), best["specs"], corners, best["evaluation"], screen.width))
    screen.print()
    screen.print(
        sizing_table(
            labels.parameter_table(problem), best["sizing"], baseline.sizing or problem.space.initial, screen.width
        )
    )
    reason = stop_text(outcome.stop) + (" in every corner" if outcome.stop == MET else "")
    if outcome.best.met and not outcome.met:
        reason = "every spec met, but a testbench does not test"
    if outcome.verified:
        where, again = (
            counted(len(outcome.verified["corners"]), "corner"),
            "met" if outcome.verified["met"] else "NOT met",
        )
        screen.print(f"\nre-simulated in {where}: {again}", markup=False, end="")
    for line in saturation_text({"corners": corners, "saturated": saturated_devices(problem)}, outcome.verified, best):
        screen.print(Text.assemble("\n", ("!", "yellow"), f" {line}"), end="")
    for remark in (*outcome.remarks, *outcome.unsound):
        screen.print(f"\n! {remark}", markup=False, soft_wrap=True, end="")
    failed = [place for place, key in enumerate(History(problem, outcome.turns).rank_keys) if key is None]
    if failed:
        last = outcome.turns[failed[-1]].proposal.error
        screen.print(
            f"\n! {counted(len(failed), 'proposal')} could not be used; the last: {last}", soft_wrap=True, end=""
        )
    verdict = ("✓ met", "green") if outcome.met else ("✗ not met", "red")
    words = (
        f" · score {format_score(outcome.best.value)} at turn {outcome.best.index} ·"
        f" {counted(outcome.simulations, 'simulation')} · {reason}"
    )
    screen.print(Text.assemble("\n", verdict, words))
    if not outcome.met:
        _what_blocks(screen, outcome)
    elif said := thin_advice(labels.spec_table(problem), best["specs"]):
        print_prose(screen, f"! {said}")
    screen.print(
        f"sized netlist  {outcome.folder / 'sized.spice'}\nrun            {outcome.folder}",
        markup=False,
        soft_wrap=True,
    )


MOST_JUDGED = 2000
"""Maximum number of turns that are searched for what blocks; `eda-agent show` searches them all."""


def _what_blocks(screen: Screen, outcome: Outcome) -> None:
    """Print why specs are not met, as `eda-agent show` does, and how to go on."""
    problem = outcome.problem
    turns = [turn_data(turn) for turn in outcome.turns] if len(outcome.turns) <= MOST_JUDGED else []
    specs, parameters = labels.spec_table(problem), labels.parameter_table(problem)
    findings = judge(turns, specs, parameters, len(problem.corners))
    for finding in findings:
        screen.print(f"! {finding.kind}: {finding.text}", markup=False, soft_wrap=True)
    if said := only_the_guard(outcome.verified):
        screen.print(f"! {said}", markup=False)
    if said := remedy_text(findings):
        print_prose(
            screen, f"to change      {said} in spec.yaml, then start a run with --memory; more turns hardly help"
        )
        return
    more = command("size", outcome.folder, "--resume", "--budget", 2 * max(outcome.simulations, 50))
    screen.print(f"to go on       {more}", markup=False, soft_wrap=True)
