"""Stub devices are what a netlist of all of them reads as, and few of them are read."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from eda_agent.problem import element
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.netlist import parse_netlist
from eda_agent.problem.pdk import stub_devices as module
from eda_agent.problem.pdk.registry import find_pdk, pdk_names
from eda_agent.problem.pdk.stub_devices import stub_devices


@pytest.mark.parametrize("name", pdk_names())
def test_they_are_what_the_whole_netlist_reads_as(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pdk = find_pdk(name)
    text = "".join(module._stub(device, rule) for device, rule in pdk.devices.items())
    expected = parse_netlist(logical_lines(text, Path("stub devices"))).subcircuits
    module._stubs.cache_clear()
    module._parsed.cache_clear()
    read: list[int] = []
    split = element._split
    monkeypatch.setattr(element, "_split", lambda lines, findings: read.append(1) or split(lines, findings))
    found = stub_devices(pdk)
    assert list(found) == list(expected)
    # the shapes: MOSFETs, two-terminal devices of three kinds and three sizes, bipolars
    assert len(read) <= 12
    for device, stub in found.items():
        whole = expected[device]
        assert [getattr(stub, field) for field in ("name", "ports", "defaults", "params")] == [
            getattr(whole, field) for field in ("name", "ports", "defaults", "params")
        ]
        for one, other in zip(stub.devices, whole.devices, strict=True):
            assert dataclasses.replace(one, line=other.line) == other
            assert one.line.text == other.line.text and one.line.raw == other.line.raw
