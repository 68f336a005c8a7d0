"""The embedded policy runs the compact model of this package, without torch, network or GPU."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from eda_agent.agent.language.numpy_engine import load_numpy
from eda_agent.agent.policies import surrogate_checkpoint
from eda_agent.agent.policies.compact import SURE, CompactPolicy
from eda_agent.errors import MissingError
from eda_agent.problem.spec import Problem


def shipped_model() -> Path:
    """The folder of the model in this package. Raises `MissingError` if the package was built without one."""
    folder = Path(str(resources.files("eda_agent.agent.language"))) / "weights"
    if not (folder / "model.safetensors").is_file():
        raise MissingError(
            "this installation has no embedded model\n    → --policy trust, or --policy embedded --model FOLDER with a"
            " folder that `eda-agent train` wrote"
        )
    return folder


class EmbeddedPolicy(CompactPolicy):
    """A compact policy with a lower temperature on circuits that have a surrogate beside its weights.

    Args:
        model: another folder than the packaged one.
        candidates: answers compared per turn.
        temperature: divides the logits.
    """

    def __init__(self, seed: int, model: str | None = None, *, candidates: int = 8, temperature: float | None = None):
        folder = Path(model) if model else shipped_model()
        self._surrogates = folder / surrogate_checkpoint.FILE
        self._taught: tuple[Problem, bool] | None = None
        engine = load_numpy(folder)
        shape = engine.shape
        super().__init__(
            "embedded",
            seed,
            engine,
            points=shape.points,
            window=shape.window,
            outcomes=shape.outcomes,
            candidates=candidates,
            temperature=temperature,
        )

    def temperature(self, problem: Problem) -> float:
        if self._taught is None or self._taught[0] is not problem:
            self._taught = problem, surrogate_checkpoint.read_checkpoint(self._surrogates, problem) is not None
        return SURE if self._taught[1] else 1.0
