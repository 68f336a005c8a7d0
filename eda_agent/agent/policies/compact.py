"""The compact policy samples answers of a compact model and proposes the one with the largest expected gain."""

from __future__ import annotations

from eda_agent.agent.history import History
from eda_agent.agent.language.answer import Answer
from eda_agent.agent.language.compact import CompactLanguage
from eda_agent.agent.language.engine import Engine
from eda_agent.agent.language.expectation import expected_gain
from eda_agent.agent.language.sampling import CompactSampler
from eda_agent.agent.policies.base import single_threaded, turn_seed
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem

SURE = 0.7
"""Temperature on circuits whose structure was in the training: a little below the training's. On 80 targets that appear
in no table the model alone solves 48, 59, 46 and 36 % within 10 simulations at 1, 0.7, 0.5 and 0.3. At 1 the best of
eight answers is no better; at 0.5 the answers are too similar.
"""
RETRIES = 6
"""Number of repeated draws, each at a higher temperature, if all answers were tried before."""


class CompactPolicy:
    """A policy on a compact model.

    Args:
        points, window, outcomes: form of the language, and whether the model predicts outcomes (from its config).
        candidates: answers drawn per turn. Without outcomes the first untried one is proposed.
    """

    def __init__(
        self,
        name: str,
        seed: int,
        engine: Engine,
        *,
        points: bool,
        window: int,
        outcomes: bool,
        candidates: int = 8,
        temperature: float | None = None,
    ):
        self.name, self.seed = name, seed
        self.given = temperature
        self.points, self.window, self.outcomes = points, window, outcomes
        self.candidates = candidates if outcomes else 1
        self.sampler = CompactSampler(engine, 1.0 if temperature is None else temperature)
        self._language: CompactLanguage | None = None

    def prepare(self, problem: Problem) -> None:
        if not self.unreadable(problem):
            self.temperature(problem)

    def unreadable(self, problem: Problem) -> str:
        """Why the language cannot express a problem, such as too many parameters; "" if it can."""
        try:
            self._speak(problem)
        except InputError as error:
            return str(error).splitlines()[0]
        return ""

    def _speak(self, problem: Problem) -> CompactLanguage:
        if self._language is None or self._language.problem is not problem:
            self._language = CompactLanguage(problem, points=self.points, window=self.window)
        return self._language

    def temperature(self, problem: Problem) -> float:
        """The divisor of the logits if none was given."""
        return 1.0

    def propose(self, history: History) -> Proposal:
        return self.proposals(history)[0]

    def proposals(self, history: History) -> list[Proposal]:
        """Different untried proposals, the most promising first; at least one, which may be a repetition."""
        with single_threaded():
            return self._proposals(history)

    def _proposals(self, history: History) -> list[Proposal]:
        language = self._speak(history.problem)
        temperature = self.temperature(history.problem) if self.given is None else self.given
        prompt = language.prompt(history)
        found: list[tuple[float, Answer, dict[str, float]]] = []
        for attempt in range(RETRIES):
            self.sampler.temperature = temperature * 1.15**attempt
            seed = turn_seed(self.seed, history, str(attempt))
            answers = self.sampler.sample([prompt], self.candidates, [seed], expect=self.outcomes)[0]
            for answer in answers:
                sizing = language.sizing(answer.tokens.tolist(), history)
                if all(sizing != other for _, _, other in found):
                    found.append((self._gain(answer, history), answer, sizing))
            if any(not history.tried(sizing) for _, _, sizing in found):
                break
        fresh = [entry for entry in found if not history.tried(entry[2])] or found[:1]
        fresh.sort(key=lambda entry: -entry[0])
        return [self._proposal(language, answer, history, sizing) for _, answer, sizing in fresh]

    def _gain(self, answer: Answer, history: History) -> float:
        best = history.incumbent
        if answer.outcomes is None:
            return 0.0
        value, merit = (best.value, best.score.merit) if best is not None and best.score is not None else (0.0, 0.0)
        return expected_gain(answer.outcomes, history.problem.specs, value, merit)

    def _proposal(
        self, language: CompactLanguage, answer: Answer, history: History, sizing: dict[str, float]
    ) -> Proposal:
        reasoning, notes = language.reasoning(answer.tokens.tolist(), history, sizing)
        return Proposal(sizing, reasoning, notes=notes, policy=self.name)
