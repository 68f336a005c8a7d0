"""The output files of `eda-agent export`: each has a name of its own, and none is a file that the command reads. An
option that the chosen output does not use is refused.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from eda_agent.cli.idle import refuse_idle
from eda_agent.errors import Finding, InputError
from eda_agent.run.spec_copy import files_of_run, original_spec

LAYOUTS = frozenset([".gds", ".oas"])


def check_outputs(options: argparse.Namespace) -> None:
    """Raise `InputError` for an option without effect, and for an output that would replace an input, a file of the
    run, or another output; other spellings and links of a name are seen through.
    """
    _check_kind(options)
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


def _check_kind(options: argparse.Namespace) -> None:
    """Refuse two kinds of output at once, and options of another kind than the chosen one."""
    kinds = (("--gds", options.layout), ("--devices", options.devices), ("--xschem", options.xschem))
    asked = [name for name, value in (*kinds, ("--diff", options.diff)) if value]
    if len(asked) > 1:
        raise InputError(f"{asked[0]} and {asked[1]} are two outputs\n    → export twice, with one of them each")
    kind = asked[0] if asked else ""
    layout = "" if kind == "--gds" else "without --gds"
    add = "add --gds FILE, the layout to write" if not kind else f"leave {kind} out, and add --gds FILE"
    netlist = f"with {kind}" if kind in {"--gds", "--devices", "--xschem"} else ""
    named = f"with {kind}, which names the file itself" if kind in {"--gds", "--xschem"} else ""
    refuse_idle(
        (
            ("--into", options.into, layout, add),
            ("--extract", options.extract, layout, add),
            ("--cell", options.cell, layout, add),
            ("--table", options.table, layout, add),
            ("--engine", options.engine, layout, add),
            ("--engine", options.engine, "with --into" if options.into else "", "leave one of them out"),
            ("--out", options.out, named, "leave it out, or export the netlist in a command of its own"),
            ("--sizes-only", options.sizes_only, netlist, "leave it out"),
        )
    )


def _inputs(options: argparse.Namespace, name: str) -> Iterator[tuple[str, Path]]:
    """(description, path) of the files that an output must not replace."""
    if options.into is not None and name != "--gds":
        yield "the layout of --into", options.into
    if options.xschem is not None:
        yield "the schematic of --xschem", options.xschem
    if options.table is not None and Path(options.table).suffix == ".json":
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
