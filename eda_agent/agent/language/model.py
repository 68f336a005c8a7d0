"""The model of the compact language: a decoder-only transformer over tokens that are sums of words, with levels as
answers.

Pre-norm blocks with RMSNorm and SwiGLU (arXiv 2002.05202), without positions: the turn, parameter and spec of a token
are words, and the order within a turn has no meaning. The head adds two distributions over the levels of the requested
parameter: one of absolute levels, and one of steps from the best turn's level, so that "stay" and "a little more" mean
the same at every level of every parameter.

Importing this module needs torch and transformers and registers the type with `AutoModel`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

from eda_agent.agent.language import words

# the models load in milliseconds and need no progress bar
transformers.utils.logging.disable_progress_bar()

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""A function from queries, keys and values, each (batch, heads, length, head width), to the attended values."""

_BEST = words.COLUMNS.index("best")


class CompactConfig(PreTrainedConfig):
    """`points`, `window`: the form of the language (`CompactLanguage`). `outcomes`: the model predicts outcomes."""

    model_type = "eda-agent-compact"

    def __init__(
        self,
        vocabulary: int = words.VOCABULARY,
        columns: int = len(words.COLUMNS),
        levels: int = words.LEVELS,
        width: int = 128,
        layers: int = 5,
        heads: int = 4,
        hidden: int = 344,
        dropout: float = 0.0,
        points: bool = True,
        window: int = 10,
        outcomes: bool = False,
        language: int = words.VERSION,
        **kwargs: Any,
    ):
        self.vocabulary, self.columns, self.levels = vocabulary, columns, levels
        self.width, self.layers, self.heads, self.hidden, self.dropout = width, layers, heads, hidden, dropout
        self.points, self.window, self.outcomes, self.language = points, window, outcomes, language
        super().__init__(**kwargs)


@dataclass
class Cache:
    """Keys and values of a prefix: a tensor (batch, heads, length, head width) per layer. `lengths`: real tokens per
    row, int64.
    """

    keys: list[Tensor]
    values: list[Tensor]
    lengths: Tensor

    def mask(self) -> Tensor:
        """(batch, length) bool: False for padding."""
        return torch.arange(self.keys[0].shape[2])[None, :] < self.lengths[:, None]


class Block(nn.Module):
    """Attention and a gated layer, each after a norm and added to its input."""

    def __init__(self, config: CompactConfig):
        super().__init__()
        self.heads = config.heads
        self.before = nn.RMSNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)
        self.between = nn.RMSNorm(config.width)
        self.gate = nn.Linear(config.width, config.hidden, bias=False)
        self.up = nn.Linear(config.width, config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.width, bias=False)
        self.dropout = nn.Dropout(config.dropout)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, (batch, heads, length, head width)."""
        batch, length, width = x.shape
        q, k, v = (
            self.qkv(self.before(x))
            .view(batch, length, 3, self.heads, width // self.heads)
            .permute(2, 0, 3, 1, 4)
            .unbind(0)
        )
        return q, k, v

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """The block's output from the attended values of its heads."""
        x = x + self.dropout(self.out(attended.transpose(1, 2).reshape(x.shape)))
        between = self.between(x)
        return x + self.down(F.silu(self.gate(between)) * self.up(between))


class CompactModel(PreTrainedModel):
    """Token ids (batch, length, columns) → logits of the next answer, (…, levels)."""

    config_class = CompactConfig
    supports_gradient_checkpointing = True

    def __init__(self, config: CompactConfig):
        super().__init__(config)
        self.gradient_checkpointing = False
        self.embed = nn.EmbeddingBag(config.vocabulary, config.width, mode="sum", padding_idx=0)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width)
        self.absolute = nn.Linear(config.width, config.levels)
        self.relative = nn.Linear(config.width, 2 * config.levels - 1)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            scale = 0.02
            if any(module is block.out or module is block.down for block in self.blocks):
                scale /= (2 * self.config.layers) ** 0.5
            nn.init.normal_(module.weight, std=scale)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.EmbeddingBag):
            # a token adds about eight words
            nn.init.normal_(module.weight, std=0.35)
            with torch.no_grad():
                module.weight[0].zero_()
        elif isinstance(module, nn.RMSNorm):
            nn.init.ones_(module.weight)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        select: Tensor | None = None,
        attend: Attend | None = None,
    ) -> Tensor:
        """Logits of tokens.

        Args:
            attention_mask: (batch, length, length) bool, True where a token may attend; None for causal. `position_ids`
                are not used.
            select: flat indices of the tokens (batch · length) whose logits are needed, giving (n, levels); None gives
                (batch, length, levels).
            attend: replaces masked attention.
        """
        if attend is None:
            mask = attention_mask[:, None] if attention_mask is not None else None
            attend = partial(F.scaled_dot_product_attention, attn_mask=mask, is_causal=mask is None)
        x = self.dropout(self.words(input_ids))
        for block in self.blocks:
            if self.gradient_checkpointing and self.training:
                x = torch.utils.checkpoint.checkpoint(self._block, block, x, attend, use_reentrant=False)
            else:
                x = self._block(block, x, attend)
        ids = input_ids
        if select is not None:
            x, ids = x.flatten(0, 1)[select], input_ids.flatten(0, 1)[select]
        return self.logits(x, ids)

    def _block(self, block: Any, x: Tensor, attend: Attend) -> Tensor:
        return cast(Tensor, block.finish(x, attend(*block.project(x))))

    def logits(self, x: Tensor, ids: Tensor) -> Tensor:
        """Logits of hidden states (…, width) whose tokens are `ids` (…, columns)."""
        x = self.norm(x)
        levels = self.config.levels
        anchor = ids[..., _BEST].long() - words.BEST
        known = (anchor >= 0) & (anchor < levels)
        offsets = torch.arange(levels, device=x.device) - anchor.clamp(0, levels - 1)[..., None] + levels - 1
        steps = self.relative(x).gather(-1, offsets)
        result: Tensor = self.absolute(x) + steps * known[..., None]
        return result

    def words(self, ids: Tensor) -> Tensor:
        """Tokens (…, width) from their words (…, columns)."""
        return self.embed(ids.reshape(-1, ids.shape[-1])).view(*ids.shape[:-1], -1)

    def extend(self, ids: Tensor, lengths: Tensor, cache: Cache | None) -> Cache:
        """The cache with appended tokens (batch, n, columns), of which the first `lengths` of each row are real."""
        batch, count, _ = ids.shape
        old = cache.lengths if cache is not None else torch.zeros(batch, dtype=torch.long)
        grown = int((old + lengths).max())
        positions = old[:, None] + torch.arange(count)[None, :]
        real = torch.arange(count)[None, :] < lengths[:, None]
        rows, columns = real.nonzero(as_tuple=True)
        target = positions[rows, columns]
        # a token attends to its row up to itself
        mask = torch.arange(grown)[None, None, :] <= positions[:, :, None]
        x = self.words(ids)
        result = Cache([], [], old + lengths)
        for layer, block in enumerate(self.blocks):
            q, k, v = block.project(x)
            shape = (batch, self.config.heads, grown, k.shape[-1])
            keys, values = k.new_zeros(shape), v.new_zeros(shape)
            if cache is not None:
                # a longer row may have been left out; its padding is removed
                width = min(cache.keys[layer].shape[2], grown)
                keys[:, :, :width] = cache.keys[layer][:, :, :width]
                values[:, :, :width] = cache.values[layer][:, :, :width]
            keys[rows, :, target], values[rows, :, target] = k[rows, :, columns], v[rows, :, columns]
            x = block.finish(x, F.scaled_dot_product_attention(q, keys, values, attn_mask=mask[:, None]))
            result.keys.append(keys)
            result.values.append(values)
        return result

    def branch(self, ids: Tensor, cache: Cache, branches: list[tuple[Tensor, Tensor]]) -> Tensor:
        """Logits (batch, group, levels) of one more token (batch, group, columns) for each of a group of answers to the
        same prefix.

        `branches`: per layer the keys and values (batch, heads, group, steps, head width) of the answers so far; they
        grow in place. The prefix is not copied for the group.
        """
        hidden = ~cache.mask()[:, None, None, :]
        x = self.words(ids)
        for layer, block in enumerate(self.blocks):
            q, k, v = block.project(x)
            if len(branches) <= layer:
                branches.append((k[:, :, :, None], v[:, :, :, None]))
            else:
                branches[layer] = (
                    torch.cat([branches[layer][0], k[:, :, :, None]], 3),
                    torch.cat([branches[layer][1], v[:, :, :, None]], 3),
                )
            own_keys, own_values = branches[layer]
            scale = q.shape[-1] ** -0.5
            shared = (q @ cache.keys[layer].transpose(-1, -2) * scale).masked_fill(hidden, float("-inf"))
            own = (q[:, :, :, None] @ own_keys.transpose(-1, -2)).squeeze(3) * scale
            weights = torch.cat([shared, own], -1).softmax(-1)
            length = shared.shape[-1]
            attended = weights[..., :length] @ cache.values[layer] + (weights[..., None, length:] @ own_values).squeeze(
                3
            )
            x = block.finish(x, attended)
        return self.logits(x, ids)


AutoConfig.register(CompactConfig.model_type, CompactConfig)
AutoModel.register(CompactConfig, CompactModel)
