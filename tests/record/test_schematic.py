"""A schematic has every device of the circuit once, with its nets and its size, wherever it fits."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from eda_agent.insight.drawing import device_name, parts, plain_net
from eda_agent.problem.spec import Problem
from eda_agent.record.schematic import COLUMN, schematic


def texts(drawn: ElementTree.Element, kind: str) -> list[str]:
    return [text.text or "" for text in drawn.iter("text") if text.get("class") == kind]


def test_every_device_of_every_circuit_is_drawn_once(problems: dict[str, Problem]) -> None:
    for name, problem in problems.items():
        found = parts(problem, problem.space.initial)
        drawn = ElementTree.fromstring(schematic(found, name))  # our own text
        devices = [one.name for one in (*found.structure.fets, *found.structure.passives)]
        symbols = texts(drawn, "name")
        assert len(symbols) == len(set(symbols)), name
        listed = [text.text or "" for text in drawn.iter("text") if text.get("x") == "4"]
        for device in devices:
            label = device_name(device)
            here = (label[:15] + "…" if len(label) > 16 else label) in symbols
            assert here != any(f" {label} " in f" {line} " for line in listed), (name, device)
        # symbols do not leave their columns, and every y is inside the drawing
        width, height = float(drawn.get("width", 0)), float(drawn.get("height", 0))
        assert width % COLUMN == 0
        for line in drawn.iter("line"):
            assert 0 <= float(line.get("x2", 0)) <= width and 0 <= float(line.get("y2", 0)) <= height


def test_a_mosfet_has_its_gate_its_nets_and_its_size(problems: dict[str, Problem]) -> None:
    problem = problems["two_stage_miller"]
    found = parts(problem, {**problem.space.initial, "W6": 12e-6})
    drawn = ElementTree.fromstring(schematic(found, "miller"))  # our own text
    all_texts = [text.text or "" for text in drawn.iter("text")]
    for fet in found.structure.fets:
        place = all_texts.index(device_name(fet.name))
        # the order within a symbol: gate, name, role, size
        assert all_texts[place - 1] == plain_net(fet.gate)
        assert all_texts[place + 2] == found.sizes[fet.name]
    arrows = sum(path.get("class") == "arrow" for path in drawn.iter("path"))
    bubbles = sum(circle.get("r") == "4" for circle in drawn.iter("circle"))
    assert arrows == len(found.structure.fets)
    assert bubbles == sum(fet.type == "pmos" for fet in found.structure.fets)
    # a shared tail is drawn once and named in the other branch
    assert "M5 as before" in all_texts
