"""A tree packs samples that share beginnings into one sequence: each token once, seen by what comes after it on its own
branch.

A trajectory with all its branches shares its task, its history and its prompts; as one row under a tree mask each of
those tokens is computed once instead of once a sample. What may share is found by comparing tokens, so any samples may
be packed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eda_agent.train.samples import Sample


@dataclass(frozen=True)
class Packed:
    """Rows of tokens, padded to the longest: `ids` (rows, length[, columns]), `positions` (rows, length), `mask` (rows,
    length, length), True where a token (second axis) sees another (third).

    For the answered tokens of all samples, flat (n): `select` is the flat index (row · length + place) whose logits
    predict one, `targets` what was answered, `answers` the sample's index, `sampled` the sampler's log-probabilities,
    `legal` (n, vocabulary) or None. `tokens`: computed ones, without padding.
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    select: Tensor
    targets: Tensor
    answers: Tensor
    sampled: Tensor
    legal: Tensor | None
    tokens: int

    def to(self, device: torch.device) -> Packed:
        """The same on a device."""
        if device.type == "cpu":
            return self
        return replace(
            self, **{name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)}
        )


def pack(rows: Sequence[Sequence[Sample]]) -> Packed:
    """Each entry of `rows` (such as a trajectory's samples) becomes one row. Row order and sample order are kept in
    `answers`.
    """
    built = [_row(samples) for samples in rows]
    length = max(len(row.tokens) for row in built)
    first = built[0].tokens
    ids = np.zeros((len(built), length, *first.shape[1:]), dtype=np.int64)
    positions = np.zeros((len(built), length), dtype=np.int64)
    mask = np.zeros((len(built), length, length), dtype=np.bool_)
    select, targets, answers, sampled, legal = [], [], [], [], []
    number = 0
    for index, (row, samples) in enumerate(zip(built, rows, strict=True)):
        count = len(row.tokens)
        ids[index, :count], positions[index, :count], mask[index, :count, :count] = row.tokens, row.depth, row.mask
        for sample, places in zip(samples, row.places, strict=True):
            select.append(index * length + places)
            targets.append(sample.targets)
            sampled.append(sample.logprobs)
            answers.append(np.full(len(places), number))
            if sample.legal is not None:
                legal.append(sample.legal)
            number += 1
    # an empty softmax row would be NaN: padding attends to the first token, and its outputs are not read
    mask[:, :, 0] |= ~mask.any(-1)
    return Packed(
        torch.from_numpy(ids),
        torch.from_numpy(positions),
        torch.from_numpy(mask),
        torch.from_numpy(np.concatenate(select).astype(np.int64)),
        torch.from_numpy(np.concatenate(targets).astype(np.int64)),
        torch.from_numpy(np.concatenate(answers).astype(np.int64)),
        torch.from_numpy(np.concatenate(sampled).astype(np.float32)),
        torch.from_numpy(np.concatenate(legal)) if legal else None,
        sum(len(row.tokens) for row in built),
    )


def packs(rows: Sequence[Sequence[Sample]], row_tokens: int) -> Iterator[tuple[Packed, Sequence[Sequence[Sample]]]]:
    """(packed, rows in it), in order: short rows share a line, so that little is padding; as many lines as have
    `row_tokens` tokens.
    """
    if not rows:
        return
    # a row has at most as many tokens as its longest sample and the answers of the others
    sizes = [max(len(sample.inputs) for sample in row) + sum(len(sample.targets) for sample in row) for row in rows]
    longest = max(sizes)
    lines: list[list[int]] = []
    filled = longest + 1
    for index, size in enumerate(sizes):
        if filled + size > longest:
            lines.append([])
            filled = 0
        lines[-1].append(index)
        filled += size
    count = max(1, row_tokens // longest)
    for start in range(0, len(lines), count):
        chunk = lines[start : start + count]
        yield (
            pack([[sample for index in line for sample in rows[index]] for line in chunk]),
            [rows[index] for line in chunk for index in line],
        )


@dataclass(frozen=True)
class _Row:
    tokens: NDArray[np.integer[Any]]
    depth: NDArray[np.int64]
    mask: NDArray[np.bool_]
    places: list[NDArray[np.int64]]


def _row(samples: Sequence[Sample]) -> _Row:
    children: dict[tuple[int, bytes], int] = {}
    tokens: list[NDArray[np.integer[Any]]] = []
    parents: list[int] = []
    places = []
    # most neighbours share their history: its nodes are walked once
    known: NDArray[np.integer[Any]] | None = None
    path: list[int] = []
    for sample in samples:
        inputs = sample.inputs
        shared = 0
        if known is not None:
            reach = min(len(known), len(inputs))
            same = (known[:reach] == inputs[:reach]).reshape(reach, -1).all(1)
            shared = reach if same.all() else int(same.argmin())
        path = path[:shared]
        node = path[-1] if path else -1
        for token in inputs[shared:]:
            key = (node, token.tobytes())
            found = children.get(key)
            if found is None:
                found = children[key] = len(tokens)
                tokens.append(token)
                parents.append(node)
            path.append(found)
            node = found
        known = inputs
        places.append(np.array(path[len(inputs) - len(sample.targets) :], dtype=np.int64))
    count = len(tokens)
    depth = np.zeros(count, dtype=np.int64)
    mask = np.zeros((count, count), dtype=np.bool_)
    for node, parent in enumerate(parents):
        if parent >= 0:
            depth[node] = depth[parent] + 1
            mask[node, : parent + 1] = mask[parent, : parent + 1]
        mask[node, node] = True
    return _Row(np.stack(tokens), depth, mask, places)


def padded(samples: Sequence[Sample]) -> Packed:
    """One row a sample, nothing shared: the plain batch, which is what a tree is compared with."""
    return pack([[sample] for sample in samples])
