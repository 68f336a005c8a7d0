"""The output files of `eda-agent export`: each has a name of its own, and none is a file that the command reads."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.run.spec_copy import files_of_run, original_spec

LAYOUTS = frozenset([".gds", ".oas"])


def check_outputs(options: argparse.Namespace) -> None:
    """Raise `InputError` for an option without its partner, and for an output that would replace an input, a file of
    the run, or another output; other spellings and links of a name are seen through.
    """
    if options.layout is None and not options.devices:
        for name, value in (("--extract", options.extract), ("--into", options.into), ("--cell", options.cell)):
            if value is not None:
                raise InputError(f"{name} writes nothing without --gds\n    → add --gds FILE, the layout to write")
    outputs = [
        (name, Path(value))
        for name, value in (("--gds", options.layout), ("--extract", options.extract), ("--out", options.out))
        if value is not None
    ]
    for place, (name, path) in enumerate(outputs):
        if name == "--extract" and path.suffix.lower() in LAYOUTS:
            raise InputError(Finding("--extract writes a netlist, but this is the name of a layout", path))
        for other_name, other in outputs[:place]:
            if same_file(path, other):
                raise InputError(Finding(f"{other_name} and {name} name the same file", path, fix="write two files"))
        for what, taken in _inputs(options, name):
            if same_file(path, taken):
                raise InputError(
                    Finding(f"{name} names {what}, which is never overwritten", path, fix="choose another file")
                )


def _inputs(options: argparse.Namespace, name: str) -> Iterator[tuple[str, Path]]:
    """(description, path) of the files that an output must not replace."""
    if options.into is not None and name != "--gds":
        yield "the layout of --into", options.into
    if options.xschem is not None:
        yield "the schematic of --xschem", options.xschem
    if Path(options.table).suffix == ".json":
        yield "the table of --table", Path(options.table)
    copied, own = files_of_run(options.run)
    for file in (*own, *copied):
        if not (file == "sized.spice" and name == "--out" and _best_netlist(options)):
            yield "a file of the run", options.run / file
    spec = original_spec(options.run)
    yield "the spec of the run", spec
    if name != "--out":
        # a netlist may be written in its own place
        for file in copied:
            yield "a file of the spec", spec.parent / file


def _best_netlist(options: argparse.Namespace) -> bool:
    """Whether the command writes what the run itself keeps as sized.spice."""
    others = (options.diff, options.devices, options.sizes_only, options.layout, options.xschem, options.turn)
    return all(other is None or other is False for other in others)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are one file, through symbolic or hard links."""
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except OSError:
        return False
