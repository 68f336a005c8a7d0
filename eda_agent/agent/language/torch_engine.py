"""The torch engine runs the compact model in torch, as in training."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError

from eda_agent.agent.language.engine import Logits
from eda_agent.agent.language.model import Cache, CompactModel
from eda_agent.errors import Finding, InputError


class TorchEngine:
    """See `Engine`."""

    def __init__(self, model: CompactModel):
        self.model = model.eval()

    @torch.no_grad()
    def extend(self, ids: NDArray[np.int64], lengths: NDArray[np.int64], cache: Cache | None) -> Cache:
        return self.model.extend(torch.from_numpy(ids), torch.from_numpy(lengths), cache)

    @torch.no_grad()
    def branch(self, ids: NDArray[np.int64], cache: Cache, branches: list[tuple[torch.Tensor, torch.Tensor]]) -> Logits:
        logits: Logits = self.model.branch(torch.from_numpy(ids), cache, branches).float().numpy()
        return logits

    def rows(self, cache: Cache, chosen: list[int]) -> Cache:
        index = torch.tensor(chosen)
        return Cache([key[index] for key in cache.keys], [value[index] for value in cache.values], cache.lengths[index])

    def spread(
        self, branches: list[tuple[torch.Tensor, torch.Tensor]], times: int
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return [(keys.repeat_interleave(times, 2), values.repeat_interleave(times, 2)) for keys, values in branches]


def whole(report: Mapping[str, Collection[str]]) -> None:
    """Raise `ValueError` for missing weights, which transformers would draw at random."""
    missing = sorted(str(name) for name in (*report["missing_keys"], *report["mismatched_keys"]))
    if missing:
        raise ValueError(f"its file lacks {missing[0]}" + (f" and {len(missing) - 1} more" if missing[1:] else ""))


def present(folder: str | Path) -> None:
    """Raise `OSError` if a folder has no model: transformers would search for its name elsewhere."""
    if not (Path(folder) / "config.json").is_file():
        raise OSError(f"{folder}/config.json is missing")


def load_compact(folder: Path) -> CompactModel:
    """A compact model. Raises `InputError` if there is none."""
    try:
        present(folder)
        # released weights have 16 bits and are computed in 32
        model, report = CompactModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
        whole(report)
        return model
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise InputError(
            Finding(
                f"this is not a model: {(str(error).strip() or type(error).__name__).splitlines()[0][:200]}",
                folder,
                fix="give the folder that `eda-agent train` wrote",
            )
        ) from None
