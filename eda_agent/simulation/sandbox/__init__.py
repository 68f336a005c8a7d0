"""A sandbox is what a simulator process gives up before it reads anything of the user's: files, network, other processes, privileges.

It is the second line. The first is that decks are written by us from a netlist that was read strictly: no line of it reaches ngspice that could
name a file or a command. Where a layer is not there (another system, an older kernel) the rest still holds; `confine` says which do, and
`gaps` what the missing ones leave open.

Linux, without any privilege: capabilities dropped, Landlock for files and TCP (kernel 5.13 and later), a seccomp filter for system calls.
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
    """Give up everything but computing, for the rest of this process's life: no file can be written or made. Gives the layers that hold.

    Args:
        folder: where the process stands; it stays readable.
        readable: folders with code that may still be loaded, beside the system's libraries and Python's own.
    """
    if sys.platform != "linux":
        return []
    if ctypes.CDLL(None, use_errno=True).prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS: what both of the others ask for
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
    """What a simulator that a netlist took over could do although `held` layers hold, a phrase each; empty where the sandbox is whole."""
    versions = [int(layer.removeprefix(f"{LANDLOCK} ")) for layer in held if layer.startswith(f"{LANDLOCK} ")]
    result = []
    if CAPABILITIES not in held:
        result.append("keep the user's capabilities")
    if not versions:
        result.append("read the user's files")
    if SECCOMP not in held:
        result.append("start programs and use the network" if not versions or versions[0] < 4 else "start programs")
        # Landlock knows no right for it
        result.append("change the rights of the user's files and the priority of processes")
        if not versions:
            result.append("write the user's files")
        elif versions[0] < 3:
            result.append("empty the user's files")
        if not versions or versions[0] < 6:
            result.append("send signals to other processes")
    return result


def _python() -> list[str]:
    """Where modules may yet be imported from."""
    package = Path(__file__).resolve().parents[2]
    return [*{sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), str(package)}]  # fmt: skip


def _drop_capabilities() -> bool:
    number = JUDGED.get(platform.machine(), {}).get("capset")
    if number is None:
        return False
    header = struct.pack("Ii", 0x20080522, 0)
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, header, bytes(24))) == 0
