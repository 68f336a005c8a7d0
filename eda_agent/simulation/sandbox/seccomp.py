"""A seccomp filter is a small program that the kernel runs at every system call of a process; here it refuses what a
simulator never needs.

Files can be opened for reading only, so nothing is written even without Landlock. Limits can be read but not set,
signals go to this process only, and calls newer than the table are refused. Sources: the kernel's
`include/uapi/linux/seccomp.h`, `filter.h`.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Sequence

from eda_agent.simulation.sandbox.syscalls import ARCHITECTURES, JUDGED, LAST, REFUSED

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, value: classic BPF over `struct seccomp_data`."""

_LOAD, _EQUAL, _AT_LEAST, _HAS, _GIVE = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCHITECTURE = 0, 4
_X32 = 0x40000000
"""System calls of the x32 interface are numbered from here."""
_CLONE_THREAD = 0x10000
_WRITING = (
    os.O_WRONLY
    | os.O_RDWR
    | os.O_CREAT
    | os.O_TRUNC
    | os.O_APPEND
    | getattr(os, "O_TMPFILE", 0) & ~getattr(os, "O_DIRECTORY", 0)
)
"""Flags of `open` that can change a file."""
_PRCTL = {"death signal": 1, "kept capabilities": 8, "bounding set": 24, "memory map": 35, "tracer": 0x59616D61}
"""Options of `prctl` that would undo the confinement or let others in."""


def filter_program(machine: str, process: int) -> list[Instruction]:
    """The filter of a process.

    Args:
        machine: a key of `syscalls.ARCHITECTURES`.
        process: the process's own id, the only one that may be signalled.
    """
    judged, architecture = JUDGED[machine], ARCHITECTURES[machine]
    program = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), _give(_ENOSYS), (_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        program += [(_AT_LEAST, 0, 1, _X32), _give(_ENOSYS)]
    program += [(_AT_LEAST, 0, 1, LAST + 1), _give(_ENOSYS)]
    # without clone3 the C library uses clone, whose flags can be checked: threads yes, processes no
    program += _when(judged["clone3"], [_give(_ENOSYS)])
    program += _when(judged["clone"], [_argument(0), (_HAS, 1, 0, _CLONE_THREAD), _give(_EPERM), _allow()])
    program += _when(judged["prlimit64"], [*_is(2, 0), _give(_EPERM), _allow()])
    program += _when(judged["tgkill"], [_argument(0), (_EQUAL, 1, 0, process), _give(_EPERM), _allow()])
    forbidden = [step for option in _PRCTL.values() for step in ((_EQUAL, 0, 1, option), _give(_EPERM))]
    program += _when(judged["prctl"], [_argument(0), *forbidden, _allow()])
    for name, place in (("open", 1), ("openat", 2)):
        if name in judged:
            program += _when(judged[name], [_argument(place), (_HAS, 0, 1, _WRITING), _give(_EPERM), _allow()])
    for number in REFUSED[machine].values():
        program += [(_EQUAL, 0, 1, number), _give(_EPERM)]
    return [*program, _allow()]


def install() -> bool:
    """Install the filter for this process and all its threads for the rest of its life. Returns whether the kernel
    accepted it.
    """
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        return False
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in filter_program(machine, os.getpid()))
    buffer = ctypes.create_string_buffer(code)
    header = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    # SECCOMP_SET_MODE_FILTER, for every thread
    return int(libc.syscall(JUDGED[machine]["seccomp"], 1, 1, header)) == 0


def _give(error: int) -> Instruction:
    return (_GIVE, 0, 0, _ERRNO | error)


def _allow() -> Instruction:
    return (_GIVE, 0, 0, _ALLOW)


def _argument(place: int) -> Instruction:
    """Load the lower half of an argument. Both processors store the lower half first."""
    return (_LOAD, 0, 0, 16 + 8 * place)


def _is(place: int, value: int) -> list[Instruction]:
    """Skip the instruction after these if an argument, all 64 bits of it, equals a small value."""
    return [_argument(place), (_EQUAL, 0, 2, value), (_LOAD, 0, 0, 20 + 8 * place), (_EQUAL, 1, 0, 0)]


def _when(number: int, steps: Sequence[Instruction]) -> list[Instruction]:
    """The steps for one call; they end with a verdict."""
    return [(_EQUAL, 0, len(steps), number), *steps]
