"""The words of the compact language: one vocabulary of ids, from which every column of a token takes its own.

A token is a row of `COLUMNS` ids; the model adds their embeddings. Numbers are words too: levels on a parameter's own
grid, margins and changes in bins that are fine near zero. No word names a circuit, a parameter or a spec: parameters
are described by their function in the structure (`eda_agent.problem.structure`), specs by metric and sense.

Trained weights depend on every id. `tests/agent/language/vocabulary.json` pins them; a change of an id needs a new
`VERSION` and a new model.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from eda_agent.metrics import METRICS
from eda_agent.problem.structure.parameters import QUANTITIES

VERSION = 2
"""Raised when the meaning of an id changes; a model stores the version of its training."""

COLUMNS: tuple[str, ...] = (
    "kind",
    "slot",
    "what",
    "also",
    "how",
    "type",
    "best",
    "last",
    "given_slot",
    "given",
    "moved",
    "more",
    "aim",
    "named",
)
LEVELS = 96
"""Positions on a parameter's scale from minimum to maximum. A coarser grid uses one level per step."""
SLOTS = 40
"""Maximum number of parameters, and of specs, of a problem."""

KINDS = ("task", "parameter", "spec", "ask", "result", "score", "point", "aim", "name", "expect")
ROLES = (
    "device",
    "input pair",
    "inner pair",
    "tail source",
    "load mirror",
    "signal mirror",
    "cascode",
    "bias diode",
    "bias source",
    "current source",
    "output device",
    "gain device",
    "follower",
    "load diode",
    "class-AB mesh",
    "inverter",
    "starving",
    "latch",
    "switch",
    "clocked tail",
    "precharge switch",
    "compensation capacitor",
    "nulling resistor",
    "feedback resistor",
    "feedback capacitor",
    "load resistor",
    "load capacitor",
    "bypass resistor",
    "bypass capacitor",
    "series resistor",
    "series capacitor",
    "inductor",
)
SENSES = ("minimum", "maximum", "range")
TYPES = ("", "own", "opposite", "both")
MARGINS = (
    -0.99,
    -0.7,
    -0.5,
    -0.35,
    -0.25,
    -0.18,
    -0.13,
    -0.09,
    -0.06,
    -0.04,
    -0.025,
    -0.015,
    -0.008,
    -0.004,
    -0.002,
    0.0,
    0.002,
    0.005,
    0.01,
    0.02,
    0.04,
    0.08,
    0.15,
    0.3,
    0.6,
    1.2,
)
"""Edges of the bins of a signed margin; a value on an edge belongs to the upper bin, so that 0 is met."""
CHANGES = (
    -0.6,
    -0.3,
    -0.15,
    -0.08,
    -0.04,
    -0.02,
    -0.01,
    -0.005,
    -0.002,
    0.002,
    0.005,
    0.01,
    0.02,
    0.04,
    0.08,
    0.15,
    0.3,
    0.6,
)
STEPS = (-36, -20, -12, -7, -4, -2, -1, 0, 1, 2, 3, 5, 8, 13, 21, 36)
"""Edges for changes in levels."""
SCORES = tuple(index / 20 for index in range(1, 20)) + (0.96, 0.97, 0.98, 0.99, 0.995, 1.0)
GM_ID = (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 27.0)
SATURATION = (-0.2, -0.1, -0.05, 0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8)
DECADES = 96
"""Bins of a magnitude: three per decade from 1e-16 to 1e16."""
TURNS = 64
UNKNOWN = ("failed", "unmeasurable")


class _Vocabulary:
    """Assigns ids; 0 means nothing. `ranges` by name."""

    def __init__(self) -> None:
        self.size = 1
        self.ranges: dict[str, tuple[int, int]] = {}

    def add(self, name: str, count: int) -> int:
        first = self.size
        self.ranges[name] = (first, count)
        self.size += count
        return first


_words = _Vocabulary()
KIND = _words.add("kind", len(KINDS))
SLOT = _words.add("slot", SLOTS)
SPEC_SLOT = _words.add("spec slot", SLOTS)
ROLE = _words.add("role", len(ROLES))
METRIC = _words.add("metric", 64)
SENSE = _words.add("sense", len(SENSES))
QUANTITY = _words.add("quantity", len(QUANTITIES))
TYPE = _words.add("type", len(TYPES))
BEST = _words.add("best level", LEVELS)
LAST = _words.add("last level", LEVELS)
GIVEN_SLOT = _words.add("given slot", SLOTS)
GIVEN = _words.add("given level", LEVELS)
MOVED = _words.add("moved", len(STEPS) + 1)
MARGIN = _words.add("margin", len(MARGINS) + 1 + len(UNKNOWN))
SINCE_LAST = _words.add("since last", len(CHANGES) + 1)
SINCE_BEST = _words.add("since best", len(CHANGES) + 1)
SCORE = _words.add("score", len(SCORES) + 1 + len(UNKNOWN))
TURN = _words.add("turn", TURNS)
SIZE = _words.add("magnitude", DECADES)
SPAN = _words.add("span", 16)
COUNT = _words.add("count", SLOTS + 1)
POINT_GM_ID = _words.add("gm/id", len(GM_ID) + 1)
POINT_MARGIN = _words.add("saturation margin", len(SATURATION) + 1)
FLAG = _words.add("flag", 4)
AIM = _words.add("aim", SLOTS)
NAMED = _words.add("named", SLOTS + 1)
"""The parameter in a slot, or none."""
RANGES = dict(_words.ranges)
"""Name of a range → (first id, count)."""
VOCABULARY = 1 << (_words.size - 1).bit_length() if _words.size > 960 else 1024
"""Number of ids, with room for a few more words."""

METRIC_IDS = {metric.name: metric.id for metric in METRICS.values() if metric.id}
"""The ids of metrics, from their entries. 0 is a metric outside the vocabulary: the user's own, or not yet trained on.
"""
_ROLE_IDS = {name: index for index, name in enumerate(ROLES)}


def role_id(role: str) -> int:
    """The word for a structural role; NMOS and PMOS of a role share it, their type is a separate word."""
    plain = role.removesuffix(" nmos").removesuffix(" pmos")
    if plain not in _ROLE_IDS and plain.endswith(" resistor"):
        plain = "series resistor"
    return ROLE + _ROLE_IDS.get(plain, 0)


def binned(value: float, edges: Sequence[float]) -> int:
    """The number of edges that are not above `value`."""
    return bisect.bisect_right(edges, value)
