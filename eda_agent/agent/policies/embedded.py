"""The embedded policy: a compact model of our own that comes with the package, without torch, network or GPU."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from eda_agent.agent.language.numpy_engine import load_numpy
from eda_agent.agent.policies.compact import CompactPolicy
from eda_agent.errors import MissingError

TEMPERATURE = 0.7
"""A little surer than it was taught: of eight answers at 1 the best are no better, at 0.5 they are too alike (solved within 10 simulations by the model alone, on
80 targets that no table uses: 48, 59, 46 and 36 % at 1, 0.7, 0.5 and 0.3)."""


def shipped_model() -> Path:
    """The folder of the model in this package. Raises `MissingError` where it was built without one."""
    folder = Path(str(resources.files("eda_agent.agent.language"))) / "weights"
    if not (folder / "model.safetensors").is_file():
        raise MissingError(
            "this installation has no embedded model\n    → --policy trust, or --policy embedded --model FOLDER with one that `eda-agent train` wrote"
        )
    return folder


class EmbeddedPolicy(CompactPolicy):
    """`model`: another folder than the shipped one. `candidates`: answers compared a turn. `temperature` divides the logits."""

    def __init__(self, seed: int, model: str | None = None, *, candidates: int = 8, temperature: float = TEMPERATURE):
        folder = Path(model) if model else shipped_model()
        engine = load_numpy(folder)
        shape = engine.shape
        super().__init__(
            "embedded", seed, engine, points=shape.points, window=shape.window, outcomes=shape.outcomes, candidates=candidates, temperature=temperature
        )  # fmt: skip
