"""Sizing a circuit is one run: prepare, resume, play, finish. This module connects all parts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from eda_agent.agent.commands import COMMANDS_FILE, command_from
from eda_agent.agent.control import Control
from eda_agent.agent.edit import apply_edit
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import Loop
from eda_agent.agent.policies.registry import make_policy
from eda_agent.errors import StorageError
from eda_agent.insight.saturation import saturated_devices
from eda_agent.problem.drawn_sizes import drawn_sizes
from eda_agent.problem.parallel import ignored_multipliers
from eda_agent.problem.spec import Problem
from eda_agent.record.event import Event
from eda_agent.record.labels import corner_table, parameter_table, spec_table
from eda_agent.record.restore import restore_pending, restore_turns
from eda_agent.run.baseline_check import ABOUT
from eda_agent.run.finish import finish
from eda_agent.run.prepare import Prepared, prepare
from eda_agent.run.request import SKIP_FROM, Outcome, Request
from eda_agent.run.resume import opened_data
from eda_agent.run.work_clock import WorkClock
from eda_agent.stop_reasons import USER
from eda_agent.tools.toolbox import RunToolbox, equip


def size(
    request: Request,
    listen: Callable[[Event], None] = lambda event: None,
    control: Control | None = None,
    *,
    problem: Problem | None = None,
) -> Outcome:
    """Size a circuit.

    Args:
        request: what the user asks for.
        listen: called with every event after the journal has stored it.
        control: carries the user's commands to the run. An interrupt (Ctrl-C) leaves a complete journal and is raised
            again.
        problem: the problem of `request.spec`, if it is loaded already.

    Returns:
        the outcome; its best turn is verified unless the user stopped the run.

    Raises:
        InputError, MissingError: the request cannot work; nothing was simulated.
        StorageError: the journal or a result cannot be written.
    """
    control = control or Control()
    chosen: list[Mapping[str, Any]] = []
    clock = WorkClock()

    def hear(event: Event) -> None:
        if event["type"] == "policy.changed" and "name" in event:
            chosen.append({"name": event["name"], "from": event["index"]})
        clock.hear(event)
        listen(event)

    with contextlib.ExitStack() as stack:
        prepared = prepare(request, problem, hear, stack)
        clock.resume(prepared.run.state)
        env = resume(prepared)
        stop, verified = play(prepared, env, control)
    best = env.history.incumbent
    assert best is not None
    run = prepared.run
    chosen[:0] = run.state.policies or [{"name": prepared.policy.name, "from": 1}]
    remarks, seed = _remarks(prepared), run.resumed.request.chosen_seed
    return Outcome(
        env.problem,
        run.folder,
        stop,
        best,
        env.history.turns,
        chosen[-1]["name"],
        seed,
        verified,
        remarks,
        prepared.force,
        prepared.budget.simulations,
        clock.seconds,
        tuple(chosen),
    )


def resume(prepared: Prepared) -> Environment:
    """The environment with the journal's turns (none of a new run); the events that report the start are emitted."""
    run, changes, stream = prepared.run, prepared.changes, prepared.stream
    request, problem, state = run.resumed.request, run.problem, run.state
    skip = len(problem.corners) >= SKIP_FROM if request.skip is None else request.skip
    asked = _edited(prepared)
    env = Environment(asked, run.evaluator, restore_turns(state.turns, asked, anew=changes.anew), skip=skip)
    if changes.anew:
        # before run.started, which has the new targets: a run killed between the two scores its turns again
        stream.emit("spec.changed", diff=changes.diff, edits=changes.edits, problem=asked, turns=env.history.turns)
    opened = opened_data(run.resumed, problem, run.evaluator.workbench, run.policy)
    stream.emit(
        "run.started",
        problem=problem.name,
        folder=str(run.folder),
        policy=prepared.policy.name,
        seed=request.chosen_seed,
        budget=vars(prepared.budget),
        workers=run.pool.size,
        parallel=prepared.width,
        seeds=prepared.seeds,
        resumed=bool(state.turns),
        forced=prepared.force,
        layout=problem.layout.data() if problem.layout else None,
        drawn=drawn_sizes(problem),
        wires=problem.wires.data() if problem.wires else None,
        corner_set=request.corners,
        skip=request.skip,
        corners=[corner.name for corner in problem.corners],
        corner_table=corner_table(problem),
        specs=spec_table(problem),
        parameters=parameter_table(problem),
        saturated=saturated_devices(problem),
        opened=opened,
    )
    if run.resumed.before:
        _switch(prepared, len(env.history.turns), opened["going"])
    for remark in prepared.remarks:
        stream.emit("log", level="warning", about=ABOUT, message=remark)
    if not state.turns:
        for sentence in ignored_multipliers(problem):
            stream.emit("log", level="warning", about="netlist", message=sentence)
    for note in (*run.resumed.notes, *changes.notes):
        stream.emit("log", level="info", message=note)
    for hint in state.hints:
        env.hint(hint)
    return env


def play(prepared: Prepared, env: Environment, control: Control) -> tuple[str, Mapping[str, Any]]:
    """Play turns until there is a reason to stop, and finish the run, also on an interrupt: (stop reason, result of the
    verification).
    """
    run, state, request = prepared.run, prepared.run.state, prepared.run.resumed.request
    anew = prepared.changes.anew
    control.follow(run.folder / COMMANDS_FILE, request.orders_from)
    toolbox = RunToolbox(run.evaluator, folder=run.folder)
    equip(run.policy, toolbox)
    loop = Loop(
        env,
        prepared.policy,
        prepared.budget,
        prepared.stream.emit,
        control,
        restore_pending(state),
        width=prepared.width,
        original_problem=run.problem,
        make_policy=lambda name, options: equip(make_policy(name, request.chosen_seed, options), toolbox),
        undo_stack=[restore_turns(rows, env.problem, anew=anew) for rows in state.left],
        review=state.review,
        last_reported_best=None if not state.turns else -1 if anew else state.best.get("index", -1),
    )
    toolbox.total = lambda: loop.steering.budget.simulations
    # the journal's turns are restored now; in a long run they take hundreds of megabytes
    state.turns.clear()
    state.left.clear()
    try:
        stop = loop.run()
        if bill := getattr(loop.steering.policy, "bill", ""):
            prepared.stream.emit("log", level="info", about="endpoint", message=bill)
    except StorageError:
        # nothing more can be written
        raise
    except BaseException:
        finish(prepared, env, USER)
        raise
    return stop, finish(prepared, env, stop)


def _switch(prepared: Prepared, index: int, options: Mapping[str, Any]) -> None:
    """Record that another policy continues the run. What the one before has proposed is not played."""
    resumed, state, emit = prepared.run.resumed, prepared.run.state, prepared.stream.emit
    if state.pending:
        emit("proposal.dropped", index=index)
        state.pending.clear()
    emit(
        "policy.changed",
        index=index,
        before=resumed.before,
        after=prepared.policy.name,
        reason="--policy",
        name=resumed.policy,
        options=options,
    )


def _edited(prepared: Prepared) -> Problem:
    """The problem with the user's edits that still apply."""
    asked = prepared.run.problem
    for edit in prepared.changes.edits:
        asked = apply_edit(asked, prepared.run.problem, command_from(edit))
    return asked


def _remarks(prepared: Prepared) -> tuple[str, ...]:
    """The warnings about the testbenches at the start of the run, also of an earlier process."""
    earlier = (entry["message"] for entry in prepared.run.state.logs if entry.get("about") == ABOUT)
    return tuple(prepared.remarks or earlier)
