"""A process sample is a foundry's library at one draw of the variables shared by all devices of a chip: oxide, doping,
etching.

The library's own statistical section defines how its parameters depend on `agauss(mean, width, sigmas)`; here each
becomes mean + width/sigmas · z, with a normal draw z from seed, sample and the parameter's name.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from eda_agent.files import write_text
from eda_agent.problem import expression
from eda_agent.problem.expression import Call, ExpressionError, Node, Number
from eda_agent.problem.expression_text import to_text
from eda_agent.problem.pdk.bins import Box
from eda_agent.problem.pdk.cut import CutLibrary, Varied
from eda_agent.problem.pdk.library import Library
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.pdk.sections import library_of, with_mismatch
from eda_agent.problem.pdk.writer import constants_of, written

_LIBRARIES: dict[tuple[str, str, tuple[str, ...]], tuple[Library, dict[str, float]]] = {}
"""The statistical library of some devices, and the values of its typical parameters."""


def process_sample(pdk: Pdk, boxes: Mapping[str, Box], seed: int, sample: int, folder: Path) -> CutLibrary:
    """The cut library of one sample, its model cards in `folder`. `pdk.process` shows that the PDK has such
    statistics.
    """
    library, typical = _library(pdk, tuple(sorted(boxes)))
    switches = {name: repr(float(value)) for name, value in {**pdk.params, **pdk.process["params"]}.items()}
    params = {name: _drawn(name, text, seed, sample) for name, text in {**library.params, **switches}.items()}
    writer = written(pdk, library, {**typical, **constants_of(params)}, boxes, mismatch=True)
    text = f"* {pdk.name}, seed {seed}, sample {sample}\n" + "".join(writer.models)
    folder.mkdir(parents=True, exist_ok=True)
    models = folder / f"{pdk.name}-{seed}-{sample}.models"
    write_text(models, text)
    devices = "".join(writer.blocks)
    return CutLibrary(
        models,
        devices,
        hashlib.sha256((text + devices).encode()).hexdigest(),
        tuple(writer.bins),
        lambda: Varied(writer.spreads, devices),
    )


def _library(pdk: Pdk, devices: tuple[str, ...]) -> tuple[Library, dict[str, float]]:
    path = pdk.library(devices)
    key = (pdk.name, str(path), devices)
    if key not in _LIBRARIES:
        library, typical = library_of(pdk, path, tuple(pdk.process["sections"]), devices), {}
        if pdk.mismatch_suffix:
            # the statistics are of the chip, the subcircuits have the mismatch of their devices
            sections = with_mismatch(pdk, path, next(iter(pdk.corners.values())))
            varied = library_of(pdk, path, sections, devices)
            library.blocks, typical = varied.blocks, constants_of(varied.params)
        _LIBRARIES[key] = library, typical
    return _LIBRARIES[key]


def _drawn(name: str, text: str, seed: int, sample: int) -> str:
    """A parameter's text with its draws as numbers; most have none."""
    if "gauss" not in text.lower():
        return text
    try:
        node = _parsed(text)
    except ExpressionError:
        return text
    rng = np.random.default_rng([seed, sample, zlib.crc32(name.encode()), 1])
    return to_text(_filled(node, rng))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Node:
    return expression.parse(text)


def _filled(node: Node, rng: np.random.Generator) -> Node:
    if not isinstance(node, Call):
        return node
    arguments = tuple(_filled(argument, rng) for argument in node.arguments)
    if node.function in {"agauss", "gauss"} and len(arguments) == 3:
        mean, width, sigmas = arguments
        if node.function == "gauss":
            width = Call("*", (mean, width))  # relative to the mean
        return Call("+", (mean, Call("*", (Call("/", (width, sigmas)), Number(float(rng.standard_normal()))))))
    return Call(node.function, arguments)
