"""glayout is another engine for a placement, with the interface of `place.place`: it draws matched pairs, mirrors and
single transistors of SKY130 and GF180 routed in themselves, as plain shapes that a write-back cannot resize.

It needs old versions of numpy and gdsfactory, so it runs in a Python environment of its own, which EDA_AGENT_GLAYOUT
names (`glayout_worker`).
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pya

from .blocks import Block, Group, Piece, Slot, group_of
from .floorplan import lines
from .fold import Rule, arrays, folded, usual
from .glayout_worker import DRAWN
from .passives import Passive
from .table import Device, Table

VARIABLE = "EDA_AGENT_GLAYOUT"
PROCESSES = {"skywater130": "sky130", "gf180mcu": "gf180"}
"""Library of a table → what glayout calls the process."""
GAP = 4.0
"""Between blocks, µm: each has wells and taps of its own."""
LONGEST = 600.0
"""Seconds that one block may take; it takes 5 to 20 on a quiet machine."""


def absent(table: Table) -> str:
    """Why glayout cannot be used for a table, "" where it can."""
    if table.library not in PROCESSES:
        return f"glayout draws SKY130 and GF180 only, not {table.library}"
    python = os.environ.get(VARIABLE, "")
    if not python:
        return f"glayout is not here: {VARIABLE} must name the Python of an environment with glayout 0.2"
    try:
        done = subprocess.run(
            [python, "-I", "-c", "import glayout"], capture_output=True, text=True, check=False, timeout=300
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"glayout is not here: {VARIABLE}={python}: {error}"
    return "" if done.returncode == 0 else f"{VARIABLE}={python} cannot import glayout: {done.stderr.strip()[-200:]}"


def place(
    layout: pya.Layout,
    name: str,
    devices: Sequence[Device],
    rails: tuple[str, str],
    table: Table,
    rule: Rule | None = None,
    ports: Sequence[str] = (),
    passives: Sequence[Passive] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> pya.Cell:
    """A new cell with all transistors, as `place.place`; resistors, capacitors and pins are not drawn. `tell` gets a
    line for each block that is drawn.

    Raises ValueError where glayout fails.
    """
    groups = [
        part
        for array in arrays(folded(devices, rule or usual(table)))
        for part in _parts(group_of([(unit.device, unit.fingers) for unit in array if not unit.dummy]))
    ]
    wanted = [_request(group) for group in groups]
    different = {block["name"]: block for block in wanted}
    with tempfile.TemporaryDirectory() as folder:
        answer = _drawn(PROCESSES[table.library], list(different.values()), Path(folder), tell)
        cells = {block: _imported(layout, block, Path(found["file"])) for block, found in answer.items()}
    cell = layout.create_cell(name)
    blocks = {}
    for group, block in zip(groups, wanted, strict=True):
        variant = cells[block["name"]]
        box = variant.bbox()
        slot = Slot(Piece(group.first, group.fingers), variant, box, 0, 0, False)
        one = Block(group.first, [slot], box.width(), box.height(), group.matched, False)
        blocks[id(one)] = (one, group, answer[block["name"]]["terminals"])
    gap = round(GAP / layout.dbu)
    y = 0
    for line in lines([one for one, _, _ in blocks.values()], rails, gap):
        for one, x in line.places(gap, 10):
            _put(cell, one.slots[0], pya.Point(x, y), blocks[id(one)][1], blocks[id(one)][2])
        y += -(-(max(one.height for one in line.blocks) + gap) // 10) * 10
    return cell


def _parts(group: Group) -> list[Group]:
    """A group that glayout draws as one, or each of its devices alone."""
    if group.matched and _shape(group) == "single":
        return [Group({name: device.m}, {name: device}, device.nf) for name, device in group.devices.items()]
    return [group]


def _shape(group: Group) -> str:
    """pair, mirror, or single: two devices with as many fingers, in pairs of rows or of columns."""
    fingers = {count * group.fingers for count in group.units.values()}
    if len(group.devices) != 2 or len(fingers) != 1:
        return "single"
    if group.pair:
        count = fingers.pop()
        return "pair" if count % 2 == 0 and count >= 4 else "single"
    return "mirror" if group.reference else "single"


def _request(group: Group) -> dict[str, Any]:
    device, shape = group.first, _shape(group)
    fingers = next(iter(group.units.values())) * group.fingers if shape != "single" else group.fingers
    copies = 1 if shape != "single" else group.units[device.name]
    width, length = round(device.finger * 1e6, 3), round(device.length * 1e6, 3)
    sizes = {"width": width, "length": length, "fingers": fingers, "copies": copies}
    name = "_".join(["glayout", shape, device.kind, *(f"{size:g}".replace(".", "p") for size in sizes.values())])
    return {"name": name, "shape": shape, "kind": device.kind, **sizes}


def _drawn(process: str, blocks: list[dict[str, Any]], folder: Path, tell: Callable[[str], None]) -> Mapping[str, Any]:
    """What the worker answers. Raises ValueError."""
    request = folder / "request.json"
    request.write_text(json.dumps({"pdk": process, "folder": str(folder), "blocks": blocks}), encoding="utf-8")
    words = [os.environ[VARIABLE], "-I", str(Path(__file__).with_name("glayout_worker.py")), str(request)]
    errors = folder / "errors.txt"
    with errors.open("w") as file, subprocess.Popen(words, stdout=subprocess.PIPE, stderr=file, cwd=folder) as worker:
        try:
            _follow(worker, len(blocks), tell)
        finally:
            worker.kill()
    answer = folder / "answer.json"
    if not answer.is_file():
        raise ValueError(f"glayout drew no layout: {errors.read_text(errors='replace').strip()[-500:]}")
    found: Mapping[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return found


def _follow(worker: subprocess.Popen[bytes], count: int, tell: Callable[[str], None]) -> None:
    """Wait for the worker, as long as it draws one block after the other. Raises ValueError."""
    begun = last = time.monotonic()
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(worker, lines), daemon=True).start()
    done = 0
    while True:
        try:
            line = lines.get(timeout=max(last + LONGEST - time.monotonic(), 0.0))
        except queue.Empty:
            raise ValueError(
                f"glayout drew {done} of {count} blocks, and no further one in {LONGEST:g} s\n    → try again on a"
                " machine with less load, or take --engine pcells"
            ) from None
        if not line:
            return
        if line.startswith(DRAWN.encode()):
            done, last = done + 1, time.monotonic()
            tell(f"glayout: {done} of {count} blocks, {last - begun:.0f} s")


def _read(worker: subprocess.Popen[bytes], lines: queue.Queue[bytes]) -> None:
    """Every line as it comes; an empty one at the end."""
    assert worker.stdout is not None
    for line in worker.stdout:
        lines.put(line)
    lines.put(b"")


def _imported(layout: pya.Layout, name: str, path: Path) -> pya.Cell:
    """The block of a file as a cell of the layout."""
    other = pya.Layout()
    other.read(str(path))
    cell = layout.create_cell(name)
    cell.copy_tree(other.top_cell())
    return cell


def _put(cell: pya.Cell, slot: Slot, corner: pya.Point, group: Group, terminals: Sequence[Sequence[Any]]) -> None:
    """Place a block, and label its terminals with their nets."""
    layout = cell.layout()
    trans = slot.trans(corner.x, corner.y)
    cell.insert(pya.CellInstArray(slot.variant.cell_index(), trans))
    # the reference of a mirror is the first device
    devices = sorted(group.devices.values(), key=lambda device: device.name != group.reference)
    for number, terminal, x, y, number_of_layer, datatype in terminals:
        net = devices[number].nets["dgsb".index(terminal)]
        at = trans * pya.DPoint(x, y).to_itype(layout.dbu)
        cell.shapes(layout.layer(number_of_layer, datatype)).insert(pya.Text(net, pya.Trans(pya.Vector(at))))
