"""ngspice is the shared library, bound by PySpice; this module replaces the parts of PySpice 1.5 that do not suffice.

Replaced parts, measured on ngspice 39.3:

* `_send_char`: PySpice raises `NgSpiceCommandError` on mere notes to stderr ("No compatibility mode selected!"). Here
the line
  is only recorded, because ngspice's return values and error messages mean little; missing vectors show an error.
* `plot()`: it copies every vector of a plot with units. Here only the needed vectors are read (0.1 ms per plot saved).
* Several circuits at once: `setcirc` counts from the newest, so the order is recorded here.
"""

from __future__ import annotations

import ctypes.util
import logging
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from eda_agent.errors import MissingError
from eda_agent.simulation.failure import SimulationFailed, classify

BESIDE = Path("share/eda-agent/ngspice/libngspice.so.0")
"""A newer ngspice in the Python environment, for compiled models where the system's cannot load them."""


_FOLDERS = ("/usr/local/lib", "/usr/lib", "/usr/lib64", "/opt/homebrew/lib")
"""Where the system's libraries are, beside its folder for this kind of processor."""


def find_library(*, compiled: bool = False) -> str:
    """The path or name of libngspice; with `compiled` of one that loads compiled Verilog-A models (OSDI).

    Raises `MissingError` with the way to install it.
    """
    named, system = os.environ.get("NGSPICE_LIBRARY_PATH"), ctypes.util.find_library("ngspice")
    if compiled:
        for candidate in (named, system, str(Path(sys.prefix) / BESIDE)):
            if candidate and loads_compiled(candidate):
                return candidate
        raise MissingError(
            "this circuit needs an ngspice that loads compiled Verilog-A models (OSDI): version 44 or later\n    →"
            " Debian 12: apt install -t bookworm-backports libngspice0; `make` puts one beside the system's; or set"
            " NGSPICE_LIBRARY_PATH"
        )
    found = named or system
    if not found:
        raise MissingError(
            "ngspice's shared library was not found\n    → Debian, Ubuntu: apt install ngspice libngspice0; macOS: brew"
            " install libngspice; or set NGSPICE_LIBRARY_PATH"
        )
    return found


def find_program(*, compiled: bool = False) -> Path | None:
    """The program ngspice, for decks outside eda-agent; with `compiled` one that loads compiled Verilog-A models."""
    found = (shutil.which("ngspice"), (Path(sys.prefix) / BESIDE).with_name("ngspice"))
    programs = [Path(one) for one in found if one is not None and Path(one).is_file()]
    return next((one for one in programs if not compiled or loads_compiled(str(one))), None)


@lru_cache
def loads_compiled(library: str) -> bool:
    """Whether a libngspice has the OSDI interface: it has messages about its devices."""
    path = Path(library) if os.sep in library else _of_system(library)
    try:
        return path is not None and b"OSDI device" in path.read_bytes()
    except OSError:
        return False


def _of_system(name: str) -> Path | None:
    """The file of a library that the loader finds by name."""
    folders = [f"/usr/lib/{sysconfig.get_config_var('MULTIARCH') or ''}", *_FOLDERS]
    return next((file for folder in folders if (file := Path(folder) / name).is_file()), None)


class Ngspice:
    """One libngspice in this process; only one is possible (a second `ngSpice_Init` is refused)."""

    def __init__(self, on_exit: Any = None, compiled: Sequence[str] = ()):
        """`on_exit()` is called from inside ngspice when it wants to exit; the process is not usable after that.
        `compiled`: files of compiled Verilog-A models to load.
        """
        from PySpice.Spice.NgSpice import Shared

        Shared._module_logger.setLevel(logging.CRITICAL)
        Shared.NgSpiceShared._logger.setLevel(logging.CRITICAL)
        log: list[str] = []
        self.log = log
        ffi = Shared.ffi

        class Recording(Shared.NgSpiceShared):  # type: ignore[misc]  # PySpice has no types
            LIBRARY_PATH = find_library(compiled=bool(compiled))

            @staticmethod
            def _send_char(message: Any, ngspice_id: int, user_data: Any) -> int:
                log.append(ffi.string(message).decode("utf-8", "replace"))
                return 0

            @staticmethod
            def _send_stat(message: Any, ngspice_id: int, user_data: Any) -> int:
                return 0

            @staticmethod
            def _exit(status: int, immediate: bool, quit_: bool, ngspice_id: int, user_data: Any) -> int:
                if on_exit is not None:
                    on_exit()
                return status

        self._ffi = ffi
        self._shared = Recording()
        self._library = self._shared._ngspice_shared
        self.version = next((found[1] for line in log if (found := re.search(r"ngspice-(\S+)", line))), "unknown")
        for setting in ("num_threads=1", "noaskquit", "nomoremode", "wnflag=1", "no_mem_check"):
            # OpenMP's own default oversubscribes (20 ms instead of 6), and OMP_NUM_THREADS does not prevent it;
            # version 46 ends if it cannot read the free memory, which the sandbox denies
            self.command(f"set {setting}")
        for file in compiled:
            # no text of a netlist, and no command that the gate allows
            self._library.ngSpice_Command(f"osdi {file}".encode())

    def command(self, text: str) -> None:
        """Run a command. Nothing is returned or raised: check for the vectors that it should have made."""
        self._library.ngSpice_Command(text.encode())

    def load(self, lines: Sequence[str]) -> None:
        """Load a deck, which becomes the newest circuit (`setcirc 1`)."""
        cards = [self._ffi.new("char[]", line.encode("utf-8", "replace")) for line in lines]
        self._library.ngSpice_Circ(self._ffi.new("char*[]", [*cards, self._ffi.NULL]))

    def vector(self, name: str) -> np.ndarray[Any, Any] | None:
        """A copy of a vector of the current plot, of `plot.name`, or of a device (`@m.x1.m0[gm]`); None if it does not
        exist.
        """
        info = self._library.ngGet_Vec_Info(name.encode())
        if info == self._ffi.NULL or info.v_length < 1:
            return None
        if info.v_compdata != self._ffi.NULL:
            return np.frombuffer(self._ffi.buffer(info.v_compdata, info.v_length * 16), np.complex128).copy()
        if info.v_realdata == self._ffi.NULL:
            return None
        return np.frombuffer(self._ffi.buffer(info.v_realdata, info.v_length * 8), np.float64).copy()

    def plot(self) -> str:
        """The name of the current plot, such as `ac3`; `const` when no analysis has run."""
        return str(self._ffi.string(self._library.ngSpice_CurPlot()).decode())

    def analyse(self, command: str) -> str:
        """Run an analysis. Returns the name of its plot; raises `SimulationFailed` if it makes none."""
        before = self.plot()
        self.command(command)
        plot = self.plot()
        if plot in {before, "const"}:
            raise SimulationFailed(classify(self.log))
        return plot

    def plots(self) -> list[str]:
        """The names of all plots, the newest first."""
        return self._texts(self._library.ngSpice_AllPlots())

    def vectors(self, plot: str) -> list[str]:
        """The names of a plot's vectors."""
        return self._texts(self._library.ngSpice_AllVecs(plot.encode()))

    def _texts(self, names: Any) -> list[str]:
        result: list[str] = []
        while names != self._ffi.NULL and names[len(result)] != self._ffi.NULL:
            result.append(self._ffi.string(names[len(result)]).decode())
        return result
