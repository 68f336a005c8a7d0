"""The numpy engine runs the compact model without torch, from the same weights.

A model of a million weights needs a few megaflops per token, so numpy's calls and memory traffic dominate the time. The
weights of a block are therefore stored in the order of their products, and a token of all answers of a group is
computed in one product.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from eda_agent.agent.language import words
from eda_agent.agent.language.engine import Logits
from eda_agent.errors import Finding, InputError

Real = NDArray[np.float32]
_BEST = words.COLUMNS.index("best")


@dataclass(frozen=True)
class Shape:
    """The dimensions in a model's config.json."""

    width: int
    layers: int
    heads: int
    hidden: int
    levels: int
    points: bool
    window: int
    outcomes: bool

    def __post_init__(self) -> None:
        counts = (self.width, self.layers, self.heads, self.hidden, self.levels, self.window)
        if not all(type(count) is int and 0 < count <= 1 << 16 for count in counts) or self.width % self.heads:
            raise ValueError("config.json has invalid dimensions")


@dataclass(frozen=True)
class _Block:
    before: Real
    qkv: Real
    out: Real
    between: Real
    gate_up: Real
    down: Real


@dataclass
class _Cache:
    """(batch, heads, length, head width) a layer; `lengths`: real tokens a row."""

    keys: list[Real]
    values: list[Real]
    lengths: NDArray[np.int64]


class NumpyEngine:
    """See `Engine`. `shape` and weights by torch's names. float32. Raises `KeyError` and `ValueError` for weights of
    another shape.
    """

    def __init__(self, shape: Shape, weights: dict[str, NDArray[Any]]):
        self.shape = shape

        def weight(name: str, *size: int) -> Real:
            found = np.ascontiguousarray(weights[name], dtype=np.float32)
            if found.shape != size:
                raise ValueError(f"{name} has the shape {found.shape}, not {size}")
            return found

        width, hidden, levels = shape.width, shape.hidden, shape.levels
        self.embed = weight("embed.weight", words.VOCABULARY, width)
        self.blocks = [
            _Block(
                weight(f"blocks.{layer}.before.weight", width),
                weight(f"blocks.{layer}.qkv.weight", 3 * width, width).T,
                weight(f"blocks.{layer}.out.weight", width, width).T,
                weight(f"blocks.{layer}.between.weight", width),
                np.concatenate([weight(f"blocks.{layer}.{name}.weight", hidden, width) for name in ("gate", "up")]).T,
                weight(f"blocks.{layer}.down.weight", width, hidden).T,
            )
            for layer in range(shape.layers)
        ]
        self.norm = weight("norm.weight", width)
        # an absolute level, and its distance from the best's
        outputs = {"absolute": levels, "relative": 2 * levels - 1}
        self.heads = np.concatenate([weight(f"{name}.weight", count, width) for name, count in outputs.items()]).T
        self.bias = np.concatenate([weight(f"{name}.bias", count) for name, count in outputs.items()])
        self._eps = np.float32(np.finfo(np.float32).eps)

    def extend(self, ids: NDArray[np.int64], lengths: NDArray[np.int64], cache: _Cache | None) -> _Cache:
        batch, count, _ = ids.shape
        old = cache.lengths if cache is not None else np.zeros(batch, dtype=np.int64)
        grown = int((old + lengths).max())
        places = old[:, None] + np.arange(count)[None, :]
        rows, columns = np.nonzero(np.arange(count)[None, :] < lengths[:, None])
        target = places[rows, columns]
        # a token attends to its row up to itself
        hidden = np.where(np.arange(grown)[None, None, :] <= places[:, :, None], np.float32(0), np.float32(-np.inf))[
            :, None
        ]
        x = self._words(ids)
        result = _Cache([], [], old + lengths)
        for layer, block in enumerate(self.blocks):
            q, k, v = self._project(block, x)
            shape = (batch, self.shape.heads, grown, k.shape[-1])
            keys, values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
            if cache is not None:
                width = min(cache.keys[layer].shape[2], grown)
                keys[:, :, :width] = cache.keys[layer][:, :, :width]
                values[:, :, :width] = cache.values[layer][:, :, :width]
            keys[rows, :, target], values[rows, :, target] = k[rows, :, columns], v[rows, :, columns]
            weights = _softmax(q @ keys.swapaxes(-1, -2) * np.float32(q.shape[-1] ** -0.5) + hidden)
            x = self._finish(block, x, (weights @ values).swapaxes(1, 2))
            result.keys.append(keys)
            result.values.append(values)
        return result

    def branch(self, ids: NDArray[np.int64], cache: _Cache, branches: list[tuple[Real, Real]]) -> Logits:
        length = cache.keys[0].shape[2]
        hidden = np.where(np.arange(length)[None, :] < cache.lengths[:, None], np.float32(0), np.float32(-np.inf))[
            :, None, None, :
        ]
        x = self._words(ids)
        for layer, block in enumerate(self.blocks):
            q, k, v = self._project(block, x)
            if len(branches) <= layer:
                branches.append((k[:, :, :, None], v[:, :, :, None]))
            else:
                keys, values = branches[layer]
                branches[layer] = (
                    np.concatenate([keys, k[:, :, :, None]], 3),
                    np.concatenate([values, v[:, :, :, None]], 3),
                )
            keys, values = branches[layer]
            scale = np.float32(q.shape[-1] ** -0.5)
            shared = q @ cache.keys[layer].swapaxes(-1, -2) * scale + hidden
            own = (q[:, :, :, None] @ keys.swapaxes(-1, -2))[:, :, :, 0] * scale
            weights = _softmax(np.concatenate([shared, own], -1))
            attended = weights[..., :length] @ cache.values[layer] + (weights[..., None, length:] @ values)[:, :, :, 0]
            x = self._finish(block, x, attended.swapaxes(1, 2))
        return self._logits(x, ids)

    def rows(self, cache: _Cache, chosen: list[int]) -> _Cache:
        return _Cache(
            [key[chosen] for key in cache.keys], [value[chosen] for value in cache.values], cache.lengths[chosen]
        )

    def spread(self, branches: list[tuple[Real, Real]], times: int) -> list[tuple[Real, Real]]:
        return [(np.repeat(keys, times, 2), np.repeat(values, times, 2)) for keys, values in branches]

    def _words(self, ids: NDArray[np.int64]) -> Real:
        result: Real = self.embed[ids].sum(-2)
        return result

    def _project(self, block: _Block, x: Real) -> tuple[Real, Real, Real]:
        batch, length, width = x.shape
        heads = self.shape.heads
        qkv = (self._normal(x, block.before).reshape(-1, width) @ block.qkv).reshape(
            batch, length, 3, heads, width // heads
        )
        q, k, v = qkv.transpose(2, 0, 3, 1, 4)
        return q, k, v

    def _finish(self, block: _Block, x: Real, attended: Real) -> Real:
        width, hidden = self.shape.width, self.shape.hidden
        flat = x.reshape(-1, width) + attended.reshape(-1, width) @ block.out
        both = self._normal(flat, block.between) @ block.gate_up
        gate = both[:, :hidden]
        # e^-x overflows to infinity for closed gates, and the result is 0 as it should be
        with np.errstate(over="ignore"):
            gated = gate / (1 + np.exp(-gate)) * both[:, hidden:]
        return (flat + gated @ block.down).reshape(x.shape)

    def _normal(self, x: Real, weight: Real) -> Real:
        """RMSNorm with torch's epsilon for float32."""
        size = np.sqrt(np.einsum("...i,...i->...", x, x)[..., None] / np.float32(x.shape[-1]) + self._eps)
        return np.asarray(x / size * weight, dtype=np.float32)

    def _logits(self, x: Real, ids: NDArray[np.int64]) -> Logits:
        levels = self.shape.levels
        both = self._normal(x, self.norm) @ self.heads + self.bias
        anchor = ids[..., _BEST] - words.BEST
        known = (anchor >= 0) & (anchor < levels)
        offsets = np.arange(levels) - np.clip(anchor, 0, levels - 1)[..., None] + 2 * levels - 1
        return np.asarray(
            both[..., :levels] + np.take_along_axis(both, offsets, -1) * known[..., None], dtype=np.float32
        )


def _softmax(scores: Real) -> Real:
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return weights


def load_numpy(folder: Path) -> NumpyEngine:
    """A compact model's engine. Raises `InputError` if there is none, or for another version of the language."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        said = config["language"], config["vocabulary"], config["columns"]
        shape = Shape(**{name: config[name] for name in Shape.__dataclass_fields__})
        if said != (words.VERSION, words.VOCABULARY, len(words.COLUMNS)):
            raise InputError(
                Finding(
                    f"this model uses version {said[0]} of the compact language, not {words.VERSION}",
                    folder,
                    fix="train it again with this version of eda-agent, or use the version that trained it",
                )
            )
        return NumpyEngine(shape, load_file(folder / "model.safetensors"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, SafetensorError) as error:
        raise InputError(
            Finding(
                f"this is not a model: {(str(error) or type(error).__name__).splitlines()[0][:200]}",
                folder,
                fix="give the folder that `eda-agent train` wrote",
            )
        ) from None
