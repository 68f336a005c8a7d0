"""A run opens what it needs, plays the loop, keeps every event and leaves its artifacts. This is where everything meets."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from eda_agent import __version__
from eda_agent.agent.commands import COMMANDS_FILE, command_from
from eda_agent.agent.control import Control
from eda_agent.agent.edit import apply_edit
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import Loop
from eda_agent.agent.policies.registry import make_policy
from eda_agent.agent.policies.warm_start import WarmStartPolicy
from eda_agent.agent.score import score
from eda_agent.agent.turn import Turn
from eda_agent.errors import StorageError
from eda_agent.insight.saturation import left_saturation, saturated_devices
from eda_agent.problem.spec import Problem, as_asked
from eda_agent.record.event import Event
from eda_agent.record.events import Stream
from eda_agent.record.labels import corner_table, parameter_table, spec_table
from eda_agent.record.restore import restore_pending, restore_turns
from eda_agent.run.baseline_check import ABOUT, check_baseline, failed_checks, warnings_of
from eda_agent.run.design_memory import remember, seeds_of
from eda_agent.run.folder import write_artifacts
from eda_agent.run.opening import open_run
from eda_agent.run.request import SKIP_FROM, Outcome, Request
from eda_agent.run.resume import compare, opened_data
from eda_agent.run.spec_copy import write_copy
from eda_agent.run.trust import warning
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.memory import Memory
from eda_agent.simulation.soundness import watch


def size(
    request: Request,
    listen: Callable[[Event], None] = lambda event: None,
    control: Control | None = None,
    *,
    problem: Problem | None = None,
) -> Outcome:
    """Size a circuit. Raises `InputError` or `MissingError` before anything is simulated when the request cannot work.

    `listen` is called with every event once it is kept; `control` may stop the run between turns; an interrupt (Ctrl-C) leaves a
    complete journal and is raised again. `problem`: what `request.spec` was made into already.
    """
    control = control or Control()
    with contextlib.ExitStack() as stack:
        run = open_run(request, problem, stack)
        request, problem, folder, state, pool, evaluator = run.resumed.request, run.problem, run.folder, run.state, run.pool, run.evaluator
        changes = compare(request, state, problem, evaluator.workbench, folder)
        if not state.started or changes.diff:
            write_copy(problem, folder)
        stream = Stream(run.journal.append, listen, sequence=state.sequence)
        budget = problem.budget if request.simulations is None else replace(problem.budget, simulations=request.simulations)
        remembered = Memory(cache_folder() / "memory.sqlite")
        seeds = state.started.get("seeds", []) if state.started else seeds_of(problem, remembered) if request.memory else []
        policy = WarmStartPolicy(run.policy, seeds) if seeds else run.policy
        # a resumed run proposes as it did, on whatever machine
        width = request.parallel or state.started.get("parallel") or max(1, pool.size // max(len(evaluator.workbench.decks), 1))
        stream.emit(
            "hello",
            program="eda-agent",
            version=__version__,
            python=platform.python_version(),
            ngspice=pool.version,
            capabilities=["resume", "control"],
            sandbox=list(pool.sandbox),
        )
        if unconfined := warning(pool.sandbox):
            stream.emit("log", level="warning", about="sandbox", message=unconfined)
        # nothing is said to have started that is refused
        force = bool(request.force or state.started.get("forced"))
        remarks = warnings_of(check_baseline(evaluator, force=force)) if not state.turns else []
        asked = problem
        for edit in changes.edits:
            asked = apply_edit(asked, problem, command_from(edit))
        skip = len(problem.corners) >= SKIP_FROM if request.skip is None else request.skip
        env = Environment(asked, evaluator, restore_turns(state.turns, asked, anew=changes.anew), skip=skip)
        if changes.anew:
            # before run.started, which says what is asked now: a run that is killed between the two counts its turns anew again
            stream.emit("spec.changed", diff=changes.diff, edits=changes.edits, problem=asked, turns=env.history.turns)
        stream.emit(
            "run.started", problem=problem.name, folder=str(folder), policy=policy.name, seed=request.chosen_seed, budget=vars(budget), workers=pool.size,
            parallel=width, seeds=seeds, resumed=bool(state.turns), forced=force, corner_set=request.corners, skip=request.skip, corners=[corner.name for corner in problem.corners], corner_table=corner_table(problem), specs=spec_table(problem), parameters=parameter_table(problem),
            saturated=saturated_devices(problem), opened=opened_data(run.resumed, problem, evaluator.workbench, run.policy),
        )  # fmt: skip
        for remark in remarks:
            stream.emit("log", level="warning", about=ABOUT, message=remark)
        remarks = remarks or [entry["message"] for entry in state.logs if entry.get("about") == ABOUT]
        for note in (*run.resumed.notes, *changes.notes):
            stream.emit("log", level="info", message=note)
        for hint in state.hints:
            env.hint(hint)
        control.follow(folder / COMMANDS_FILE, request.orders_from)
        loop = Loop(
            env, policy, budget, stream.emit, control, restore_pending(state), width=width, original_problem=problem, review=state.review, last_reported_best=None if not state.turns else -1 if changes.anew else state.best.get("index", -1),
            make_policy=lambda name, options: make_policy(name, request.chosen_seed, options), undo_stack=[restore_turns(rows, asked, anew=changes.anew) for rows in state.left],
        )  # fmt: skip
        # what was read is turns now; a long journal's is hundreds of megabytes
        state.turns.clear()
        state.left.clear()
        stop, kept, sound = "user", True, True
        checked: Mapping[str, Any] = {}
        try:
            stop = loop.run()
        except StorageError:
            kept = False
            raise
        finally:
            best = env.history.incumbent
            if kept and best is not None and best.sizing is not None:
                remember(env.history.turns, problem, remembered)
                if stop != "user":
                    checked = verify(evaluator, env.problem, pool, best)
                    stream.emit("verified", **checked)
                    sound = force or not checked["unsound"]
                artifacts = write_artifacts(env.problem, folder, best)
                stream.emit(
                    "run.finished",
                    stop=stop,
                    score=best.value,
                    met=best.met and sound,
                    simulations=env.history.simulations,
                    turns=len(env.history.turns) - 1,
                    artifacts=artifacts,
                )
    assert best is not None
    return Outcome(env.problem, folder, stop, best, env.history.turns, policy.name, request.chosen_seed, checked, tuple(remarks), force)


def verify(evaluator: Evaluator, problem: Problem, pool: Executor, best: Turn) -> dict[str, Any]:
    """The incumbent once more, in every corner, without cache: what a policy, a cache or a skipped corner did cannot matter here.

    `problem`: what is asked for in the end, edits of the user's included. `asked_met`: by the user's targets, where the run's are tighter.

    `deviation`: largest relative difference to what the turn measured. Waveform measurements repeat to the last bit. `left_saturation`: devices
    that are meant to be in saturation and are not, in any corner. `unsound`: what its testbenches show that no working circuit does, a sentence each.
    """
    assert best.sizing is not None and best.evaluation is not None
    fresh = Evaluator(evaluator.problem, evaluator.workbench, pool, NoCache(), keep_points=True)
    evaluation, seen = watch(fresh, best.sizing)
    graded, asked = (score(specs, evaluation) for specs in (problem.specs, as_asked(problem.specs)))
    deviation = 0.0
    for corner, row in best.evaluation.values.items():
        for spec, value in row.items():
            again = evaluation.values[corner][spec]
            if value is not None and again is not None:
                deviation = max(deviation, abs(again - value) / max(abs(value), 1e-30))
    return {
        "index": best.index, "met": graded.met, "asked_met": asked.met, "score": graded.value, "deviation": deviation, "corners": list(evaluation.values),
        "worst": {result.spec: result.corner for result in graded.results},
        "unsound": failed_checks(seen),
        "left_saturation": left_saturation(
            {corner: {name: point.data() for name, point in row.items()} for corner, row in evaluation.corner_points.items()},
            saturated_devices(problem),
        ),
    }  # fmt: skip
