"""A deck is the text that ngspice loads: models, the circuit at one sizing, and a testbench, in one corner.

The netlist keeps its hierarchy in the deck: ngspice reads the designer's text with other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from eda_agent.metrics.noisy_device import IN_TIME
from eda_agent.problem.loop_probe import Injection
from eda_agent.problem.pdk import CutLibrary

NOISE_TIME = 10
"""Times as long as another deck a deck with noise in time may take."""


@dataclass(frozen=True, eq=False)
class Deck:
    """A testbench in a corner.

    Its text is, in order: `title`, model cards, the foundry's subcircuits (those of `library`), the circuit, `call`
    (the instance under test), `tail` (the testbench); a flat circuit needs neither subcircuits nor call.

    Attributes:
        metrics: (metric, analysis kind) to measure.
        devices: (name in a flat deck, name under the hierarchy, label) of the MOSFETs.
        flat_heads: the beginning of each line of the flat circuit; `flat_cards`: its other lines. In a designer's own
            deck they are the lines of subcircuit `cell`, for samples of Monte Carlo.
        scale: metres per unit of W and L in the netlist.
        measures: metric of the user's own → method.
        injection: where the loop gain is measured, if it is.
        program: what a designer's deck does by itself; such a deck is loaded as it is, with its hierarchy.
        widths: relative widths of its windows, the first 1; this deck has number `level`. `widen(level)` is the same
            deck with another window,
            and only the analyses that change are run in it.
    """

    key: str
    testbench: str
    corner: str
    title: str
    call: str
    tail: str
    analyses: tuple[tuple[str, str], ...]
    probes: Mapping[str, str]
    settings: Mapping[str, float]
    metrics: tuple[tuple[str, str], ...]
    devices: tuple[tuple[str, str, str], ...]
    library: CutLibrary
    flat_heads: tuple[str, ...]
    flat_cards: str
    cell: str = ""
    scale: float = 1.0
    measures: Mapping[str, str] = field(default_factory=dict)
    injection: Injection | None = None
    level: int = 0
    widths: tuple[float, ...] = (1.0,)
    widen: Callable[[int], Deck] | None = None
    program: Mapping[str, Any] | None = None

    def wire(self) -> dict[str, Any]:
        """The deck's description for a worker."""
        return {
            "key": self.key,
            "models": self.models_name,
            "title": self.title,
            "blocks": self.library.devices,
            "call": self.call,
            "tail": self.tail,
            "analyses": self.analyses,
            "probes": dict(self.probes),
            "settings": dict(self.settings),
            "metrics": self.metrics,
            "devices": self.devices,
            "injection": asdict(self.injection) if self.injection else None,
            "measures": dict(self.measures),
            "program": self.program,
            "programs": {path: Path(path).read_text(encoding="utf-8") for path in self._programs},
        }

    @property
    def in_time(self) -> bool:
        """Whether a metric is its noise in time."""
        return bool(IN_TIME & {metric for metric, _ in self.metrics})

    def limit(self, timeout: float) -> float:
        """Seconds that the deck may take, from those of a deck that runs its own analyses alone."""
        return timeout * (NOISE_TIME if self.in_time else 1)

    @property
    def _programs(self) -> list[str]:
        return [how.partition(" ")[2] for how in self.measures.values() if how.startswith("python ")]

    @property
    def models_name(self) -> str:
        return str(self.library.models)

    @property
    def models(self) -> str:
        """Text of the model cards from which the deck takes its own: a worker receives it once, and reads no file."""
        return _read(self.library.models)


@lru_cache(maxsize=64)
def _read(models: Path) -> str:
    return models.read_text(encoding="utf-8")
