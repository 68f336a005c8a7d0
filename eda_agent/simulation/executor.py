"""An executor runs simulation tasks and returns their replies in order.

`LocalPool` uses worker processes on this machine, `RayPool` those of a cluster. Both are a `Dispatcher` and send the
same requests to workers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from eda_agent.errors import InputError
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.instance import Instance
from eda_agent.simulation.reply import sound, sound_preparation

MAX_ANSWER_BYTES = 32_000_000
"""Maximum size of a reply in bytes: the operating points of fifty thousand devices need less."""
MOST_WAVES = 256 * 1024 * 1024
"""The same with waveforms."""


@dataclass(frozen=True)
class Task:
    """One deck at one sizing. `timeout` in s. `sample`: (seed, number) of a Monte Carlo sample, None for the nominal
    devices. `closer`: also read node voltages, capacitances and the noise of each device (`simulation.closer`).
    `wanted_only`: of a designer's deck the results that specs name, if they need less of its dc sweeps.
    """

    deck: Deck
    instance: Instance
    operating_point: bool = False
    waveforms: bool = False
    timeout: float = 30.0
    sample: tuple[int, int] | None = None
    closer: bool = False
    wanted_only: bool = False


@dataclass(frozen=True)
class Preparation:
    """The known properties of a deck before its first use.

    `flat`: whether the circuit without hierarchy, loaded and altered, gave the same results as the netlist, with
    the `deviation` by analysis. `nodeset`: node voltages at the starting sizes.
    """

    flat: bool
    nodeset: dict[str, float]
    deviation: dict[str, float] | None


Done = Callable[[int, dict[str, Any]], None]


class Executor(Protocol):
    """Runs tasks. Call `prepare` or `adopt` for a deck before its first task.

    Attributes:
        version: the simulator's version.
        size: number of parallel simulations.
        sandbox: the active layers of its simulators (`sandbox.confine`), known with the version.
        preparations: deck key → its known properties.

    `run` returns one reply per task, in order (see `Session.run`).
    """

    size: int
    sandbox: list[str]

    @property
    def version(self) -> str: ...
    @property
    def preparations(self) -> Mapping[str, Preparation]: ...
    def prepare(self, decks: Sequence[Deck], first: Instance, second: Instance, timeout: float) -> list[Preparation]:
        """Determine how decks are loaded and altered, by comparison at two sizings; `timeout` in s per deck."""

    def adopt(self, deck: Deck, preparation: Preparation) -> None:
        """Use the known properties of a deck instead of `prepare`."""

    def run(self, tasks: Sequence[Task], done: Done | None = None) -> list[dict[str, Any]]:
        """Simulate.

        Args:
            tasks: decks at sizings.
            done: called with (index, reply) as each reply arrives, in any order.

        Returns:
            one reply per task, in order (`reply.sound` describes its form); a failed simulation is a reply too.

        Raises:
            WorkerError: simulators cannot be kept alive.
        """

    def require(self, compiled: tuple[Path, ...]) -> None:
        """Have these compiled Verilog-A models in every simulator."""

    def close(self) -> None:
        """End all simulators."""


class Definition(Protocol):
    """What a worker must know of a deck before it can simulate it (see `Deck`)."""

    @property
    def key(self) -> str: ...
    @property
    def models_name(self) -> str: ...
    @property
    def models(self) -> str: ...
    def wire(self) -> dict[str, Any]: ...


@dataclass
class WorkerRequest:
    """A request to a worker. `message` is built when it is sent: the next one is built while a simulation runs. `form`:
    validates a reply. `most`: maximum size of the reply in bytes.
    """

    index: int
    deck: Definition
    message: Callable[[], dict[str, Any]]
    timeout: float
    attempts: int = 0
    form: Callable[[object], bool] = sound
    most: int = MAX_ANSWER_BYTES


def _prepared(answer: object) -> bool:
    """Whether a reply is the result of a preparation, or its failure."""
    return sound_preparation(answer) or (isinstance(answer, dict) and "failure" in answer and sound(answer))


def any_answer(answer: object) -> bool:
    """Accept any reply: for code that only forwards requests."""
    return sound(answer) or sound_preparation(answer)


class Dispatcher(ABC):
    """An executor without its workers: `dispatch` sends requests to them."""

    def __init__(self) -> None:
        self._preparations: dict[str, Preparation] = {}

    @abstractmethod
    def dispatch(self, requests: Sequence[WorkerRequest], done: Done | None = None) -> list[dict[str, Any]]:
        """One reply per request, in order; `done(index, reply)` is called for each as it arrives."""

    @property
    def preparations(self) -> Mapping[str, Preparation]:
        return self._preparations

    def require(self, compiled: tuple[Path, ...]) -> None:
        """Have these compiled models in every simulator. Raises `InputError` where an executor cannot."""
        if compiled:
            raise InputError("this executor cannot load compiled Verilog-A models")

    def prepare(self, decks: Sequence[Deck], first: Instance, second: Instance, timeout: float) -> list[Preparation]:
        """Compare altering with loading at two sizings (see `Session.prepare`), all decks in parallel, and store the
        result for all workers.
        """

        def message(deck: Deck) -> dict[str, Any]:
            return {
                "do": "prepare",
                "key": deck.key,
                "first": first.wire(deck, flat=True),
                "second": second.wire(deck, flat=True),
                "reference": second.wire(deck, flat=False),
                "start": first.wire(deck, flat=False),
            }

        replies = self.dispatch(
            [
                WorkerRequest(index, deck, partial(message, deck), timeout, form=_prepared)
                for index, deck in enumerate(decks)
            ]
        )
        result = []
        for deck, reply in zip(decks, replies, strict=True):
            result.append(Preparation(bool(reply.get("flat")), dict(reply.get("nodeset", {})), reply.get("deviation")))
            self.adopt(deck, result[-1])
        return result

    def adopt(self, deck: Definition, preparation: Preparation) -> None:
        """Use the known properties of a deck."""
        self._preparations[deck.key] = preparation

    def run(self, tasks: Sequence[Task], done: Done | None = None) -> list[dict[str, Any]]:
        """Simulate; `done(index, reply)` is called for each reply as it arrives."""
        return self.dispatch(
            [
                WorkerRequest(
                    index,
                    task.deck,
                    partial(self._message, task),
                    task.timeout,
                    most=MOST_WAVES if task.waveforms else MAX_ANSWER_BYTES,
                )
                for index, task in enumerate(tasks)
            ],
            done,
        )

    def _message(self, task: Task) -> dict[str, Any]:
        preparation = self.preparations.get(task.deck.key)
        if task.sample is not None:
            wire = task.instance.varied(task.deck, *task.sample)
        else:
            wire = task.instance.wire(task.deck, flat=preparation is not None and preparation.flat)
            if task.deck.in_time and not wire["flat"]:
                wire["separate"] = task.instance.wire(task.deck, flat=True)
        return {
            "do": "run",
            "key": task.deck.key,
            **wire,
            "operating_point": task.operating_point,
            "waveforms": task.waveforms,
            **({"closer": True} if task.closer else {}),
            **({"wanted_only": True} if task.wanted_only else {}),
        }
