"""A trainable policy is a model with the log-probabilities of answers under it."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn

from eda_agent.agent.language.bits import unpacked
from eda_agent.train import tree_attention
from eda_agent.train.tree import Packed


class Trainable(Protocol):
    """`model` has the weights. `logits`: (n, vocabulary) of the answer tokens of a packed batch."""

    @property
    def model(self) -> nn.Module: ...
    def logits(self, packed: Packed) -> Tensor: ...


class CompactTrainable:
    """The compact model."""

    def __init__(self, model: nn.Module):
        self.model = model

    def logits(self, packed: Packed) -> Tensor:
        if packed.mask.is_cuda:
            return self.padded(packed)
        laid = tree_attention.Laid(packed.mask)
        tokens = packed.ids.flatten(0, 1)[laid.places][None]
        result: Tensor = self.model(tokens, select=laid.select(packed.select), attend=laid.attend)
        return result

    def padded(self, packed: Packed) -> Tensor:
        """The same with one attention per layer over all rows, which a GPU does in less time than it takes to start
        many small ones.

        Padding attends to itself: without any key its output and gradient would not be finite.
        """
        seen = packed.mask | torch.eye(packed.mask.shape[1], dtype=torch.bool, device=packed.mask.device)
        result: Tensor = self.model(packed.ids, attention_mask=seen, select=packed.select)
        return result


class TextTrainable:
    """A causal language model of transformers, adapters included. Rows are processed one by one, because their lengths
    differ.
    """

    def __init__(self, model: Any):
        self.model: nn.Module = model
        tree_attention.use(model)

    def logits(self, packed: Packed) -> Tensor:
        rows, length = packed.ids.shape
        parts = []
        for row in range(rows):
            own = packed.select[(packed.select >= row * length) & (packed.select < (row + 1) * length)] - row * length
            seen = packed.mask[row][None, None]
            mask = torch.zeros(seen.shape, dtype=torch.float32, device=seen.device).masked_fill(
                ~seen, torch.finfo(torch.float32).min
            )
            dtype = next(self.model.parameters()).dtype
            output = self.model(
                input_ids=packed.ids[row : row + 1],
                attention_mask=mask.to(dtype),
                position_ids=packed.positions[row : row + 1],
                use_cache=False,
                logits_to_keep=own,
                seen=tree_attention.blocks(packed.mask[row]),
            )
            parts.append(output.logits[0])
        return torch.cat(parts)


def log_probabilities(logits: Tensor, packed: Packed, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """(log-probability, entropy) of each answer token (n), in nats, under the sampler's distribution."""
    logits = logits.float() / temperature
    if packed.legal is not None:
        legal = packed.legal
        if legal.dtype == torch.int32:
            legal = torch.from_numpy(unpacked(legal.cpu().numpy(), logits.shape[-1])).to(logits.device)
        logits = logits.masked_fill(~legal, torch.finfo(logits.dtype).min)
    everything = logits.log_softmax(-1)
    entropy = -(everything.exp() * everything).sum(-1)
    return everything.gather(-1, packed.targets[:, None]).squeeze(-1), entropy


def parameters(model: nn.Module) -> list[tuple[str, Any]]:
    """The trained weights by name."""
    return [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
