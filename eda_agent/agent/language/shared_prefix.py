"""A shared prefix is a prompt of several replies: its keys and values are stored once, and each reply stores only its
own.

Replies to several prompts are computed in one batch, so that weights are read once for all of them. Attention is exact:
the scores of the prefix and of the reply share one softmax. A cache repeated for each reply would be read, and copied
for every token, once per reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AttentionInterface, AttentionMaskInterface, Cache, DynamicCache
from transformers.cache_utils import DynamicLayer
from transformers.masking_utils import sdpa_mask

NAME = "eda_agent_shared_prefix"
KNOWN = frozenset({"llama", "qwen2", "qwen3", "qwen3_moe"})
"""Model types with plain attention, without windows, sinks or caps."""


def serves(model: Any) -> bool:
    """Whether replies of this model can share their prompt."""
    config = model.config
    windows = getattr(config, "use_sliding_window", None) or getattr(config, "layer_types", None) or ()
    plain = windows == () or (isinstance(windows, list) and set(windows) == {"full_attention"})
    return config.model_type in KNOWN and plain


class SharedLayer(DynamicLayer):
    """One layer's cache. `prefixes`: keys and values (heads, n, width) per prompt; `counts`: number of consecutive rows
    of each.
    """

    def __init__(self, prefixes: Sequence[tuple[Tensor, Tensor]], counts: Sequence[int], room: int):
        super().__init__()
        self.prefixes, self.counts, self.used = list(prefixes), list(counts), 0
        keys = prefixes[0][0]
        shape = (sum(counts), keys.shape[0], room, keys.shape[2])
        self.keys, self.values = keys.new_empty(shape), keys.new_empty(shape)
        self.device, self.dtype, self.is_initialized = keys.device, keys.dtype, True

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """The replies' keys and values with one more token."""
        assert self.keys is not None and self.values is not None
        self.keys[:, :, self.used] = key_states[:, :, 0]
        self.values[:, :, self.used] = value_states[:, :, 0]
        self.used += 1
        return self.keys[:, :, : self.used], self.values[:, :, : self.used]

    def get_seq_length(self) -> int:
        return self.used

    def keep(self, rows: Sequence[int]) -> None:
        """Keep only these rows, in this order."""
        assert self.keys is not None and self.values is not None
        self.keys, self.values = self.keys[list(rows)], self.values[list(rows)]
        ends = list(accumulate(self.counts))
        left = [sum(end - count <= row < end for row in rows) for end, count in zip(ends, self.counts, strict=True)]
        self.prefixes = [prefix for prefix, count in zip(self.prefixes, left, strict=True) if count]
        self.counts = [count for count in left if count]


class SharedCache(Cache):
    """The cache of prompts that were computed separately."""

    def __init__(self, prompts: Sequence[DynamicCache], counts: Sequence[int], room: int):
        layers = []
        for number in range(len(prompts[0].layers)):
            prefixes = [(cache.layers[number].keys[0], cache.layers[number].values[0]) for cache in prompts]
            layers.append(SharedLayer(prefixes, counts, room))
        super().__init__(layers=layers)

    def keep(self, rows: Sequence[int]) -> None:
        for layer in self.layers:
            layer.keep(rows)


def attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attention: (rows, heads, 1, width) and the replies' (rows, key heads, m, width) give (rows, 1, heads, width).
    Without a shared cache it is the standard one.
    """
    cache = kwargs.get("shared")
    if cache is None:
        grouped = query.shape[1] != key.shape[1]
        causal = attention_mask is None and query.shape[2] > 1
        found = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=attention_mask,
            dropout_p=dropout,
            scale=scaling,
            is_causal=causal,
            enable_gqa=grouped,
        )
        return found.transpose(1, 2).contiguous(), None
    layer: SharedLayer = cache.layers[module.layer_idx]
    rows, heads, _, width = query.shape
    groups = key.shape[1]
    scaled = query[:, :, 0].reshape(rows, groups, heads // groups, width) * (
        width**-0.5 if scaling is None else scaling
    )
    own = scaled @ key.transpose(-1, -2)
    parts, start = [], 0
    for (keys, values), count in zip(layer.prefixes, layer.counts, strict=True):
        here = slice(start, start + count)
        start += count
        # (key heads, rows · queries, width): all rows of a prompt at once
        asked = scaled[here].transpose(0, 1).reshape(groups, -1, width)
        before = (asked @ keys.transpose(-1, -2)).reshape(groups, count, heads // groups, -1).transpose(0, 1)
        weights = (
            torch.cat([before, own[here]], -1)
            .softmax(-1, torch.promote_types(query.dtype, torch.float32))
            .to(query.dtype)
        )
        length = keys.shape[1]
        found = weights[..., :length].transpose(0, 1).reshape(groups, -1, length) @ values
        parts.append(
            found.reshape(groups, count, heads // groups, width).transpose(0, 1) + weights[..., length:] @ value[here]
        )
    return torch.cat(parts).reshape(rows, 1, heads, width), None


def use(model: Any) -> None:
    """Let a model of transformers use this attention."""
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
