"""A cut is a model library reduced to the devices of one circuit and to the bins that its ranges can reach.

Reasons for its speed (measured on SKY130: load 300–390 ms → 8–9 ms, 82 → 34 MB) and its equality:

* Bins whose W/L box is out of reach are left out; a size outside is refused before it is simulated. Each deck gets
  only the bins that its sizing needs (ngspice processes every loaded model at each change: 0.3 ms with 180 bins, 0.02
  ms
  with 4).
* Statistical terms are folded to their nominal value (`0*AGAUSS(…)` is 0) and constants are evaluated, so that a
`.model`
  no longer depends on its instance and can stand outside the subcircuit.
* `.option scale` is replaced by factors on the instance line: with the option, ngspice's `alter` picks the bin of the
  unscaled number and silently continues with the wrong model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from eda_agent import __version__
from eda_agent.errors import InputError
from eda_agent.files import read_file, write_text
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk.bins import EDGE, Bin, Box
from eda_agent.problem.pdk.mismatch import Spread
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.pdk.sections import library_of, with_mismatch
from eda_agent.problem.pdk.uncovered import uncovered
from eda_agent.problem.pdk.whole import WholeDevice, whole_devices
from eda_agent.problem.pdk.writer import Writer, constants_of, written

_SOURCES = ("bins.py", "cut.py", "library.py", "mismatch.py", "sections.py", "whole.py", "writer.py")
"""Modules that determine the text of a cut; their digest is part of the names of the stored files."""
MOST_BYTES = 200_000_000
"""Maximum size of a stored file of model cards."""
_ULPS = 1e-15
"""Relative distance within which a size lies on a bin's edge (ngspice: 3 units in the last place)."""


@dataclass(frozen=True)
class Varied:
    """The mismatch of a cut: `spreads` of devices and cards, and the text of the subcircuits (`blocks`) with draws."""

    spreads: Mapping[str, Spread]
    blocks: str


@dataclass(frozen=True)
class CutLibrary:
    """`models`: file of the model cards, cached. `devices`: text of the subcircuits, for the deck. `digest`: of both.

    `mismatch` works out `spreads` and `drawn` when they are first asked for: only a Monte Carlo run needs them.
    """

    models: Path
    devices: str
    digest: str
    bins: tuple[Bin, ...]
    mismatch: Callable[[], Varied] = field(default=lambda: Varied({}, ""), compare=False)

    @cached_property
    def spreads(self) -> Mapping[str, Spread]:
        """Device or card name → what mismatch does to it."""
        return self._varied.spreads

    @cached_property
    def drawn(self) -> Mapping[str, WholeDevice]:
        """Whole device → the same with its draws as parameters."""
        return whole_devices(self._varied.blocks)

    @cached_property
    def whole(self) -> Mapping[str, WholeDevice]:
        """The devices that stay a subcircuit, by name."""
        return whole_devices(self.devices)

    @cached_property
    def whole_text(self) -> str:
        return "".join(one.text for one in self.whole.values())

    @cached_property
    def _varied(self) -> Varied:
        return self.mismatch()

    def assigned(self, devices: Iterable[FlatDevice]) -> tuple[str, ...]:
        """The card of each device, "" where the library has none for it. Raises `InputError` for a size that no bin
        covers.
        """
        return tuple(self._card(device) for device in devices)

    def _card(self, device: FlatDevice) -> str:
        boxes = self._boxes.get(device.model) if device.kind in "md" else None
        if boxes is None:
            return ""
        # bins are chosen by the finger (`set wnflag=1`)
        width, length = (
            device.values.get("w", 0.0) / max(device.values.get("nf", 1.0), 1.0),
            device.values.get("l", 0.0),
        )
        edge = ""
        for name, w0, w1, l0, l1 in boxes:
            if w0 - _ULPS * w0 <= width <= w1 and l0 - _ULPS * l0 <= length <= l1:
                # ngspice's rule is min ≤ x < max; the last bin's own maximum belongs to it
                if width < w1 - _ULPS * w1 and length < l1 - _ULPS * l1:
                    return name
                edge = edge or name
        if not edge:
            raise uncovered(device.label, device.model, (width, length), boxes)
        return edge

    def needed(self, devices: Iterable[FlatDevice]) -> tuple[str, ...]:
        """The cards that ngspice itself may choose for these devices; on an edge it may take either side."""
        wanted: set[str] = set()
        for device in devices:
            boxes = self._boxes.get(device.model) if device.kind in "md" else None
            if boxes is None:
                continue
            width, length = device.values.get("w", 0.0), device.values.get("l", 0.0)
            fingers = device.values.get("nf", 1.0)
            # ngspice bins by finger or by total width, depending on version and settings: both are there
            sides = (width,) if fingers <= 1.0 else (width, width / fingers)
            wanted.update(
                name
                for name, w0, w1, l0, l1 in boxes
                for side in sides
                if w0 - EDGE <= side <= w1 + EDGE and l0 - EDGE <= length <= l1 + EDGE
            )
        return tuple(sorted(wanted))

    @cached_property
    def _boxes(self) -> dict[str, list[tuple[str, float, float, float, float]]]:
        """Model → (card, box): plain tuples, since every turn goes through hundreds of them."""
        result: dict[str, list[tuple[str, float, float, float, float]]] = {}
        for entry in self.bins:
            result.setdefault(entry.model, []).append((entry.name, *entry.width, *entry.length))
        return result


def plain_card(name: str) -> str:
    """The name of a bin's card outside its model: otherwise ngspice searches the bins at every change of W or L."""
    return name.replace(".", "_bin")


def read_cards(models: str) -> dict[str, str]:
    """Name → card of the text of a cut's model file."""
    return {card.split(None, 1)[0]: f".model {card}" for card in models.split("\n.model ")[1:]}


def cut_library(pdk: Pdk, process: str, boxes: Mapping[str, Box], folder: Path) -> CutLibrary:
    """Cut the library of `process` to `boxes` (device or model name → range), or read the stored cut from `folder`.

    Raises `InputError` for a device that the library does not have, `MissingError` without a library.
    """
    if process not in pdk.corners:
        raise InputError(f"{pdk.name} has no process corner {process!r}; it has {', '.join(pdk.corners)}")
    if not boxes:
        # every model is the netlist's own
        folder.mkdir(parents=True, exist_ok=True)
        empty = folder / "none.models"
        write_text(empty, "* no models\n")
        return CutLibrary(empty, "", "none", ())
    path = pdk.library(boxes, process)
    # the stamp represents the content: reading 2 MB of text on every start would cost more than the cut saves
    stamp = [f"{file}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in sorted(_neighbours(path))]
    rules = [(name, rule.files, rule.own) for name in sorted(boxes) if (rule := pdk.device(name)) is not None]
    said = (__version__, _source_digest(), pdk.name, rules, process, sorted(boxes.items()), stamp)
    key = hashlib.sha256(repr(said).encode()).hexdigest()[:20]
    models, index = folder / f"{pdk.name}-{process}-{key}.models", folder / f"{pdk.name}-{process}-{key}.json"

    def mismatch() -> Varied:
        return _varied(
            folder / f"{pdk.name}-{process}-{key}.spreads.json",
            lambda: _cut(pdk, process, boxes, path, mismatch=True),
        )

    kept = _kept(models, index, mismatch)
    if kept is None:
        writer = _cut(pdk, process, boxes, path)
        text = f"* {pdk.name} {process}, cut by eda-agent from {path.name}; {pdk.licence}\n" + "".join(writer.models)
        devices = "".join(writer.blocks)
        entries = [[entry.name, entry.model, entry.width, entry.length] for entry in writer.bins]
        folder.mkdir(parents=True, exist_ok=True)
        write_text(models, text)
        digest = hashlib.sha256((text + devices).encode()).hexdigest()
        write_text(index, json.dumps({"devices": devices, "bins": entries, "digest": digest}))
        kept = _kept(models, index, mismatch)
        assert kept is not None
    return kept


def _kept(models: Path, index: Path, mismatch: Callable[[], Varied]) -> CutLibrary | None:
    """A stored cut; None if its files are missing or damaged."""
    try:
        data = json.loads(read_file(index, MOST_BYTES))
        devices, digest = data["devices"], data["digest"]
        if hashlib.sha256(read_file(models, MOST_BYTES) + devices.encode()).hexdigest() != digest:
            return None
        bins = tuple(
            Bin(name, model, (width[0], width[1]), (length[0], length[1]))
            for name, model, width, length in data["bins"]
        )
        return CutLibrary(models, devices, digest, bins, mismatch)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None


def _varied(file: Path, make: Callable[[], Writer]) -> Varied:
    """The mismatch of a file, or computed and stored there if it is missing or damaged."""
    try:
        data = json.loads(read_file(file, MOST_BYTES))
        if data["digest"] == _digest([data["spreads"], data["blocks"]]):
            return Varied(dict(data["spreads"]), str(data["blocks"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    writer = make()
    made = Varied(writer.spreads, "".join(writer.blocks))
    content = [made.spreads, made.blocks]
    write_text(file, json.dumps({"digest": _digest(content), "spreads": made.spreads, "blocks": made.blocks}))
    return made


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _neighbours(path: Path) -> list[Path]:
    return [file for file in path.parent.iterdir() if file.is_file()]


def _source_digest() -> str:
    """The digest of this code: the cut changes with it."""
    return hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in _SOURCES)).hexdigest()


def _cut(pdk: Pdk, process: str, boxes: Mapping[str, Box], path: Path, *, mismatch: bool = False) -> Writer:
    sections = pdk.corners[process]
    if mismatch and pdk.mismatch_suffix:
        sections = with_mismatch(pdk, path, sections)
    library = library_of(pdk, path, sections, tuple(sorted(boxes)))
    params = {**library.params, **{name: repr(value) for name, value in pdk.params.items()}}
    return written(pdk, library, constants_of(params), boxes, mismatch=mismatch)
