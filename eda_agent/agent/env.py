"""An environment plays one run of one problem: history → proposal → sizing → simulation → score → turn. Use each object
once.

Training uses the same class as the product.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from eda_agent.agent.corner_order import in_order, steps
from eda_agent.agent.history import History, compact_turns
from eda_agent.agent.score import score
from eda_agent.agent.turn import Proposal, Turn, rescore
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluate import CornerView, evaluate_together
from eda_agent.simulation.evaluation import Evaluation, Simulator, joined


class Environment:
    """The environment of one run; `history` grows by one turn per step.

    Args:
        problem: what to size.
        simulator: evaluates sizings.
        turns: the turns of an earlier part of the same run, when it is resumed.
        skip: whether corners are skipped when they cannot matter (`corner_order`): a proposal whose score in some
            corners is below the incumbent's cannot become the incumbent.
    """

    def __init__(self, problem: Problem, simulator: Simulator, turns: Iterable[Turn] = (), *, skip: bool = False):
        self.problem, self.simulator, self.skip = problem, simulator, skip and len(problem.corners) > 1
        self.history = History(problem, compact_turns(turns))

    def start(self) -> Turn:
        """Simulate the baseline, unless the history already has it. Returns the baseline's turn."""
        if not self.history.turns:
            self._append(
                self.play(0, Proposal(self.problem.space.initial, "the sizes in the netlist", policy="baseline"))
            )
        return self.history.turns[0]

    def step(self, proposal: Proposal) -> Turn:
        """Play a proposal as the next turn and add the turn to the history.

        Args:
            proposal: a policy's proposal; its sizing is rounded to the nearest legal one. Without a sizing the turn
                scores 0 and costs no simulation.

        Returns:
            the new turn.
        """
        turn = self.play(len(self.history.turns), proposal)
        self._append(turn)
        return turn

    def play(self, index: int, proposal: Proposal) -> Turn:
        """The turn of a proposal, without adding it to the history."""
        return self.play_group(index, [proposal])[0]

    def play_group(self, index: int, proposals: Sequence[Proposal]) -> list[Turn]:
        """The turns of several proposals for the same index, simulated in parallel; none is added to the history."""
        sizings = legal_sizings(self.problem, proposals)
        return score_turns(
            self.problem,
            index,
            proposals,
            sizings,
            self._evaluate([sizing for sizing in sizings if sizing is not None]),
        )

    def play_ahead(self, proposals: Sequence[Proposal]) -> list[Turn]:
        """The turns of proposals that follow each other, simulated in parallel; none is added to the history."""
        first = len(self.history.turns)
        return [
            dataclasses.replace(turn, index=first + place)
            for place, turn in enumerate(self.play_group(first, proposals))
        ]

    def append(self, turn: Turn) -> None:
        """Add a turn from `play_group` or `play_together` to the history."""
        self._append(turn)

    def _evaluate(self, sizings: Sequence[Sizing]) -> list[Evaluation]:
        incumbent = self.history.incumbent
        if not self.skip or incumbent is None:
            return self.simulator.evaluate(sizings)
        first, *later = steps(self.history)
        result = self.simulator.evaluate(sizings, first)
        for names in later:
            open_ = [
                number
                for number, evaluation in enumerate(result)
                if score(self.problem.specs, evaluation).value >= incumbent.value
            ]
            rest = self.simulator.evaluate([sizings[number] for number in open_], names)
            for number, evaluation in zip(open_, rest, strict=True):
                result[number] = joined(result[number], evaluation)
        return [in_order(self.problem, evaluation) for evaluation in result]

    def ask(self, problem: Problem) -> None:
        """Change targets, ranges or locks; all earlier turns are scored again."""
        self.problem = problem
        turns = compact_turns(rescore(problem, turn) for turn in self.history.turns)
        self.history = dataclasses.replace(self.history, problem=problem, turns=turns)

    def rewind(self, turns: Iterable[Turn]) -> None:
        """Continue from these turns."""
        self.history = dataclasses.replace(self.history, turns=compact_turns(turns))

    def hint(self, text: str) -> None:
        """Pass a hint of the user to the policy."""
        self.history = dataclasses.replace(self.history, hints=(*self.history.hints, text))

    def _append(self, turn: Turn) -> None:
        self.history = self.history.with_turn(turn)


def legal_sizings(problem: Problem, proposals: Sequence[Proposal]) -> list[dict[str, float] | None]:
    """The legal sizing nearest to each proposal; None for a proposal without one."""
    return [problem.space.snap(proposal.sizing) if proposal.sizing is not None else None for proposal in proposals]


def score_turns(
    problem: Problem,
    index: int,
    proposals: Sequence[Proposal],
    sizings: Sequence[Sizing | None],
    evaluations: Sequence[Evaluation],
) -> list[Turn]:
    """Turns from proposals, their legal sizings, and the evaluations of the legal ones."""
    left = iter(evaluations)
    turns = []
    for proposal, sizing in zip(proposals, sizings, strict=True):
        evaluation = next(left) if sizing is not None else None
        turns.append(
            Turn(
                index,
                proposal,
                sizing,
                evaluation,
                score(problem.specs, evaluation, len(problem.corners)) if evaluation is not None else None,
            )
        )
    return turns


def play_together(asked: Sequence[tuple[Environment, Sequence[Proposal]]]) -> list[list[Turn]]:
    """For each environment, the turns of its proposals for the next index.

    All of them are simulated in parallel if the simulators are corners of evaluators that share an executor.
    """
    sizings = [legal_sizings(env.problem, proposals) for env, proposals in asked]
    views = [env.simulator for env, _ in asked]
    if not all(isinstance(view, CornerView) for view in views):
        return [env.play_group(len(env.history.turns), proposals) for env, proposals in asked]
    found = evaluate_together(
        [
            (view.evaluator, [sizing for sizing in row if sizing is not None], [view.corner])
            for view, row in zip(views, sizings, strict=True)
            if isinstance(view, CornerView)
        ]
    )
    return [
        score_turns(env.problem, len(env.history.turns), proposals, row, evaluations)
        for (env, proposals), row, evaluations in zip(asked, sizings, found, strict=True)
    ]
