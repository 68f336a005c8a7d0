"""`eda-agent size`: a run with a progress line for people, or its events for programs."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from rich.text import Text

from eda_agent.agent.control import Control
from eda_agent.agent.orders import parse_order
from eda_agent.cli.render import console, print_json, sizing_table, spec_table
from eda_agent.cli.say import command, say
from eda_agent.errors import InputError
from eda_agent.insight.saturation import said_of, saturated_devices
from eda_agent.interrupts import obey
from eda_agent.record import about
from eda_agent.record.about import target_text
from eda_agent.record.event import Event
from eda_agent.record.events import turn_data
from eda_agent.run import Outcome, Request, size
from eda_agent.units import base_unit, counted, format_score


def size_command(options: argparse.Namespace) -> int:
    """Size, then show specs, sizes and where the files are."""
    request = make_request(options)
    obey(signal.SIGINT)
    control = Control(complain=lambda text: say(f"eda-agent: {text}"))
    if options.robust is not None:
        return _robust(options, request, control)
    folder: list[str] = []

    def note_folder(event: Event) -> None:
        if event["type"] == "run.started":
            folder.append(event["folder"])

    try:
        if options.events:
            _listen_on_stdin(control)

            def show(event: Event) -> None:
                note_folder(event)
                _print_event(event)

            outcome = size(request, show, control)
        else:
            outcome = _with_progress(request, control, note_folder, quiet=options.json)
    except KeyboardInterrupt:
        hint = f"; go on with: {command('size', '--resume', folder[0])}" if folder else ""
        say(f"eda-agent: interrupted{hint}")
        return 130
    if options.json:
        print_json(summary(outcome))
    elif not options.events:
        report(outcome)
    return 130 if outcome.stop == "user" and not outcome.met else 0 if outcome.met else 1


def _robust(options: argparse.Namespace, request: Request, control: Control) -> int:
    """Size for yield: 0 when the wanted share of chips passes."""
    from eda_agent.record.events import monte_carlo_data
    from eda_agent.robust import size_robust

    if not 0 < options.robust < 1:
        raise InputError(f"--robust {options.robust:g}: a share of chips lies between 0 and 1\n    → for example 0.99")
    screen = console()

    def tell(event: Event) -> None:
        if options.events:
            _print_event(event)
        elif not options.json:
            _tell(event, screen)

    result = size_robust(request, options.robust, options.samples, tell, control)
    total = result.chips.total
    low, high = total.interval
    reached = result.reached(options.robust)
    if options.json:
        print_json({**summary(result.outcome), "rounds": result.rounds, "reached": reached, "monte_carlo": monte_carlo_data(result.chips)})
    elif not options.events:
        report(result.outcome)
        screen.print(
            f"{'✓' if reached else '✗'} {total.passed} of {total.samples} chips pass in {', '.join(result.chips.corners)}: a yield of at least {100 * low:.1f} % is shown (95 %: {100 * low:.1f} to {100 * high:.1f} %), "
            f"{100 * options.robust:g} % wanted; rounds: {', '.join(f'{passed}/{total.samples}' for _, passed in result.rounds)}",
            markup=False,
            soft_wrap=True,
        )
    return 0 if reached else 1


def make_request(options: argparse.Namespace) -> Request:
    """The request that the options make. What they leave out, the run, the spec or a default says (`run.resume`)."""
    if options.resume and options.out is None:
        options.out = options.spec
    given: dict[str, Any] = {
        "endpoint": options.endpoint,
        "model": options.model,
        "timeout": options.answer_timeout,
        "request_seed": False if options.no_request_seed else None,
        "script": options.script,
    }
    return Request(
        spec=options.spec, policy=options.policy, options={name: value for name, value in given.items() if value is not None}, seed=options.seed,
        simulations=options.budget, out=options.out, resume=options.resume, workers=options.workers, cluster=options.cluster,
        cache=False if options.no_cache else None, corners=options.corners, skip=options.skip, parallel=options.parallel,
        memory=options.memory or None, orders_from=options.orders_from, force=options.force or None,
    )  # fmt: skip


def _print_event(event: Event) -> None:
    sys.stdout.write(json.dumps(event, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _listen_on_stdin(control: Control) -> None:
    """Obey orders, one JSON line each (`eda_agent.agent.orders`). Anything else is answered on stderr and changes nothing."""

    def listen() -> None:
        for line in sys.stdin:
            if not line.strip():
                continue
            try:
                order = parse_order(line)
            except InputError as error:
                control.complain(str(error))
                continue
            if order.do == "stop":
                # at once: a loop that waits hears it as well
                control.halt()
            else:
                control.send(order)

    if not sys.stdin.closed and not sys.stdin.isatty():
        threading.Thread(target=listen, daemon=True).start()


def _with_progress(request: Request, control: Control, note: Callable[[Event], None], *, quiet: bool) -> Outcome:
    """Run with a progress bar on a terminal, with one line a better score elsewhere."""
    screen = console()
    if quiet or not screen.is_terminal:

        def tell(event: Event) -> None:
            note(event)
            if not quiet:
                _tell(event, screen)

        return size(request, tell, control)
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.completed}/{task.total}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}", markup=False),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("sizing", total=request.simulations or 0, state="starting")

        def listen(event: Event) -> None:
            note(event)
            if event["type"] == "run.started":
                progress.update(task, total=event["budget"]["simulations"], description=event["problem"])
            elif event["type"] in {"baseline", "turn.evaluated"}:
                progress.update(task, completed=event["index"])
            elif event["type"] == "best.updated":
                progress.update(task, state=_best_line(event))
            elif event["type"] == "policy.changed":
                progress.console.print(_handover_line(event), markup=False)
            elif event["type"] in {"log", "spec.changed"}:
                progress.console.print(_note(event), markup=False, soft_wrap=True)

        return size(request, listen, control)


def _handover_line(event: Event) -> str:
    return f"turn {event['index']}: {event['before']} hands over to {event['after']} ({event['reason']})"


def _note(event: Event) -> str:
    return f"! {event['message']}" if event["type"] == "log" else "\n".join(event["diff"])


def _best_line(event: Event) -> str:
    missed = [name for name, result in event["specs"].items() if not result["met"]]
    return f"turn {event['index']}: score {format_score(event['score'])}" + (
        f", missing {', '.join(missed)}" if missed else ", all specs met"
    )


def _tell(event: Event, screen: Any) -> None:
    if event["type"] == "run.started":
        again = ", resumed" if event["resumed"] else ""
        screen.print(
            f"{event['problem']}: policy {event['policy']}, seed {event['seed']}, {counted(event['budget']['simulations'], 'simulation')}, {counted(event['workers'], 'worker')}{again}",
            markup=False,
        )
        tightened = [f"{spec['name']} {target_text(spec)}" for spec in event["specs"] if spec.get("asked")]
        if tightened:
            screen.print(f"targets tightened for the yield: {'; '.join(tightened)}", markup=False, soft_wrap=True)
    elif event["type"] == "policy.changed":
        screen.print(_handover_line(event), markup=False)
    elif event["type"] == "best.updated":
        screen.print(_best_line(event), markup=False)
    elif event["type"] in {"log", "spec.changed"}:
        screen.print(_note(event), markup=False, soft_wrap=True)


def summary(outcome: Outcome) -> dict[str, Any]:
    """The `--json` object."""
    best = outcome.best
    assert best.score is not None
    targets = {spec.name: spec for spec in outcome.problem.specs}
    return {
        "run": str(outcome.folder), "stop": outcome.stop, "met": outcome.met, "score": best.value, "simulations": outcome.simulations,
        "testbenches": [*outcome.remarks, *outcome.unsound], "turns": len(outcome.turns) - 1, "policy": outcome.policy, "seed": outcome.seed, "best_turn": best.index, "sizing": dict(best.sizing or {}),
        "specs": {
            result.spec: {
                "value": result.value, "minimum": targets[result.spec].minimum, "maximum": targets[result.spec].maximum, "target": targets[result.spec].target,
                "unit": base_unit(targets[result.spec].metric.unit), "margin": result.margin, "met": result.met, "worst_corner": result.corner,
            }
            for result in best.score.results
        },
    }  # fmt: skip


def report(outcome: Outcome) -> None:
    """The end of a run for people: specs × corners, sizes, files."""
    # not from the journal: that of a day has gigabytes once it is read
    problem, best, baseline = outcome.problem, turn_data(outcome.best), outcome.turns[0]
    screen = console()
    for note in problem.notes:
        screen.print(f"! {note}", markup=False, soft_wrap=True)
    screen.print()
    corners = [corner.name for corner in problem.corners]
    screen.print(spec_table(about.spec_table(problem), best["specs"], corners, best["evaluation"]))
    screen.print()
    screen.print(sizing_table(about.parameter_table(problem), best["sizing"], baseline.sizing or problem.space.initial))
    reasons = {"met": "every spec met in every corner", "budget": "budget spent", "no progress": "no progress", "user": "stopped"}
    reason = reasons[outcome.stop] if outcome.met or not outcome.best.met else "every spec met, but a testbench does not test"
    if outcome.verified:
        where, again = counted(len(outcome.verified["corners"]), "corner"), "met" if outcome.verified["met"] else "NOT met"
        screen.print(f"\nsimulated anew without cache in {where}: {again}", markup=False, end="")
    for line in said_of({"corners": corners, "saturated": saturated_devices(problem)}, outcome.verified, best):
        screen.print(Text.assemble("\n", ("!", "yellow"), f" {line}"), end="")
    for remark in (*outcome.remarks, *outcome.unsound):
        screen.print(f"\n! {remark}", markup=False, soft_wrap=True, end="")
    verdict = ("✓ met", "green") if outcome.met else ("✗ not met", "red")
    words = f" · score {format_score(outcome.best.value)} at turn {outcome.best.index} · {counted(outcome.simulations, 'simulation')} · {reason}"
    screen.print(Text.assemble("\n", verdict, words))
    screen.print(f"sized netlist  {outcome.folder / 'sized.spice'}\nrun            {outcome.folder}", markup=False, soft_wrap=True)
