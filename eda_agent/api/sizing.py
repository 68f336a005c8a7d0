"""Sizing from Python: `size` gives the finished run, or with `events=True` an iterator of its events."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, overload

from eda_agent.agent.commands import command_from
from eda_agent.agent.control import Control
from eda_agent.api import arguments
from eda_agent.api.circuit import Circuit, Place, as_circuit
from eda_agent.api.policy_options import policy_options
from eda_agent.api.runs import Run
from eda_agent.api.wording import speak_python
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.record.event import Event
from eda_agent.run.chosen import is_run
from eda_agent.run.request import Outcome, Request
from eda_agent.run.sizing import size as play

_END = None


class SizingStream(Iterator[Event]):
    """The events of a run that goes on in a thread of its own.

    The run stops after its present turn if the stream is stopped, left (`with`) or dropped; its folder can be resumed.
    """

    def __init__(self, request: Request, problem: Problem | None, listen: Callable[[Event], None] | None = None):
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._control = Control()
        self._result: dict[str, Any] = {}
        given = (request, problem, _both(self._events.put, listen), self._events.put, self._control, self._result)
        self._thread = threading.Thread(target=_play, args=given, name="sizing", daemon=True)
        self._ended = False
        self._close = weakref.finalize(self, _stop, self._control, self._thread)
        self._thread.start()

    def __iter__(self) -> SizingStream:
        return self

    def __next__(self) -> Event:
        event = _END if self._ended else self._events.get()
        if event is not _END:
            return event
        self._ended = True
        if "error" in self._result:
            raise self._result.pop("error")
        raise StopIteration

    def send(self, do: str, **fields: Any) -> None:
        """Send a command, such as `send("target", spec="gbw", minimum="20M")` (docs/tui.md). Raises `InputError`."""
        self._control.send(command_from({"do": do, **fields}))

    def stop(self) -> None:
        """Stop the run after its present turn; the iterator then gives the last events."""
        self._control.halt()

    @property
    def run(self) -> Run:
        """The run, once it has ended; waits for its end. Raises the run's error."""
        self._thread.join()
        if "error" in self._result:
            raise self._result["error"]
        return Run(self._result["outcome"].folder)

    def __enter__(self) -> SizingStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __repr__(self) -> str:
        return f"<SizingStream, {'running' if self._thread.is_alive() else 'ended'}>"


def _play(
    request: Request,
    problem: Problem | None,
    listen: Callable[[Event], None],
    put: Callable[[Event | None], None],
    control: Control,
    result: Any,
) -> None:
    try:
        result["outcome"] = play(request, listen, control, problem=problem)
    except BaseException as error:  # noqa: BLE001  # it is raised again where the events are read
        if isinstance(error, InputError):
            speak_python(error)
        result["error"] = error
    finally:
        put(_END)


def _both(put: Callable[[Event], None], listen: Callable[[Event], None] | None) -> Callable[[Event], None]:
    """Put an event in the queue, then tell the listener."""
    if listen is None:
        return put

    def tell(event: Event) -> None:
        put(event)
        listen(event)

    return tell


def _stop(control: Control, thread: threading.Thread) -> None:
    control.halt()
    thread.join()


@overload
def size(
    target: Circuit | Run | Place,
    *,
    events: Literal[False] = False,
    policy: str | None = None,
    budget: int | None = None,
    seed: int | None = None,
    out: Place | None = None,
    resume: bool = False,
    corners: str | None = None,
    workers: int | None = None,
    cache: bool | None = None,
    memory: bool = False,
    force: bool = False,
    guard: float | None = None,
    parallel: int | None = None,
    post_layout: Place | None = None,
    cell: str | None = None,
    listen: Callable[[Event], None] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Run: ...
@overload
def size(
    target: Circuit | Run | Place,
    *,
    events: Literal[True],
    policy: str | None = None,
    budget: int | None = None,
    seed: int | None = None,
    out: Place | None = None,
    resume: bool = False,
    corners: str | None = None,
    workers: int | None = None,
    cache: bool | None = None,
    memory: bool = False,
    force: bool = False,
    guard: float | None = None,
    parallel: int | None = None,
    post_layout: Place | None = None,
    cell: str | None = None,
    listen: Callable[[Event], None] | None = None,
    options: Mapping[str, Any] | None = None,
) -> SizingStream: ...
def size(
    target: Circuit | Run | Place,
    *,
    events: bool = False,
    policy: str | None = None,
    budget: int | None = None,
    seed: int | None = None,
    out: Place | None = None,
    resume: bool = False,
    corners: str | None = None,
    workers: int | None = None,
    cache: bool | None = None,
    memory: bool = False,
    force: bool = False,
    guard: float | None = None,
    parallel: int | None = None,
    post_layout: Place | None = None,
    cell: str | None = None,
    listen: Callable[[Event], None] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Run | SizingStream:
    """Size a circuit until every spec is met, as `eda-agent size` does.

    Args:
        target: a circuit, or the path of a spec. With `resume`, a run or its folder.
        events: give an iterator of events at once instead of the run at its end.
        policy: what proposes the sizes (docs/policies.md); None for auto, or the run's.
        budget: maximum number of proposals; None for the spec's.
        seed: of everything random; None for 0, or the run's.
        out: folder of the run; None for runs/NAME-POLICY-TIME.
        resume: continue the run; other arguments that are not None change it.
        corners: a corner set of the PDK (nominal, signoff, signoff_rc) instead of the spec's.
        workers: number of simulator processes; None for one per core.
        cache: whether results of earlier simulations are used; None does.
        memory: start with the best designs of earlier runs on the same circuit.
        force: size even if a testbench does not test the circuit.
        guard: the share of itself by which every target is tightened, such as 0.05.
        parallel: number of proposals simulated at once; None for as many as keep the workers busy.
        post_layout: a netlist extracted from a layout, whose wire capacitances are simulated; the best sizes of a run
            as target are then the first proposal. `cell`: of that netlist, None for the circuit's.
        listen: called with every event, after the journal has stored it.
        options: of the policy, by the names of its command-line options, such as {"endpoint": URL, "model": NAME}.

    Returns:
        the run, or with `events` a `SizingStream`, whose `run` is the run at its end.

    Raises:
        InputError, MissingError: nothing was simulated.
        KeyboardInterrupt: after Ctrl-C; the run can be resumed.
    """
    where = target.folder if isinstance(target, Run) else target
    if resume and (isinstance(where, Circuit) or not is_run(arguments.place("target", where))):
        raise InputError("resume needs a run, or the folder of one\n    → ea.size(run, resume=True)")
    circuit = None if resume else as_circuit(target)
    spec = circuit.path if circuit is not None else Path(where)  # type: ignore[arg-type]  # a folder, as was just seen
    if post_layout is not None and circuit is not None and circuit.folder is not None:
        spec = circuit.folder  # its best sizes are those of the layout
    request = Request(
        spec=spec,
        policy=None if policy is None else arguments.text("policy", policy),
        options=policy_options(options),
        seed=arguments.seed(seed),
        simulations=arguments.whole("budget", budget, 1),
        out=arguments.place("out", out) if out is not None else spec if resume else None,
        resume=resume,
        workers=arguments.whole("workers", workers, 1),
        cache=cache,
        corners=arguments.corner_set(corners) or (circuit.corner_set if circuit is not None else None),
        guard=arguments.share("guard", guard),
        parallel=arguments.whole("parallel", parallel, 1),
        memory=memory or None,
        force=force or None,
        post_layout=arguments.place("post_layout", post_layout) if post_layout is not None else None,
        cell=cell,
    )
    problem = circuit.problem if circuit is not None and (corners is None or corners == circuit.corner_set) else None
    if events:
        return SizingStream(request, problem, listen)
    outcome: Outcome = play(request, listen or (lambda event: None), problem=problem)
    return Run(outcome.folder)
