"""Attention under a tree mask computes for each block of queries only the keys that one of them attends to.

Most of a tree's mask is empty: a branch attends to its history and itself, not to other branches. Dense attention
computes all of it. Here queries are processed in blocks, and keys that no query of a block attends to are left out. The
result is the same.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

NAME = "eda_agent_tree"
BLOCK = 128
"""Queries in a block: smaller blocks leave out more, larger blocks have less overhead."""


class Laid:
    """The tokens of packed rows laid end to end without padding, and attention among them. `mask`: (rows, length,
    length) as of `Packed`.

    `places` (n): flat index (row · length + place) of each.
    """

    def __init__(self, mask: Tensor):
        real = mask.diagonal(dim1=1, dim2=2)
        self.places = real.flatten().nonzero().squeeze(-1)
        self.counts: list[int] = real.sum(1).tolist()
        self.rows: list[list[tuple[slice, Tensor, Tensor]]] = []
        for row, count in zip(mask, self.counts, strict=True):
            seen = blocks(row[:count, :count])
            queries = [slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
            self.rows.append([(own, keys, row[own][:, keys]) for own, keys in zip(queries, seen, strict=True)])

    def select(self, flat: Tensor) -> Tensor:
        """Flat indices among the packed rows → among the tokens laid out."""
        return torch.searchsorted(self.places, flat)

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(1, heads, n, head width) each, and so the result."""
        parts = []
        if query.device.type == "cpu":
            # bfloat16 makes matrix products twice as fast there and small attentions twice as slow
            query, key, value = query.float(), key.float(), value.float()
        # split by rows first: the gradient of a choice of keys is as long as what they are chosen from
        for row, q, k, v in zip(
            self.rows, query.split(self.counts, 2), key.split(self.counts, 2), value.split(self.counts, 2), strict=True
        ):
            for own, keys, seen in row:
                with torch.autocast(query.device.type, enabled=query.dtype != torch.float32):
                    parts.append(
                        F.scaled_dot_product_attention(
                            q[:, :, own], k.index_select(2, keys), v.index_select(2, keys), attn_mask=seen
                        )
                    )
        return torch.cat(parts, 2)


def tree_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """For models of transformers, as these ask it: (batch, heads, length, head width) in, (batch, length, heads, head
    width) out.

    `seen`: for each block of `BLOCK` queries the keys that it meets (`blocks`); without it every key is met.
    """
    seen = kwargs.get("seen")
    grouped = query.shape[1] != key.shape[1]
    if seen is None:
        output = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=attention_mask,
            dropout_p=dropout,
            scale=scaling,
            is_causal=attention_mask is None and query.shape[2] > 1,
            enable_gqa=grouped,
        )
        return output.transpose(1, 2).contiguous(), None
    assert attention_mask is not None
    parts = []
    for number, columns in enumerate(seen):
        rows = slice(number * BLOCK, (number + 1) * BLOCK)
        parts.append(
            F.scaled_dot_product_attention(
                query[:, :, rows],
                key[:, :, columns],
                value[:, :, columns],
                attn_mask=attention_mask[:, :, rows][..., columns],
                dropout_p=dropout,
                scale=scaling,
                enable_gqa=grouped,
            )
        )
    return torch.cat(parts, 2).transpose(1, 2).contiguous(), None


def blocks(mask: Tensor) -> list[Tensor]:
    """The keys to which each block of queries attends, from a mask (length, length) of booleans."""
    return [mask[start : start + BLOCK].any(0).nonzero().squeeze(-1) for start in range(0, len(mask), BLOCK)]


def use(model: Any) -> None:
    """Let a model of transformers use this attention."""
    AttentionInterface.register(NAME, tree_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
