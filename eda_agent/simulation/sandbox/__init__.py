"""A sandbox removes a simulator process's access to files, network, other processes and privileges before it reads user
input.

It is the second line of defence. The first is that decks are written from a validated netlist: no line that could name
a file or a command reaches ngspice. If a layer is missing (another system, an older kernel) the others still apply;
`confine` returns the active ones, and `gaps` the effect of the missing ones.

Linux, without privileges: capabilities dropped, Landlock for files and TCP (kernel 5.13 and later), a seccomp filter
for system calls.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
import sysconfig
from collections.abc import Collection, Iterable
from pathlib import Path

from eda_agent.simulation.sandbox import landlock, seccomp
from eda_agent.simulation.sandbox.syscalls import JUDGED

_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/opt/homebrew", "/proc/self", "/sys/devices/system/cpu")
CAPABILITIES, LANDLOCK, SECCOMP = "no capabilities", "landlock", "seccomp"


def confine(folder: Path, readable: Iterable[str] = ()) -> list[str]:
    """Drop everything except computing, for the rest of this process's life: no file can be written or created.

    Args:
        folder: the working folder; it stays readable.
        readable: folders with code that may still be loaded, besides the system's libraries and Python's own.

    Returns:
        the active layers.
    """
    if sys.platform != "linux":
        return []
    # PR_SET_NO_NEW_PRIVS, which both of the others require
    if ctypes.CDLL(None, use_errno=True).prctl(38, 1, 0, 0, 0) != 0:
        return []
    held = []
    if _drop_capabilities():
        held.append(CAPABILITIES)
    if landlock.restrict([str(folder), *_SYSTEM, *_python(), *readable]):
        held.append(f"{LANDLOCK} {landlock.version()}")
    if seccomp.install():
        held.append(SECCOMP)
    return held


def gaps(held: Collection[str]) -> list[str]:
    """What a compromised simulator could do with only the layers `held`, one phrase each; empty if the sandbox is
    complete.
    """
    versions = [int(layer.removeprefix(f"{LANDLOCK} ")) for layer in held if layer.startswith(f"{LANDLOCK} ")]
    result = []
    if CAPABILITIES not in held:
        result.append("keep the user's capabilities")
    if not versions:
        result.append("read the user's files")
    if SECCOMP not in held:
        result.append("start programs and use the network" if not versions or versions[0] < 4 else "start programs")
        # Landlock has no right for it
        result.append("change the rights of the user's files and the priority of processes")
        if not versions:
            result.append("write the user's files")
        elif versions[0] < 3:
            result.append("empty the user's files")
        if not versions or versions[0] < 6:
            result.append("send signals to other processes")
    return result


def _python() -> list[str]:
    """Folders from which modules may still be imported."""
    package = Path(__file__).resolve().parents[2]
    return [
        *{
            sysconfig.get_path("stdlib"),
            sysconfig.get_path("platstdlib"),
            sysconfig.get_path("purelib"),
            sysconfig.get_path("platlib"),
            str(package),
        }
    ]


def _drop_capabilities() -> bool:
    number = JUDGED.get(platform.machine(), {}).get("capset")
    if number is None:
        return False
    header = struct.pack("Ii", 0x20080522, 0)
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, header, bytes(24))) == 0
