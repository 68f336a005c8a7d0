"""A slot is the place of a parameter or a spec in the compact language; its tokens do not depend on turns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language import words
from eda_agent.agent.language.circuit import CircuitWords
from eda_agent.agent.language.levels import Levels
from eda_agent.agent.language.prompt import INTENT, NOBODY, Tokens
from eda_agent.agent.language.rows import magnitude, row, tokens
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import QUANTITIES


class Slots:
    """The slots of a problem.

    Args:
        problem: whose parameters and specs they are.
        circuit: its circuit part.
        order, spec_order: slot → index of the parameter, and of the spec.
    """

    def __init__(self, problem: Problem, circuit: CircuitWords, order: Sequence[int], spec_order: Sequence[int]):
        self.problem, self.circuit = problem, circuit
        self.order, self.spec_order = tuple(order), tuple(spec_order)

    @cached_property
    def levels(self) -> tuple[Levels, ...]:
        """The levels in the order of the parameters."""
        return tuple(self.circuit.levels[index] for index in self.order)

    @cached_property
    def legal(self) -> NDArray[np.bool_]:
        """(parameters × LEVELS) the legal levels."""
        return np.stack([levels.legal for levels in self.levels])

    @cached_property
    def header(self) -> Tokens:
        """Task, parameters and specs."""
        found = [row("task", more=words.COUNT + len(self.order), how=words.COUNT + len(self.spec_order))]
        for slot, levels in enumerate(self.levels):
            entry = levels.parameter
            ratio = entry.maximum / entry.minimum if entry.scale == "log" and entry.minimum > 0 else 1.0
            found.append(
                self.about(slot)
                | {
                    "kind": words.KIND + words.KINDS.index("parameter"),
                    "last": words.SPAN + min(int(2 * math.log2(max(ratio, 1.0))), 15),
                }
                | {"best": magnitude(entry.minimum), "more": words.COUNT + min(int(levels.legal.sum()), words.SLOTS)}
            )
        for slot, index in enumerate(self.spec_order):
            spec = self.problem.specs[index]
            found.append(
                self.spec(slot) | {"kind": words.KIND + words.KINDS.index("spec"), "best": magnitude(spec.target)}
            )
        return tokens(found)

    def about(self, slot: int) -> dict[str, int]:
        """The words that describe a parameter."""
        effect = self.circuit.effects[self.levels[slot].parameter.name]
        roles = [words.role_id(role) for role in effect.roles[:2]] or [words.ROLE]
        return {
            "slot": words.SLOT + slot, "what": roles[0], "also": roles[1] if len(roles) > 1 else 0,
            "how": words.QUANTITY + QUANTITIES.index(effect.quantity), "type": self.circuit.type(effect.type),
        }  # fmt: skip

    def spec(self, slot: int) -> dict[str, int]:
        """The words that describe a spec."""
        spec = self.problem.specs[self.spec_order[slot]]
        sense = (
            "range"
            if spec.minimum is not None and spec.maximum is not None
            else "minimum"
            if spec.maximum is None
            else "maximum"
        )
        return {
            "slot": words.SPEC_SLOT + slot,
            "what": words.METRIC + words.METRIC_IDS.get(spec.metric.name, 0),
            "also": words.SENSE + words.SENSES.index(sense),
        }

    @cached_property
    def metrics(self) -> NDArray[np.int16]:
        """The word of each spec's metric."""
        return np.array([self.spec(slot)["what"] for slot in range(len(self.spec_order))], dtype=np.int16)

    @cached_property
    def legal_intent(self) -> NDArray[np.bool_]:
        """The allowed answers to the questions before the sizes: a spec, then parameters that can change."""
        rows = np.zeros((INTENT, words.LEVELS), dtype=np.bool_)
        rows[0, : len(self.spec_order)] = True
        rows[1:, : len(self.levels)] = self.legal.sum(1) > 1
        rows[1:, NOBODY] = True
        return rows

    @cached_property
    def questions(self) -> Tokens:
        """The question for the level of each parameter, without turns."""
        kind = {"kind": words.KIND + words.KINDS.index("ask")}
        return tokens([self.about(slot) | kind for slot in range(len(self.order))])

    @cached_property
    def results(self) -> Tokens:
        """The result of each spec, without turns."""
        kind = {"kind": words.KIND + words.KINDS.index("result")}
        return tokens([self.spec(slot) | kind for slot in range(len(self.spec_order))])

    def levels_of(self, sizing: Mapping[str, float]) -> NDArray[np.int64]:
        """The nearest level of every parameter, in the order of the parameters."""
        return np.array([levels.of(sizing[levels.parameter.name]) for levels in self.levels], dtype=np.int64)
