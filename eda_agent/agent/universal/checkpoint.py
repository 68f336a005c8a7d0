"""A checkpoint of the universal surrogate is a file of weights with a description of their training. Its content is
never executed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.universal.graph import VOCABULARY
from eda_agent.agent.universal.network import KNOTS, Network
from eda_agent.files import DAMAGED_ARRAYS

FILE = "universal.npz"
"""File beside the weights of the embedded model."""
VERSION = 1
LARGEST = 16_000_000
"""Maximum size of the file in bytes."""


def known_words(words: Mapping[str, Sequence[str]]) -> bool:
    """Whether ids of these words have the same meaning here; new words may have been appended since."""
    return words.keys() == VOCABULARY.keys() and all(
        list(VOCABULARY[name][: len(one)]) == list(one) for name, one in words.items()
    )


def write_network(path: Path, network: Network, about: Mapping[str, Any]) -> None:
    """Write the weights in half precision. `about`: a description of the training, as JSON."""
    said = {**about, "version": VERSION, "vocabulary": VOCABULARY}
    arrays = {f"w.{name}": value.astype(np.float16) for name, value in network.weights.items()}
    arrays |= {name: getattr(network, name).astype(np.float32) for name in ("middle", "spread", "widening")}
    np.savez_compressed(path, about=np.frombuffer(json.dumps(said).encode(), np.uint8), **arrays)  # type: ignore[arg-type]  # names of arrays are ours


def read_network(path: Path) -> Network | None:
    """The network of a file; None if it is missing, damaged, or of another version or vocabulary."""
    try:
        if path.stat().st_size > LARGEST:
            return None
        with np.load(path, allow_pickle=False) as arrays:
            about = json.loads(arrays["about"].tobytes())
            if about["version"] != VERSION or not known_words(about["vocabulary"]):
                return None
            weights = {name[2:]: arrays[name].astype(np.float32) for name in arrays.files if name.startswith("w.")}
            middle, spread = (arrays[name].astype(np.float64) for name in ("middle", "spread"))
            # older weights have none
            told = arrays["widening"] if "widening" in arrays.files else np.ones(len(KNOTS))
    except DAMAGED_ARRAYS:
        return None
    network = Network(weights, middle, spread, told.astype(np.float64))
    return network if _sound(network) else None


def _sound(network: Network) -> bool:
    """Whether the weights have the right shapes and are finite."""
    numbers: list[NDArray[Any]] = [*network.weights.values(), network.middle, network.spread, network.widening]
    if network.widening.shape != (len(KNOTS),) or not (network.widening > 0).all():
        return False
    if network.middle.ndim != 1 or network.spread.shape != network.middle.shape or not (network.spread > 0).all():
        return False
    return all(np.isfinite(one).all() for one in numbers) and network.fits()
