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
from eda_agent.api.circuit import Circuit, Place, as_circuit
from eda_agent.api.runs import Run
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.record.event import Event
from eda_agent.run.chosen import is_run
from eda_agent.run.request import Outcome, Request
from eda_agent.run.size import size as play

_END = None


class SizingStream(Iterator[Event]):
    """The events of a run that goes on in a thread of its own.

    The run stops after its present turn if the stream is stopped, left (`with`) or dropped; its folder can be resumed.
    """

    def __init__(self, request: Request, problem: Problem | None):
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._control = Control()
        self._result: dict[str, Any] = {}
        arguments = (request, problem, self._events.put, self._control, self._result)
        self._thread = threading.Thread(target=_play, args=arguments, name="sizing", daemon=True)
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
    request: Request, problem: Problem | None, put: Callable[[Event | None], None], control: Control, result: Any
) -> None:
    try:
        result["outcome"] = play(request, put, control, problem=problem)
    except BaseException as error:  # noqa: BLE001  # it is raised again where the events are read
        result["error"] = error
    finally:
        put(_END)


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
        listen: called with every event, after the journal has stored it.
        options: of the policy, by the names of its command-line options, such as {"endpoint": URL, "model": NAME}.

    Returns:
        the run, or with `events` a `SizingStream`, whose `run` is the run at its end.

    Raises:
        InputError, MissingError: nothing was simulated.
        KeyboardInterrupt: after Ctrl-C; the run can be resumed.
    """
    where = target.folder if isinstance(target, Run) else target
    if resume and (isinstance(where, Circuit) or not is_run(Path(where))):
        raise InputError("resume needs a run, or the folder of one\n    → ea.size(run, resume=True)")
    circuit = None if resume else as_circuit(target)
    spec = circuit.path if circuit is not None else Path(where)  # type: ignore[arg-type]  # a folder, as was just seen
    request = Request(
        spec=spec,
        policy=policy,
        options={name.replace("-", "_"): value for name, value in (options or {}).items()},
        seed=seed,
        simulations=budget,
        out=Path(out) if out is not None else spec if resume else None,
        resume=resume,
        workers=workers,
        cache=cache,
        corners=corners or (circuit.corner_set if circuit is not None else None),
        memory=memory or None,
        force=force or None,
    )
    problem = circuit.problem if circuit is not None and (corners is None or corners == circuit.corner_set) else None
    if events:
        return SizingStream(request, problem)
    outcome: Outcome = play(request, listen or (lambda event: None), problem=problem)
    return Run(outcome.folder)
