"""`eda-agent show`: show a run, finished or not, or one of its turns, from the journal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.options import Commands, add_json

if TYPE_CHECKING:
    from eda_agent.record.fold import RunState


def register(commands: Commands) -> None:
    parser = commands.add_parser("show", help="show a run", description="Show specs, sizing and turns of a run.")
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--turn", type=int, metavar="N", help="show one turn in full")
    add_json(parser)
    parser.set_defaults(func=show_command)


def show_command(options: argparse.Namespace) -> int:
    """Print a run or one of its turns."""
    from eda_agent.cli.render import console, operating_table, print_json, print_prose, sizing_table
    from eda_agent.cli.spec_table import spec_table
    from eda_agent.errors import visible
    from eda_agent.insight.complete import corners_of, share_text
    from eda_agent.insight.saturation import saturation_text
    from eda_agent.insight.verdict import judge, remedy_text
    from eda_agent.problem.extracted.wires import wires_from
    from eda_agent.record.guard_words import only_the_guard
    from eda_agent.record.labels import policies_text
    from eda_agent.record.result import run_result, state_facts, with_regions
    from eda_agent.record.run_state import chosen_turn, load_state
    from eda_agent.run import wires_text
    from eda_agent.stop_reasons import stop_text
    from eda_agent.units import counted, format_score

    state = load_state(options.run)
    turn = chosen_turn(state, options.turn, options.run)
    if options.json:
        print_json(
            {
                **run_result(state_facts(str(options.run), state, turn)),
                "started": state.started,
                "turn": turn,
                "best": state.best,
                "finished": state.finished,
                "corners": {"simulated": corners_of(turn), "of": state.corners},
            }
        )
        return 0
    screen = console(to_stdout=True)
    begun = state.started
    ended = stop_text(state.finished["stop"]) if state.finished else "unfinished"
    screen.print(
        f"{begun['problem']} · policy {policies_text(state.policies)} · seed {begun['seed']} ·"
        f" {counted(state.simulations, 'simulation')} · {ended}",
        markup=False,
    )
    if wires := wires_from(begun.get("wires")):
        screen.print(wires_text(wires), markup=False, soft_wrap=True)
    share = share_text(turn, state.corners)
    reached = (
        f"at most {format_score(turn['score'])}, simulated in {share}: the turn is incomplete"
        if share
        else format_score(turn["score"])
    )
    screen.print(f"turn {turn['index']}: score {reached}\n", markup=False)
    if "evaluation" in turn:
        screen.print(spec_table(begun["specs"], turn["specs"], begun["corners"], turn["evaluation"], screen.width))
        screen.print()
        screen.print(sizing_table(begun["parameters"], turn["sizing"], state.turns[0]["sizing"], screen.width))
        points = turn["evaluation"]["operating_points"]
        if points:
            screen.print(f"\noperating points in {begun['corners'][0]}")
            screen.print(operating_table(with_regions(points), screen.width))
        for testbench, corner, kind, words in turn["evaluation"]["failures"]:
            screen.print(f"{testbench} in {corner} failed: {kind}: {words}", markup=False)
    else:
        screen.print(f"no usable reply: {turn['proposal']['error']}", markup=False)
    if turn["proposal"]["reasoning"]:
        print_prose(screen, f"\nreasoning: {visible(turn['proposal']['reasoning'])}")
    for note in turn["proposal"].get("notes", ()):
        print_prose(screen, f"note: {visible(note)}")
    _show_moves(screen, state, turn)
    for line in saturation_text(begun, state.verified, turn):
        print_prose(screen, f"! {line}")
    findings = judge(state.turns, begun["specs"], begun["parameters"], state.corners) if options.turn is None else ()
    for finding in findings:
        print_prose(screen, f"! {finding.kind}: {finding.text}")
    if said := remedy_text(findings):
        print_prose(screen, f"! to change: {said}")
    if options.turn is None and (said := only_the_guard(state.verified)):
        print_prose(screen, f"! {said}")
    if options.turn is None:
        print_prose(
            screen,
            "\nbest so far (turn:score): "
            + " ".join(f"{turn['index']}:{turn['score']:.3f}" for turn in _improvements(state)),
        )
    return 0


def _show_moves(screen: Any, state: RunState, turn: dict[str, Any]) -> None:
    """Print what a turn changed against the best turn before it."""
    from eda_agent.cli.render import print_prose
    from eda_agent.insight.complete import partial
    from eda_agent.insight.explain import what_moved
    from eda_agent.spec_text import moved_texts
    from eda_agent.units import format_quantity

    moves = what_moved(state.turns, turn["index"], state.started["parameters"], state.corners)
    if moves is None:
        return
    units = {entry["name"]: entry["unit"] for entry in state.started["parameters"]}
    sizes = [
        f"{name} {format_quantity(one, units[name], 3)} → {format_quantity(other, units[name], 3)}"
        for name, (one, other) in moves.sizes.items()
    ]
    results = [f"{name} {text}" for name, text in moved_texts(moves.results, state.started["specs"]).items()][:4]
    print_prose(
        screen,
        f"changed against turn {moves.against}: {', '.join(sizes[:6]) or 'nothing'}{' …' if len(sizes) > 6 else ''}",
    )
    if not partial(turn, state.corners):
        print_prose(screen, f"results: {', '.join(results) or 'unchanged'}")


def _improvements(state: RunState) -> list[dict[str, Any]]:
    from eda_agent.insight.complete import partial

    result: list[dict[str, Any]] = []
    for turn in state.turns:
        if partial(turn, state.corners):
            continue
        if not result or turn["score"] > result[-1]["score"]:
            result.append(turn)
    return result
