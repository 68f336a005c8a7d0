"""A sandbox is what a simulator process gives up before it reads anything of the user's: files, network, other processes, privileges.

It is the second line. The first is that decks are written by us from a netlist that was read strictly: no line of it reaches ngspice that could
name a file or a command. Where a layer is not there (another system, an older kernel) the rest still holds; `confine` says which do.

Linux, without any privilege: capabilities dropped, Landlock for files and TCP (kernel 5.13 and later), a seccomp filter for system calls.
Sources of the numbers: the kernel's `include/uapi/linux/landlock.h`, `seccomp.h`, `filter.h` and its tables of system calls.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

_READ = 1 << 2 | 1 << 3
_EXECUTE = 1 << 0
_FILES = (1 << 13) - 1
"""Every right over files of Landlock's first version: execute, write, read, list, remove, make."""
_LATER = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Version → right that it added: refer, truncate, ioctl on devices."""
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/opt/homebrew", "/proc/self", "/sys/devices/system/cpu")

_NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59, "kill": 62,
        "ptrace": 101, "personality": 135, "setrlimit": 160, "chroot": 161, "mount": 165, "umount2": 166, "init_module": 175, "kexec_load": 246,
        "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "accept4": 288, "perf_event_open": 298, "prlimit64": 302,
        "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "finit_module": 313, "memfd_create": 319, "bpf": 321,
        "execveat": 322, "userfaultfd": 323, "clone": 56, "clone3": 435, "seccomp": 317, "capset": 126,
    },
    "aarch64": {
        "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "execve": 221, "kill": 129, "ptrace": 117,
        "personality": 92, "setrlimit": 164, "chroot": 51, "mount": 40, "umount2": 39, "init_module": 105, "kexec_load": 104, "add_key": 217,
        "request_key": 218, "keyctl": 219, "unshare": 97, "accept4": 242, "perf_event_open": 241, "prlimit64": 261, "open_by_handle_at": 265,
        "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "finit_module": 273, "memfd_create": 279, "bpf": 280, "execveat": 281,
        "userfaultfd": 282, "clone": 220, "clone3": 435, "seccomp": 277, "capset": 91,
    },
}  # fmt: skip
_EVERYWHERE = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "pidfd_open": 434, "pidfd_getfd": 438}
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE_THREAD = 0x10000
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38


def confine(folder: Path, readable: Iterable[str] = ()) -> list[str]:
    """Give up everything but computing and writing into `folder`, for the rest of this process's life. Gives the layers that hold.

    `readable`: folders with code that may still be loaded, beside the system's libraries and Python's own.
    """
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS: what both of the others ask for
        return []
    held = []
    numbers = _NUMBERS.get(platform.machine())
    if numbers is not None and _drop_capabilities(libc, numbers["capset"]):
        held.append("no capabilities")
    if _landlock(libc, folder, [*_SYSTEM, *_python(), *readable]):
        held.append("landlock")
    if numbers is not None and _seccomp(libc, numbers):
        held.append("seccomp")
    return held


def _python() -> list[str]:
    """Where modules may yet be imported from."""
    package = Path(__file__).resolve().parents[1]
    return [*{sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), str(package)}]  # fmt: skip


def _drop_capabilities(libc: ctypes.CDLL, number: int) -> bool:
    header = struct.pack("Ii", 0x20080522, 0)
    return int(libc.syscall(number, header, bytes(24))) == 0


def _landlock(libc: ctypes.CDLL, folder: Path, readable: Sequence[str]) -> bool:
    version = int(libc.syscall(444, None, 0, 1))
    if version < 1:
        return False
    handled = _FILES
    for since, right in _LATER.items():
        handled |= right if version >= since else 0
    # TCP from version 4; abstract sockets and signals of others from version 6
    fields = [handled, *([3] if version >= 4 else []), *([3] if version >= 6 else [])]
    attributes = struct.pack(f"{len(fields)}Q", *fields)
    ruleset = int(libc.syscall(444, attributes, len(attributes), 0))
    if ruleset < 0:
        return False
    try:
        rules = [(str(folder), handled & ~_EXECUTE), *((device, _READ & ~(1 << 3) | 1 << 1) for device in _DEVICES)]
        rules += [(place, _READ | _EXECUTE) for place in readable]
        for place, rights in rules:
            _allow(libc, ruleset, place, rights & handled)
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
            rights &= _EXECUTE | 1 << 1 | 1 << 2 | 1 << 14
        libc.syscall(445, ruleset, 1, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


def _seccomp(libc: ctypes.CDLL, numbers: dict[str, int]) -> bool:
    program = _filter(_ARCHITECTURES[platform.machine()], numbers)
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code)
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    # to every thread of this process
    return int(libc.syscall(numbers["seccomp"], 1, 1, header)) == 0


def _filter(architecture: int, numbers: dict[str, int]) -> list[tuple[int, int, int, int]]:
    """Instructions (code, jump if true, jump if false, value) of a classic BPF program over `struct seccomp_data`."""
    load, equal, at_least, has, give = 0x20, 0x15, 0x35, 0x45, 0x06
    refused = [
        number for name, number in {**numbers, **_EVERYWHERE}.items() if name not in {"clone", "clone3", "prlimit64", "seccomp", "capset"}
    ]
    program = [
        (load, 0, 0, 4),
        (equal, 1, 0, architecture),
        (give, 0, 0, _ERRNO | _ENOSYS),
        (load, 0, 0, 0),
        # the x32 calls of the same processor have numbers of their own
        *([(at_least, 0, 1, 0x40000000), (give, 0, 0, _ERRNO | _ENOSYS)] if architecture == _ARCHITECTURES["x86_64"] else []),
        # without clone3 the C library takes clone, whose flags can be read: threads yes, processes no
        (equal, 0, 1, numbers["clone3"]),
        (give, 0, 0, _ERRNO | _ENOSYS),
        (equal, 0, 4, numbers["clone"]),
        (load, 0, 0, 16),
        (has, 1, 0, _CLONE_THREAD),
        (give, 0, 0, _ERRNO | _EPERM),
        (give, 0, 0, _ALLOW),
        # limits may be read, not set: the third argument is the new one
        (equal, 0, 6, numbers["prlimit64"]),
        (load, 0, 0, 32),
        (equal, 0, 3, 0),
        (load, 0, 0, 36),
        (equal, 0, 1, 0),
        (give, 0, 0, _ALLOW),
        (give, 0, 0, _ERRNO | _EPERM),
    ]
    for number in refused:
        program += [(equal, 0, 1, number), (give, 0, 0, _ERRNO | _EPERM)]
    return [*program, (give, 0, 0, _ALLOW)]
