"""A run is one problem given to one policy, with a folder that keeps everything. This is where concrete classes meet.

The folder holds `journal.jsonl`, `spec.yaml` as read, `best.json` and `sized.spice`.
"""

from __future__ import annotations

import contextlib
import json
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from eda_agent import __version__
from eda_agent.agent.env import Environment
from eda_agent.agent.loop import Control, run_loop
from eda_agent.agent.policies.registry import DEFAULT, make_policy
from eda_agent.agent.score import score
from eda_agent.agent.turn import Turn
from eda_agent.errors import Finding, InputError, MissingError
from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_corners import named_set
from eda_agent.problem.spec import Budget, Problem
from eda_agent.record.events import Event, Stream, monte_carlo_data
from eda_agent.record.export import sized_netlist
from eda_agent.record.fold import RunState, fold, restore_pending, restore_turns
from eda_agent.record.journal import Journal, read_journal
from eda_agent.simulation.cache import Cache, NoCache, cache_folder
from eda_agent.simulation.deck import Workbench
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.executor import LocalPool
from eda_agent.simulation.montecarlo import monte_carlo

SKIP_FROM = 6
"""With few corners a policy learns more from all of them than skipping saves: over 10 runs in 3 corners 533 proposals for 407."""


@dataclass(frozen=True)
class Request:
    """What the user asked for; None takes the spec's or the default.

    `corners`: a named set instead of the spec's. `skip`: leave corners out where they can no longer matter (`Environment`); None does so
    from `SKIP_FROM` corners on. `parallel`: proposals simulated at once, of a policy that has several; None takes as many as keep the
    workers busy.
    """

    spec: Path
    policy: str = DEFAULT
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    simulations: int | None = None
    out: Path | None = None
    resume: bool = False
    workers: int | None = None
    cache: bool = True
    corners: str | None = None
    skip: bool | None = None
    parallel: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `stop` is the reason; `best` the incumbent; `turns` all turns, the baseline first."""

    problem: Problem
    folder: Path
    stop: str
    best: Turn
    turns: tuple[Turn, ...]
    policy: str
    seed: int

    @property
    def met(self) -> bool:
        return self.best.met

    @property
    def simulations(self) -> int:
        return sum(turn.index > 0 and turn.evaluation is not None for turn in self.turns)


@contextlib.contextmanager
def open_evaluator(
    problem: Problem, *, workers: int | None = None, cache: bool = True, pool: LocalPool | None = None
) -> Iterator[Evaluator]:
    """An evaluator with its worker processes and cache, ended on leaving."""
    folder = cache_folder()
    pool = pool or LocalPool(workers)
    store = Cache(folder / "results.sqlite") if cache else NoCache()
    try:
        yield Evaluator(problem, Workbench(problem, folder / "models"), pool, store)
    finally:
        pool.close()
        store.close()


def measure_once(problem: Problem) -> dict[str, float | None]:
    """Spec name → value of the netlist's own sizes in the first corner."""
    problem = replace(problem, corners=problem.corners[:1])
    with open_evaluator(problem) as evaluator:
        evaluation = evaluator.evaluate([problem.space.initial])[0]
    return dict(evaluation.values[problem.corners[0].name])


def simulate_for_report(
    problem: Problem, sizing: Mapping[str, float], samples: int, seed: int
) -> tuple[dict[tuple[str, str], dict[str, Any]], dict[str, Any] | None]:
    """(waveforms of every testbench and corner, Monte Carlo as data or None for no samples) of one design."""
    with open_evaluator(problem) as evaluator:
        legal = problem.space.snap(sizing)
        waves = {place: reply["waveforms"] for place, reply in evaluator.waveforms(legal).items() if "waveforms" in reply}
        return waves, monte_carlo_data(monte_carlo(evaluator, legal, samples, seed)) if samples else None


def netlist_of_schematic(schematic: Path, folder: Path) -> Path:
    """The netlist that xschem itself writes for a .sch file. Raises `MissingError` without xschem."""
    program = shutil.which("xschem")
    if program is None:
        raise MissingError(
            "reading a .sch file needs xschem itself\n    → apt install xschem, or netlist it there and give the .spice file"
        )
    with tempfile.TemporaryDirectory(prefix="eda-agent-") as place:
        rc, netlist = Path(place) / "xschemrc", Path(place) / f"{schematic.stem}.spice"
        # the user's own settings (symbol libraries, PDK), then where the netlist goes; works from version 2.8 on, which has no -o
        rc.write_text(
            "foreach f [list [file join [pwd] xschemrc] ~/.xschem/xschemrc] { if {[file exists $f]} { source $f; break } }\n"
            f"set netlist_dir {{{place}}}\n",
            encoding="utf-8",
        )
        # no X, no readline, quit when done, netlist, SPICE
        command = [program, "-x", "-r", "-q", "-n", "-s", "--rcfile", str(rc), str(schematic.resolve())]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, cwd=schematic.resolve().parent
        )
        if not netlist.is_file():
            words = (done.stderr or done.stdout).strip().splitlines()
            raise InputError(
                Finding(f"xschem wrote no netlist: {words[-1] if words else 'no message'}", schematic, fix="netlist it in xschem")
            )
        text = netlist.read_text(encoding="utf-8", errors="replace")
    folder.mkdir(parents=True, exist_ok=True)
    # a name of its own: the designer's netlist may lie beside the schematic
    target = folder / f"{schematic.stem}.xschem.spice"
    write_text(target, text)
    return target


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
    # the slow starters first, so that they overlap with reading the spec
    pool = LocalPool(request.workers)
    try:
        problem = problem or with_corners(load_problem(request.spec), request.corners)
        policy = make_policy(request.policy, request.seed, request.options)
        folder = run_folder(request, problem)
        state = fold(read_journal(folder / "journal.jsonl")) if (folder / "journal.jsonl").exists() else RunState()
        _check_resumable(request, state, folder, problem)
    except BaseException:
        pool.close()
        raise
    with (
        open_evaluator(problem, cache=request.cache, pool=pool) as evaluator,
        contextlib.closing(Journal(folder / "journal.jsonl")) as journal,
    ):
        if not state.started:
            _write_spec(problem, folder)
        stream = Stream(journal.append, listen, sequence=state.sequence)
        budget = _budget(problem, request)
        # a resumed run proposes as it did, on whatever machine
        width = request.parallel or state.started.get("parallel") or max(1, pool.size // max(len(evaluator.workbench.decks), 1))
        stream.emit(
            "hello",
            program="eda-agent",
            version=__version__,
            python=platform.python_version(),
            ngspice=pool.version,
            capabilities=["resume", "control"],
        )
        stream.emit(
            "run.started", problem=problem.name, folder=str(folder), policy=policy.name, seed=request.seed, budget=vars(budget), workers=pool.size,
            parallel=width, resumed=bool(state.turns), corner_set=request.corners, skip=request.skip, corners=[corner.name for corner in problem.corners], specs=spec_table(problem), parameters=parameter_table(problem),
        )  # fmt: skip
        env = Environment(
            problem,
            evaluator,
            restore_turns(state, problem),
            skip=len(problem.corners) >= SKIP_FROM if request.skip is None else request.skip,
        )
        stop = "user"
        try:
            stop = run_loop(env, policy, budget, stream.emit, control, restore_pending(state), width=width)
        finally:
            best = env.history.incumbent
            if best is not None and best.sizing is not None:
                if stop != "user":
                    stream.emit("verified", **verify(evaluator, pool, best))
                artifacts = write_artifacts(problem, folder, best)
                stream.emit(
                    "run.finished",
                    stop=stop,
                    score=best.value,
                    met=best.met,
                    simulations=env.history.simulations,
                    turns=len(env.history.turns) - 1,
                    artifacts=artifacts,
                )
    assert best is not None
    return Outcome(problem, folder, stop, best, env.history.turns, policy.name, request.seed)


def with_corners(problem: Problem, name: str | None) -> Problem:
    """The problem in a named set of corners, or as it is for None. Specs that count in corners of the spec only count in all then."""
    if name is None:
        return problem
    specs = tuple(replace(spec, corners=()) for spec in problem.specs)
    return replace(problem, corners=named_set(name, problem.pdk), specs=specs)


def verify(evaluator: Evaluator, pool: LocalPool, best: Turn) -> dict[str, Any]:
    """The incumbent once more, in every corner, without cache: what a policy, a cache or a skipped corner did cannot matter here.

    `deviation`: largest relative difference to what the turn measured. Waveform measurements repeat to the last bit.
    """
    assert best.sizing is not None and best.evaluation is not None
    fresh = Evaluator(evaluator.problem, evaluator.workbench, pool, NoCache())
    evaluation = fresh.evaluate([best.sizing])[0]
    graded = score(evaluator.problem.specs, evaluation)
    deviation = 0.0
    for corner, row in best.evaluation.values.items():
        for spec, value in row.items():
            again = evaluation.values[corner][spec]
            if value is not None and again is not None:
                deviation = max(deviation, abs(again - value) / max(abs(value), 1e-30))
    return {
        "index": best.index, "met": graded.met, "score": graded.value, "deviation": deviation, "corners": list(evaluation.values),
        "worst": {result.spec: result.corner for result in graded.results},
    }  # fmt: skip


def run_folder(request: Request, problem: Problem) -> Path:
    """The folder of the run, made if needed: `--out`, or runs/NAME-POLICY-TIME."""
    folder = request.out or Path("runs") / f"{problem.name}-{request.policy}-{datetime.now():%Y%m%d-%H%M%S}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(Finding(f"cannot make the folder of the run: {error.strerror}", folder, fix="choose another --out")) from None
    return folder


def _check_resumable(request: Request, state: RunState, folder: Path, problem: Problem) -> None:
    if not state.started:
        return
    if not request.resume:
        raise InputError(Finding("this folder already holds a run", folder, fix="add --resume to go on with it, or choose another --out"))
    then, now = state.started, {"policy": request.policy, "seed": request.seed}
    for key, value in now.items():
        if then[key] != value:
            raise InputError(
                Finding(
                    f"the run was started with {key} {then[key]}, not {value}", folder, fix=f"add --{key} {then[key]}, or start a new run"
                )
            )
    if [entry["name"] for entry in then["parameters"]] != list(problem.space.names) or [entry["name"] for entry in then["specs"]] != list(
        problem.spec_names
    ):
        raise InputError(Finding("the spec has other parameters or specs than this run", folder, fix="start a new run"))
    if then["corners"] != [corner.name for corner in problem.corners]:
        raise InputError(
            Finding("the run was started in other corners", folder, fix="leave --corners out to go on in the same ones, or start a new run")
        )


def _write_spec(problem: Problem, folder: Path) -> None:
    write_text(folder / "spec.yaml", problem.text)
    # the netlist lies beside the original, not beside this copy
    write_text(folder / "origin.json", json.dumps({"spec": str(problem.path.resolve())}) + "\n")


def _budget(problem: Problem, request: Request) -> Budget:
    budget = problem.budget
    if request.simulations is not None:
        budget = Budget(request.simulations, budget.timeout, budget.patience, budget.until)
    return budget


def original_spec(folder: Path) -> Path:
    """The spec that a run was started from; the run's own copy where that has gone."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        origin = Path(json.loads((folder / "origin.json").read_text())["spec"])
        if origin.is_file():
            return origin
    return folder / "spec.yaml"


def spec_table(problem: Problem) -> list[dict[str, Any]]:
    """The specs as plain data, for events and tables."""
    return [
        {
            "name": spec.name,
            "metric": spec.metric.name,
            "unit": spec.metric.unit,
            "minimum": spec.minimum,
            "maximum": spec.maximum,
            "weight": spec.weight,
            "objective": spec.objective,
        }
        for spec in problem.specs
    ]


def parameter_table(problem: Problem) -> list[dict[str, Any]]:
    """The parameters as plain data, for events and tables."""
    return [
        {
            "name": entry.name,
            "unit": entry.unit,
            "minimum": entry.minimum,
            "maximum": entry.maximum,
            "scale": entry.scale,
            "step": entry.step,
            "role": entry.role,
            "locked": entry.locked,
        }
        for entry in problem.space.parameters
    ]


def write_artifacts(problem: Problem, folder: Path, best: Turn) -> dict[str, str]:
    """Write best.json and sized.spice for the incumbent."""
    assert best.sizing is not None and best.score is not None
    data = {
        "turn": best.index, "score": best.value, "met": best.met, "sizing": dict(best.sizing),
        "specs": {result.spec: {"value": result.value, "corner": result.corner, "met": result.met} for result in best.score.results},
    }  # fmt: skip
    write_text(folder / "best.json", json.dumps(data, indent=2) + "\n")
    write_text(folder / "sized.spice", sized_netlist(problem, best.sizing))
    return {"journal": str(folder / "journal.jsonl"), "best": str(folder / "best.json"), "netlist": str(folder / "sized.spice")}
