"""Progress of a run: a bar with the best turn on a terminal, one line per better turn elsewhere, or every event as
JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from eda_agent.agent.commands import parse_command
from eda_agent.agent.control import Control
from eda_agent.cli.render import console, print_prose
from eda_agent.errors import InputError
from eda_agent.record.event import Event
from eda_agent.record.fold import VERIFYING
from eda_agent.record.guard_words import tightened_lines
from eda_agent.record.handover import handover_text
from eda_agent.run import Outcome, Request, size
from eda_agent.units import counted, format_score


def print_event(event: Event) -> None:
    """Print an event as a JSON line on stdout."""
    sys.stdout.write(json.dumps(event, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def listen_on_stdin(control: Control) -> None:
    """Execute commands from stdin, one JSON line each (`eda_agent.agent.commands`). Report other input on stderr."""

    def listen() -> None:
        for line in sys.stdin:
            if not line.strip():
                continue
            try:
                command = parse_command(line)
            except InputError as error:
                control.complain(str(error))
                continue
            if command.do == "stop":
                # set now, so that a waiting loop sees it too
                control.halt()
            else:
                control.send(command)

    if not sys.stdin.closed and not sys.stdin.isatty():
        threading.Thread(target=listen, daemon=True).start()


def with_progress(request: Request, control: Control, note: Callable[[Event], None], *, quiet: bool) -> Outcome:
    """Execute a run with a progress bar on a terminal, or with one line per better score elsewhere."""
    screen = console()
    if quiet or not screen.is_terminal:
        last = ""

        def tell(event: Event) -> None:
            nonlocal last
            note(event)
            if event["type"] == "best.updated":
                # a better turn with the same digits says nothing new
                before, last = last, _best_line(event).partition(": ")[2]
                if before == last:
                    return
            if not quiet:
                tell_event(event, screen)

        return size(request, tell, control)
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.completed}/{task.total}", markup=False),
        TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=len("0:00:00"))),
        # what has no room is cut here, never the time
        TextColumn(
            "{task.fields[state]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)
        ),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("sizing", total=request.simulations or 0, state="starting")

        def listen(event: Event) -> None:
            note(event)
            if event["type"] == "run.started":
                progress.update(task, total=event["budget"]["simulations"], description=event["problem"])
                for line in tightened_lines(event["specs"]):
                    print_prose(screen, line)
            elif event["type"] in {"baseline", "turn.evaluated"}:
                progress.update(task, completed=event["index"])
            elif event["type"] == "best.updated":
                progress.update(task, state=_best_line(event))
            elif event["type"] == "policy.changed":
                progress.console.print(_handover_line(event), markup=False)
            elif event.get("about") == VERIFYING:
                progress.update(task, state=event["message"])
            elif event["type"] in {"log", "spec.changed"}:
                progress.console.print(_note(event), markup=False, soft_wrap=True)

        return size(request, listen, control)


def _handover_line(event: Event) -> str:
    return f"turn {event['index']}: {handover_text(event)}"


def _note(event: Event) -> str:
    if event["type"] != "log":
        return "\n".join(event["diff"])
    return str(event["message"]) if event.get("about") == VERIFYING else f"! {event['message']}"


def _best_line(event: Event) -> str:
    missed = [name for name, result in event["specs"].items() if not result["met"]]
    return f"turn {event['index']}: score {format_score(event['score'])}" + (
        f", fails: {', '.join(missed)}" if missed else ", all specs met"
    )


def tell_event(event: Event, screen: Any) -> None:
    """Print a line for the events that concern people."""
    if event["type"] == "run.started":
        again = ", resumed" if event["resumed"] else ""
        screen.print(
            f"{event['problem']}: policy {event['policy']}, seed {event['seed']},"
            f" {counted(event['budget']['simulations'], 'simulation')}, {counted(event['workers'], 'worker')}{again}",
            markup=False,
        )
        for line in tightened_lines(event["specs"]):
            print_prose(screen, line)
    elif event["type"] == "policy.changed":
        screen.print(_handover_line(event), markup=False)
    elif event["type"] == "best.updated":
        screen.print(_best_line(event), markup=False)
    elif event["type"] in {"log", "spec.changed"}:
        screen.print(_note(event), markup=False, soft_wrap=True)
