"""A schematic becomes a netlist through xschem itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from eda_agent.errors import Finding, InputError, MissingError
from eda_agent.files import write_text

NEEDED = (3, 4)
"""Version of xschem that reads the schematics of today's flows; older ones may crash on them."""


def xschem_version(program: str) -> tuple[int, ...] | None:
    """The version of an xschem; None if it does not say."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"XSCHEM V(\d+(?:\.\d+)*)", done.stdout + done.stderr)
    return tuple(map(int, found[1].split("."))) if found else None


def netlist_of_schematic(schematic: Path, folder: Path) -> Path:
    """The netlist that xschem writes for a .sch file. Raises `MissingError` without xschem."""
    program = shutil.which("xschem")
    if program is None:
        raise MissingError(
            "reading a .sch file needs xschem\n    → apt install xschem, or netlist it in xschem and give the .spice"
            " file"
        )
    with tempfile.TemporaryDirectory(prefix="eda-agent-") as place:
        rc, netlist = Path(place) / "xschemrc", Path(place) / f"{schematic.stem}.spice"
        # the user's own settings (symbol libraries, PDK), then the output folder; works from version 2.8 on, which has
        # no -o
        rc.write_text(
            "foreach f [list [file join [pwd] xschemrc] ~/.xschem/xschemrc] { if {[file exists $f]} { source $f;"
            f" break }} }}\nset netlist_dir {{{place}}}\n",
            encoding="utf-8",
        )
        # no X, no readline, quit when done, netlist, SPICE
        command = [program, "-x", "-r", "-q", "-n", "-s", "--rcfile", str(rc), str(schematic.resolve())]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=schematic.resolve().parent,
        )
        if not netlist.is_file():
            words = (done.stderr or done.stdout).strip().splitlines()
            version = xschem_version(program)
            old = version is not None and version < NEEDED
            shown = ".".join(map(str, version or ()))
            raise InputError(
                Finding(
                    f"xschem {shown} wrote no netlist: {words[-1] if words else 'no message'}",
                    schematic,
                    fix=f"it is older than {NEEDED[0]}.{NEEDED[1]}: install a newer one, or netlist it there"
                    if old
                    else "netlist it in xschem",
                )
            )
        text = netlist.read_text(encoding="utf-8", errors="replace")
    if missing := sorted(set(re.findall(r"(\S+)\s+IS MISSING !!!!", text))):
        fix = "set XSCHEM_LIBRARY_PATH in the xschemrc beside it; a symbol of a newer xschem needs that version"
        said = f"xschem does not find the symbol {', '.join(missing)}, and would leave it out"
        raise InputError(Finding(said, schematic, fix=fix))
    folder.mkdir(parents=True, exist_ok=True)
    # a separate name: the designer's netlist may be beside the schematic
    target = folder / f"{schematic.stem}.xschem.spice"
    write_text(target, text)
    return target
