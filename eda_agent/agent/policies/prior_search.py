"""A prior search is `trust`'s search around the best sizing with a prior, as long as the turns do not contradict it.

The policies `auto` and `universal` use it. Of several priors the first one that the first turns do not contradict is
used. State between calls is only a cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eda_agent.agent.history import History
from eda_agent.agent.policies.trust_region import Known, TrustRegion
from eda_agent.agent.turn import Proposal
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem

PRIOR_TURNS = 60
"""Number of turns in which a prior is used: later the run's own turns are better."""
STUCK = 8
"""Number of turns without a better score after which every second turn ignores the prior."""
SIDE = 0.3
"""Initial side of the search's box, in units of the ranges."""
DISPROVED = "the first turns measured other values than the surrogate predicted"


class Prior(Known, Protocol):
    """A prior that the turns can contradict. `weighs_model`: whether a model's proposals compete with the search's own
    candidates. `judged_after`: number of turns from which it may be contradicted.
    """

    @property
    def weighs_model(self) -> bool: ...
    @property
    def judged_after(self) -> int: ...
    def disproved(self, history: History) -> bool:
        """Whether the first turns contradict it; false with fewer than `judged_after` of them."""


Load = Callable[[Problem], Prior | str | None]
"""Makes the prior of a problem; a text says why the problem has none, None that there is nothing to say."""


@dataclass(frozen=True)
class Loaded:
    """The priors of a problem, and why others are missing."""

    problem: Problem
    priors: tuple[Prior, ...]
    missing: str


class PriorSearch:
    """`loaders`: of the priors, the most specific one first."""

    def __init__(self, seed: int, loaders: Sequence[Load]):
        self.search = TrustRegion(seed)
        self._loaders = loaders
        self._loaded: Loaded | None = None
        self._judged: dict[int, tuple[Problem, Sizing | None, bool]] = {}

    def loaded(self, problem: Problem) -> Loaded:
        if self._loaded is None or self._loaded.problem is not problem:
            found = [load(problem) for load in self._loaders]
            missing = next((one for one in found if isinstance(one, str)), "")
            priors = tuple(one for one in found if one is not None and not isinstance(one, str))
            self._loaded = Loaded(problem, priors, missing)
        return self._loaded

    def believed(self, history: History) -> Prior | None:
        """The first prior that the first turns do not contradict."""
        priors = self.loaded(history.problem).priors
        return next((one for place, one in enumerate(priors) if not self._dropped(place, one, history)), None)

    def _dropped(self, place: int, prior: Prior, history: History) -> bool:
        if len(history.measured) < prior.judged_after:
            return False
        last = history.turns[history.measured[prior.judged_after - 1]].sizing
        held = self._judged.get(place)
        if held is None or held[0] is not history.problem or held[1] != last:
            held = self._judged[place] = history.problem, last, prior.disproved(history)
        return held[2]

    def handed_over(self, history: History) -> tuple[int, str]:
        """The turn from which no prior is used, and why; (0, "") while there is one, and without any reason."""
        known = self.loaded(history.problem)
        if self.believed(history) is not None:
            return 0, ""
        if not known.priors:
            return bool(known.missing), known.missing
        latest = max(prior.judged_after for prior in known.priors)
        return history.measured[latest - 1] + 1, DISPROVED

    def propose(self, history: History, since: int, others: Sequence[Mapping[str, float]] = ()) -> Proposal:
        """The most promising design around the best one. Turns before number `since` were proposed by others; `others`
        compete with its candidates.
        """
        known = self.believed(history)
        late = len(history.turns) > PRIOR_TURNS
        stuck = idle_turns(history) >= STUCK and len(history.turns) % 2 == 1
        if known is None or history.incumbent is None or late or stuck:
            return self.search.search(history, since, SIDE, others)
        return self.search.informed(history, since, SIDE, known, others)


def idle_turns(history: History) -> int:
    """Number of turns since the best one."""
    ranks = [rank for rank in history.rank_keys if rank is not None]
    return len(ranks) - 1 - max(range(len(ranks)), key=ranks.__getitem__, default=0)
