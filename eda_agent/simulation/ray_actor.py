"""An actor of a Ray pool is a local pool of one worker on a machine of the cluster. It receives each deck once, and
requests as messages.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from eda_agent import __version__
from eda_agent.simulation.executor import MOST_WAVES, Preparation, WorkerRequest, any_answer
from eda_agent.simulation.local_pool import LocalPool


@dataclass(frozen=True)
class SentDeck:
    """A deck received over the network (`executor.Definition`)."""

    key: str
    models_name: str
    models: str
    definition: Mapping[str, Any]

    def wire(self) -> dict[str, Any]:
        return dict(self.definition)


class RayActor:
    """Messages are JSON; model libraries come from the machine's object store, fetched once each."""

    def __init__(self, compiled: Sequence[str] = ()) -> None:
        self._pool = LocalPool(1)
        self._pool.require(tuple(map(Path, compiled)))
        self._decks: dict[str, SentDeck] = {}

    def ready(self) -> dict[str, Any]:
        """Returns once its worker has started, with the data that the caller compares with the others'. Raises
        `WorkerError`.
        """
        return {
            "ngspice": self._pool.version,
            "version": __version__,
            "sandbox": self._pool.sandbox,
            "host": os.uname().nodename,
        }

    def learn(
        self,
        key: str,
        name: str,
        models: bytes,
        definition: bytes,
        preparation: tuple[bool, dict[str, float], dict[str, float] | None] | None,
    ) -> None:
        """Receive a deck, or its properties found since."""
        self._decks[key] = SentDeck(key, name, models.decode(), orjson.loads(definition))
        if preparation is not None:
            self._pool.adopt(self._decks[key], Preparation(*preparation))

    def answer(self, batch: Sequence[tuple[str, bytes, float]]) -> list[bytes]:
        """(deck key, message, timeout in s) → reply, in order."""

        def request(index: int, key: str, message: bytes, timeout: float) -> WorkerRequest:
            return WorkerRequest(
                index, self._decks[key], lambda: orjson.loads(message), timeout, form=any_answer, most=MOST_WAVES
            )

        replies = self._pool.dispatch([request(index, *question) for index, question in enumerate(batch)])
        return [orjson.dumps(reply) for reply in replies]
