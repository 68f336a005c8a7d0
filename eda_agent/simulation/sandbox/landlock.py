"""Landlock rules list the files and ports that a process may use; everything else is denied.

Sources: the kernel's `include/uapi/linux/landlock.h` and `Documentation/userspace-api/landlock.rst`.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

_EXECUTE, _WRITE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FILES = (1 << 13) - 1
"""Every file right of the first version: execute, write, read, list, remove, make."""
_LATER = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Version → its additional right: refer, truncate, ioctl on devices."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def version() -> int:
    """The kernel's version of Landlock; 0 without it."""
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1)))


def restrict(readable: Iterable[str]) -> bool:
    """Allow reading of some files and folders, and nothing else. Returns whether the rules are active."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = version()
    if found < 1:
        return False
    handled = _FILES
    for since, right in _LATER.items():
        handled |= right if found >= since else 0
    # TCP from version 4; abstract sockets and signals to others from version 6
    fields = [handled, *([3] if found >= 4 else []), *([3] if found >= 6 else [])]
    attributes = struct.pack(f"{len(fields)}Q", *fields)
    ruleset = int(libc.syscall(444, attributes, len(attributes), 0))
    if ruleset < 0:
        return False
    try:
        for place in _DEVICES:
            _allow(libc, ruleset, place, (_READ_FILE | _WRITE) & handled)
        for place in readable:
            _allow(libc, ruleset, place, (_READ_FILE | _READ_FOLDER | _EXECUTE) & handled)
        return int(libc.syscall(446, ruleset, 0)) == 0
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, place: str, rights: int) -> None:
    try:
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not on this system
    try:
        if not os.path.isdir(place):
            rights &= ~_READ_FOLDER
        libc.syscall(445, ruleset, 1, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)
