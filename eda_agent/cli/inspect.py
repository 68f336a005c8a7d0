"""`eda-agent runs`, `show` and `export`: views of finished or running runs, all made from their journals."""

from __future__ import annotations

import argparse
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

from eda_agent.cli.render import console, operating_table, print_json, sizing_table, spec_table
from eda_agent.cli.say import say, write
from eda_agent.errors import Finding, InputError, visible
from eda_agent.insight.complete import corners_of, partial, share_text
from eda_agent.insight.explain import what_moved
from eda_agent.insight.saturation import said_of
from eda_agent.insight.verdict import judge
from eda_agent.problem.netlist import Edit
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.units import counted, format_quantity, format_score


def runs_command(options: argparse.Namespace) -> int:
    """List the runs below a folder."""
    rows = []
    for path in sorted(options.folder.glob("**/journal.jsonl"), key=lambda path: path.lstat().st_mtime):
        try:
            rows.append(_row(path))
        except InputError as error:
            say(f"eda-agent: {error}")
    if options.json:
        print_json({"runs": rows})
        return 0
    from rich.table import Table

    screen = console(to_stdout=True)
    if not rows:
        screen.print(f"no runs below {options.folder}", markup=False)
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("run", "problem", "policy", "seed", "score", "met", "simulations", "state", "when"):
        table.add_column(column, justify="right" if column in {"seed", "score", "simulations"} else "left", no_wrap=column != "run")
    for row in rows:
        when = datetime.fromtimestamp(row["started"]).strftime("%Y-%m-%d %H:%M")
        table.add_row(
            row["run"],
            row["problem"],
            row["policy"],
            str(row["seed"]),
            f"{format_score(row['score'])}",
            "✓" if row["met"] else "✗",
            str(row["simulations"]),
            row["state"],
            when,
        )
    screen.print(table)
    return 0


def _row(path: Path) -> dict[str, Any]:
    state = fold(read_journal(path))
    return {
        "run": str(path.parent), "problem": state.started.get("problem", "?"), "policy": state.started.get("policy", "?"), "seed": state.started.get("seed", 0),
        "score": state.best.get("score", 0.0), "met": state.best.get("met", False), "simulations": state.simulations,
        "state": state.finished.get("stop") or "unfinished", "started": state.started.get("t", 0.0),
    }  # fmt: skip


def load_state(folder: Path) -> RunState:
    """The state of a run that has at least its baseline. Raises `InputError`."""
    state = fold(read_journal(folder / "journal.jsonl"))
    if not state.turns:
        raise InputError(Finding("the run has no turn yet", folder))
    return state


def chosen_turn(state: RunState, number: int | None, folder: Path) -> dict[str, Any]:
    wanted = number if number is not None else state.best.get("index", 0)
    for turn in state.turns:
        if turn["index"] == wanted:
            return turn
    raise InputError(Finding(f"the run has no turn {wanted}", folder, fix=f"turns are 0 to {state.turns[-1]['index']}"))


def show_command(options: argparse.Namespace) -> int:
    """Show a run, or one turn of it."""
    state = load_state(options.run)
    turn = chosen_turn(state, options.turn, options.run)
    if options.json:
        print_json(
            {
                "started": state.started,
                "turn": turn,
                "best": state.best,
                "finished": state.finished,
                "curve": state.curve,
                "simulations": state.simulations,
                "corners": {"simulated": corners_of(turn), "of": state.corners},
            }
        )
        return 0
    screen = console(to_stdout=True)
    begun = state.started
    screen.print(
        f"{begun['problem']} · policy {begun['policy']} · seed {begun['seed']} · {counted(state.simulations, 'simulation')}"
        f" · {state.finished.get('stop', 'unfinished')}",
        markup=False,
    )
    share = share_text(turn, state.corners)
    reached = (
        f"at most {format_score(turn['score'])}, simulated in {share}: this is no complete turn" if share else format_score(turn["score"])
    )
    screen.print(f"turn {turn['index']}: score {reached}\n", markup=False)
    if "evaluation" in turn:
        screen.print(spec_table(begun["specs"], turn["specs"], begun["corners"], turn["evaluation"]))
        screen.print()
        screen.print(sizing_table(begun["parameters"], turn["sizing"], state.turns[0]["sizing"]))
        points = turn["evaluation"]["operating_points"]
        if points:
            screen.print(f"\noperating points in {begun['corners'][0]}")
            screen.print(operating_table({name: {**point, "region": _region(point)} for name, point in points.items()}))
        for testbench, corner, kind, words in turn["evaluation"]["failures"]:
            screen.print(f"{testbench} in {corner} failed: {kind}: {words}", markup=False)
    else:
        screen.print(f"no usable reply: {turn['proposal']['error']}", markup=False)
    if turn["proposal"]["reasoning"]:
        screen.print(f"\nreasoning: {visible(turn['proposal']['reasoning'])}", markup=False)
    _show_moves(screen, state, turn)
    for line in said_of(begun, state.verified, turn):
        screen.print(f"! {line}", markup=False, soft_wrap=True)
    for finding in judge(state.turns, begun["specs"], begun["parameters"], state.corners) if options.turn is None else ():
        screen.print(f"! {finding.kind}: {finding.text}", markup=False, soft_wrap=True)
    if options.turn is None:
        screen.print("\nbest so far: " + " ".join(f"{turn['index']}:{turn['score']:.3f}" for turn in _improvements(state)), markup=False)
    return 0


def _show_moves(screen: Any, state: RunState, turn: dict[str, Any]) -> None:
    """What a turn moved against the best one before it."""
    moves = what_moved(state.turns, turn["index"], state.started["parameters"], state.corners)
    if moves is None:
        return
    units = {entry["name"]: entry["unit"] for entry in state.started["parameters"]}
    sizes = [
        f"{name} {format_quantity(one, units[name], 3)} → {format_quantity(other, units[name], 3)}"
        for name, (one, other) in moves.sizes.items()
    ]
    margins = [f"{name} {one:+.3f} → {other:+.3f}" for name, (one, other) in list(moves.margins.items())[:4]]
    screen.print(
        f"moved against turn {moves.against}: {', '.join(sizes[:6]) or 'nothing'}{' …' if len(sizes) > 6 else ''}",
        markup=False,
        soft_wrap=True,
    )
    if not partial(turn, state.corners):
        screen.print(f"margins: {', '.join(margins) or 'unchanged'}", markup=False, soft_wrap=True)


def _region(point: dict[str, Any]) -> str:
    from eda_agent.simulation.operating_point import OperatingPoint

    return OperatingPoint(**{key: float("nan") if value is None else value for key, value in point.items()}).region


def _improvements(state: RunState) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = []
    for turn in state.turns:
        if partial(turn, state.corners):
            continue
        if not result or turn["score"] > result[-1]["score"]:
            result.append(turn)
    return result


def export_command(options: argparse.Namespace) -> int:
    """Write the sized netlist, or a diff."""
    from eda_agent.cli.chosen import asked_by
    from eda_agent.files import write_text
    from eda_agent.insight.devices import devices
    from eda_agent.problem.parallel import parallel
    from eda_agent.record.export import netlist_diff, sized_netlist

    state = load_state(options.run)
    turn = chosen_turn(state, options.turn, options.run)
    if turn["sizing"] is None:
        raise InputError(Finding(f"turn {turn['index']} has no sizing", options.run))
    problem = asked_by(options.run, state)
    if options.devices or options.layout is not None:
        return _export_layout(options, devices(problem, turn["sizing"]))
    apart = parallel(problem, problem.space.edits(turn["sizing"]))
    if options.xschem is not None:
        for scope, device in {**apart.copies, **apart.left}:
            say(f"! {scope} {device}: plain ngspice loses its m=, so the schematic is another circuit there")
        return _export_xschem(options.xschem, problem.space.edits(turn["sizing"]))
    for line in apart.left:
        say(f"! {apart.remarks[line]}")
    text = (netlist_diff if options.diff else sized_netlist)(problem, turn["sizing"])
    if options.out is None:
        write(text)
    else:
        write_text(options.out, text)
        say(f"wrote {options.out}")
    return 0


def _export_layout(options: argparse.Namespace, found: dict[str, Any]) -> int:
    """The devices as JSON, or a layout of them; status 1 where LVS finds a difference or something stands in the way."""
    if options.layout is None:
        print_json(found)
        return 0
    from eda_agent.cli.layout import tell, write_layout

    result = write_layout(found, options.layout, options.into, options.table, options.cell)
    tell(result)
    return 0 if result.get("lvs", {"devices_match": True})["devices_match"] and not result.get("conflicts") else 1


def _export_xschem(path: Path, values: dict[Edit, float]) -> int:
    """Write sizes into a schematic: the old one is kept beside it, and the difference is shown."""
    import difflib

    from eda_agent.files import write_text
    from eda_agent.record.xschem import write_sizes

    text, missing = write_sizes(path, values)
    old = path.read_text(encoding="utf-8")
    for name in missing:
        say(f"! {path}: no place for {name}")
    if text == old:
        say(f"{path}: nothing to change")
        return 1 if missing else 0
    backup = path.with_name(path.name + ".bak")
    write_text(backup, old)
    write_text(path, text)
    write("".join(difflib.unified_diff(old.splitlines(True), text.splitlines(True), backup.name, path.name)))
    say(f"wrote {path}; undo: {shlex.join(['mv', str(backup), str(path)])}")
    return 1 if missing else 0
