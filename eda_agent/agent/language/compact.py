"""The compact language writes any problem and its turns as tokens that belong to no circuit.

    task · one token per parameter · one token per spec · for every turn: one token per parameter, one per spec, [one
    per bias point,] the score

The token of a parameter in a turn asks for its level and contains the level of the parameter before it. Sizes are thus
chosen one after the other, each conditioned on those before; the first result token contains the last level. Margins
come with their change against the previous and the best turn; levels come with those of the best and of the last turn.

A turn's tokens depend only on earlier turns: the tokens of a history are a prefix of those of any continuation, as long
as no turn is left out (`window`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.history import History
from eda_agent.agent.language import words
from eda_agent.agent.language.circuit import CircuitWords
from eda_agent.agent.language.expectation import margin_bin
from eda_agent.agent.language.intent import intended, sentence
from eda_agent.agent.language.prompt import COLUMN, INTENT, NAMES, Prompt, Tokens, given_words
from eda_agent.agent.language.rows import magnitude, row, tokens, turn_word
from eda_agent.agent.language.slots import Slots
from eda_agent.agent.score import Score
from eda_agent.agent.turn import Turn
from eda_agent.agent.turn_store import WORST
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.simulation.operating_point import OperatingPoint

BEST_COUNT, LAST_COUNT = 5, 3
"""Turns kept of a history that is longer than the window: the number of best ones, and of latest ones."""
REMEMBERED = 500
"""Number of encoded turns that are cached."""
FARTHEST = 1e6
"""Limit of a margin; far beyond the largest change that has a word of its own."""


class CompactLanguage:
    """The language for one problem.

    Args:
        circuit: the circuit part, if it was computed before.
        order, spec_order: permutations of parameters and specs (training shuffles them; None is the problem's own).
        points: whether operating points are encoded.
        window: number of turns up to which a history is encoded completely.

    Raises:
        InputError: the problem has more parameters or specs than there are slots.
    """

    def __init__(
        self,
        problem: Problem,
        circuit: CircuitWords | None = None,
        *,
        order: Sequence[int] | None = None,
        spec_order: Sequence[int] | None = None,
        points: bool = True,
        window: int = 10,
    ):
        if max(len(problem.space.parameters), len(problem.specs)) > words.SLOTS:
            raise InputError(
                f"the compact language supports {words.SLOTS} parameters and {words.SLOTS} specs; {problem.name} has"
                " more"
            )
        self.problem, self.points, self.window = problem, points, window
        self.circuit = circuit or CircuitWords(problem)
        self.slots = Slots(
            problem,
            self.circuit,
            order if order is not None else range(len(problem.space.parameters)),
            spec_order if spec_order is not None else range(len(problem.specs)),
        )
        self._turns: dict[tuple[int, int, int, int], tuple[Tokens, tuple[Turn | None, ...]]] = {}

    def prompt(self, history: History) -> Prompt:
        """A history as tokens, with the question for its next sizing."""
        parts = [self.slots.header]
        shown = self._shown(history)
        turns, rank_keys = history.turns, history.rank_keys
        first: int | None = None
        before: int | None = None
        place = 0
        for number, at in enumerate(history.measured):
            if number in shown:
                best, last = (None if one is None else turns[one] for one in (first, before))
                parts.append(self._told(turns[at], best, last, place))
                place += 1
            if first is None or (rank_keys[at] or WORST) > (rank_keys[first] or WORST):
                first = at
            before = at
        best, last = (None if one is None else turns[one] for one in (first, before))
        levels = self._levels(best)
        return Prompt(
            np.concatenate(parts),
            np.concatenate([self._intent(place), self._asks(levels, self._levels(last), place)]),
            self._expect(place, best),
            np.concatenate([self.slots.legal_intent, self.slots.legal]),
            np.concatenate([np.full(INTENT, -1), levels]),
            self.slots.metrics,
        )

    def _told(self, turn: Turn, best: Turn | None, last: Turn | None, place: int) -> Tokens:
        """A turn's tokens, cached because a history grows and the tokens of its turns stay the same."""
        key = (id(turn), id(best), id(last), place)
        known = self._turns.get(key)
        if known is None:
            if len(self._turns) >= REMEMBERED:
                self._turns.clear()
            # the turns are kept beside their tokens, so that no other object can get their ids
            known = self._turns[key] = (self.turn(turn, best, last, place), (turn, best, last))
        return known[0]

    def turn(self, turn: Turn, best: Turn | None, last: Turn | None, place: int) -> Tokens:
        """One simulated turn at its place among the shown turns: the chosen levels, given `best` and `last`, and the
        results.
        """
        assert turn.score is not None and turn.sizing is not None and turn.evaluation is not None
        chosen = self.slots.levels_of(turn.sizing)
        before = self._levels(best)
        asks = self._asks(before, self._levels(last), place)
        sizes = Prompt(asks, asks, asks[0], self.slots.legal, before, self.slots.metrics, 0).inputs(chosen)
        results = self._results(turn, best, last, place)
        results[0, COLUMN["given_slot"] : COLUMN["moved"] + 1] = given_words(
            asks[-1:, COLUMN["slot"]], chosen[-1:], before[-1:]
        )[0]
        better = best is None or best.score is None or turn.score.rank_key > best.score.rank_key
        level = len(words.SCORES) + 1 if turn.evaluation.failures else words.binned(turn.value, words.SCORES)
        score = row("score", how=words.SCORE + level, more=turn_word(place), type=words.FLAG + int(better)) | {
            "best": words.SINCE_BEST + words.binned(turn.value - (best.value if best else 0.0), words.CHANGES)
        }
        return np.concatenate([sizes, results, tokens([*self._points(turn.evaluation.operating_points, place), score])])

    def _levels(self, turn: Turn | None) -> NDArray[np.int64]:
        """The levels of a turn, or of the netlist's own sizes."""
        return self.slots.levels_of(turn.sizing if turn is not None and turn.sizing else self.problem.space.initial)

    def answer(self, history: History, chosen: NDArray[np.int64], after: Score | None) -> NDArray[np.int64]:
        """The answer (questions) that proposes these levels. `after`: its result, None if it meets every spec."""
        best = history.incumbent
        return np.concatenate(
            [intended(self.problem, self.slots.spec_order, chosen - self._levels(best), best, after), chosen]
        )

    def outcomes(self, turn: Turn) -> NDArray[np.int64]:
        """The correct answers to `expect` (specs) for a turn."""
        return np.array([margin_bin(turn, index) for index in self.slots.spec_order], dtype=np.int64)

    def sizing(self, answer: Sequence[int], history: History) -> dict[str, float]:
        """The sizing of an answer; a parameter at the best turn's level keeps its exact value."""
        before = self._before(history)
        values = {
            levels.parameter.name: levels.value(int(level), before[levels.parameter.name])
            for level, levels in zip(answer[INTENT:], self.slots.levels, strict=True)
        }
        return {name: values[name] for name in self.problem.space.names}

    def reasoning(
        self, answer: Sequence[int], history: History, sizing: Mapping[str, float]
    ) -> tuple[str, tuple[str, ...]]:
        """An answer's intent as a sentence, and the deviations from it."""
        spec = self.problem.specs[self.slots.spec_order[answer[0]]].name
        levels = self.slots.levels
        named = [levels[slot].parameter.name for slot in dict.fromkeys(answer[1:INTENT]) if slot < len(levels)]
        return sentence(self.problem, spec, named, self._before(history), sizing, self.circuit.effects)

    def _before(self, history: History) -> Mapping[str, float]:
        best = history.incumbent
        return best.sizing if best is not None and best.sizing else self.problem.space.initial

    def _intent(self, place: int) -> Tokens:
        return tokens([row(kind, more=turn_word(place)) for kind in ("aim", *["name"] * NAMES)])

    def _expect(self, place: int, best: Turn | None) -> Tokens:
        """One question per spec, with its result in the best turn."""
        rows = self.slots.results.copy()
        rows[:, COLUMN["kind"]] = words.KIND + words.KINDS.index("expect")
        rows[:, COLUMN["more"]] = turn_word(place)
        if best is not None and best.score is not None and best.evaluation is not None:
            rows[:, COLUMN["how"]] = words.MARGIN + self.outcomes(best)
        return rows

    def _asks(self, best: NDArray[np.int64], last: NDArray[np.int64], place: int) -> Tokens:
        asks = self.slots.questions.copy()
        asks[:, COLUMN["more"]] = turn_word(place)
        asks[:, COLUMN["best"]] = words.BEST + best
        asks[:, COLUMN["last"]] = words.LAST + last
        return asks

    def _results(self, turn: Turn, best: Turn | None, last: Turn | None, place: int) -> Tokens:
        assert turn.score is not None and turn.evaluation is not None
        rows = self.slots.results.copy()
        rows[:, COLUMN["more"]] = turn_word(place)
        margins = self._margins(turn)
        rows[:, COLUMN["how"]] = words.MARGIN + self.outcomes(turn)
        for name, other, first in (("last", last, words.SINCE_LAST), ("best", best, words.SINCE_BEST)):
            if other is not None:
                changes = np.subtract(margins, self._margins(other))
                rows[:, COLUMN[name]] = first + np.searchsorted(words.CHANGES, changes, side="right")
        return rows

    def _margins(self, turn: Turn) -> NDArray[np.float64]:
        """Finite: two infinite margins differ by 0."""
        assert turn.score is not None
        results = turn.score.results
        return np.clip([results[index].margin for index in self.slots.spec_order], -FARTHEST, FARTHEST)

    def _points(self, points: Mapping[str, OperatingPoint], place: int) -> list[dict[str, int]]:
        """One row per role with MOSFETs: mean gm/id and current, smallest saturation margin."""
        if not self.points:
            return []
        types, roles = self.circuit.types, self.circuit.roles
        groups: dict[tuple[str, str], list[OperatingPoint]] = {}
        for device, point in sorted(points.items()):
            groups.setdefault((roles.get(device, "device"), types.get(device, "")), []).append(point)
        rows = []
        for (role, kind), members in groups.items():
            gm_id = sum(point.gm_id for point in members) / len(members)
            rows.append(
                row(
                    "point",
                    what=words.role_id(role),
                    type=self.circuit.type(kind),
                    how=words.POINT_GM_ID + words.binned(gm_id, words.GM_ID),
                )
                | {"last": words.POINT_MARGIN + words.binned(min(point.margin for point in members), words.SATURATION)}
                | {"best": magnitude(sum(point.id for point in members) / len(members))}
            )
        return rows

    def _shown(self, history: History) -> set[int]:
        places = history.measured
        if len(places) <= self.window:
            return set(range(len(places)))
        ranked = sorted(
            range(len(places)),
            key=lambda number: ((history.rank_keys[places[number]] or WORST)[0], number),
            reverse=True,
        )
        return {*ranked[:BEST_COUNT], *range(len(places) - LAST_COUNT, len(places))}
