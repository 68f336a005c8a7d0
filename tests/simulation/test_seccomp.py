"""The filter of system calls, run by an interpreter of its own for every architecture."""

from __future__ import annotations

import os

import pytest

from eda_agent.simulation.sandbox.seccomp import filter_program
from eda_agent.simulation.sandbox.syscalls import ARCHITECTURES, JUDGED, LAST, REFUSED


def _verdict(machine: str, call: int, arguments: tuple[int, ...] = (), process: int = 77) -> int:
    """The filter's answer, from an interpreter of classic BPF: 0 allowed, else the error."""
    data = [call, ARCHITECTURES[machine], 0, 0]
    for value in (*arguments, *[0] * (6 - len(arguments))):
        data += [value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF]
    program, place, loaded = filter_program(machine, process), 0, 0
    while True:
        code, yes, no, value = program[place]
        place += 1
        match code:
            case 0x20:
                loaded = data[value // 4]
            case 0x15 | 0x35 | 0x45:
                held = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
                place += yes if held else no
            case 0x06:
                return 0 if value == 0x7FFF0000 else value & 0xFFFF


@pytest.mark.parametrize("machine", sorted(ARCHITECTURES))
def test_the_filter_by_an_interpreter_of_its_own(machine: str) -> None:
    judged, refused = JUDGED[machine], set(REFUSED[machine].values())
    assert all(_verdict(machine, number) == 1 for number in refused)
    assert len(filter_program(machine, 1)) < 4096, "the kernel takes no longer program"
    assert all(yes < 256 and no < 256 for _, yes, no, _ in filter_program(machine, 1))
    allowed = set(range(LAST + 1)) - refused - set(judged.values())
    assert all(_verdict(machine, number, (1 << 40, 3, 5)) == 0 for number in allowed)
    assert _verdict(machine, LAST + 1) == 38 == _verdict(machine, judged["clone3"])
    assert _verdict(machine, judged["clone"], (0x10000,)) == 0 and _verdict(machine, judged["clone"], (17,)) == 1
    assert _verdict(machine, judged["prlimit64"], (0, 7, 0)) == 0
    assert (
        _verdict(machine, judged["prlimit64"], (0, 7, 1))
        == 1
        == _verdict(machine, judged["prlimit64"], (0, 7, 1 << 32))
    )
    assert _verdict(machine, judged["tgkill"], (77, 78, 6)) == 0 and _verdict(machine, judged["tgkill"], (1, 1, 9)) == 1
    assert _verdict(machine, judged["prctl"], (15,)) == 0 and _verdict(machine, judged["prctl"], (1,)) == 1
    for flags, answer in (
        (os.O_RDONLY | os.O_CLOEXEC, 0),
        (os.O_WRONLY, 1),
        (os.O_RDWR, 1),
        (os.O_CREAT, 1),
        (os.O_TRUNC, 1),
    ):
        assert _verdict(machine, judged["openat"], (0, 0, flags)) == answer
