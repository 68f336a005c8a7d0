"""Layouts against an extraction of their own: every shipped circuit placed and checked by LVS, resized through GDS and
OASIS, and what must be refused.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pya
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.errors import InputError, MissingError
from eda_agent.insight.devices import devices
from eda_agent.klayout import (
    fold,
    instances,
    lvs,
    markers,
    mos,
    place,
    planning,
    process,
    recognition,
    same_circuit,
    title,
    writeback,
)
from eda_agent.klayout.steps import finish
from eda_agent.klayout.table import Device, Table, TableError, key, read_table
from eda_agent.klayout.table import devices as read_devices
from eda_agent.klayout.wording import counted, cut
from eda_agent.problem.spec import Problem
from tests.conftest import CIRCUITS, NAMES


@pytest.fixture(scope="module")
def table() -> Table:
    mos.library()
    return read_table("demonstration")


def known(problem: Problem) -> Mapping[str, float]:
    sizing: Mapping[str, float] = json.loads((CIRCUITS / problem.name / "known.json").read_text())["sizing"]
    return sizing


def placed(problem: Problem, sizing: Mapping[str, float], table: Table) -> tuple[pya.Layout, pya.Cell]:
    found = devices(problem, sizing)
    layout = pya.Layout()
    layout.dbu = 0.001
    return layout, place.place(layout, found["name"], read_devices(found), tuple(found["rails"]), table)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_placed_is_the_circuit(problems: dict[str, Problem], table: Table, name: str) -> None:
    """LVS of the drawn shapes; nothing overlaps; every matched group that could be mirrored has one centroid."""
    problem = problems[name]
    found = devices(problem, known(problem))
    layout, cell = placed(problem, known(problem), table)
    result = lvs.check(layout, cell, found)
    assert result.devices_match, result.differences
    # the cross-reference finds every device where it was drawn
    where = lvs.places(result.database)
    for instance, device, values in instances.instances(cell, table):
        if not values["dummy"]:
            assert any(instance.dbbox().contains(point) for point in where[device]), device
    boxes = [instance.bbox() for instance in cell.each_inst()]
    assert not any((one & other).area() for number, one in enumerate(boxes) for other in boxes[number + 1 :])
    # another circuit is not taken for it
    wrong = {
        **found,
        "devices": [
            {**row, "w": row["w"] * (1.1 if number == 0 else 1.0)} for number, row in enumerate(found["devices"])
        ],
    }
    assert not lvs.check(layout, cell, wrong).devices_match


def test_what_is_drawn_is_what_was_looked_at(problems: dict[str, Problem], table: Table) -> None:
    """XOR with a layout that was looked at, layer by layer. EDA_AGENT_GOLDEN=draw writes it anew."""
    layout, cell = placed(problems["ota_5t"], known(problems["ota_5t"]), table)
    path = Path(__file__).parent / "golden" / "ota_5t.oas"
    if os.environ.get("EDA_AGENT_GOLDEN") == "draw":
        layout.write(str(path))
    golden = pya.Layout()
    golden.read(str(path))
    top = next(one for one in golden.top_cells() if not one.is_proxy())
    # by number: the file has the names of an earlier version
    drawn = {(info.layer, info.datatype) for info in layout.layer_infos()}
    assert drawn >= {(info.layer, info.datatype) for info in golden.layer_infos()}
    for info in layout.layer_infos():
        here, there = (
            pya.Region(cell.begin_shapes_rec(layout.layer(info))),
            pya.Region(top.begin_shapes_rec(golden.layer(info.layer, info.datatype))),
        )
        assert (here ^ there).is_empty(), str(info)


@pytest.mark.parametrize("suffix", [".gds", ".oas"])
@pytest.mark.parametrize("name", ["ota_5t", "two_stage_miller", "folded_cascode"])
def test_sizes_are_written_back_through_a_file(
    problems: dict[str, Problem], table: Table, tmp_path: Path, name: str, suffix: str
) -> None:
    problem = problems[name]
    layout, cell = placed(problem, known(problem), table)
    layout.write(str(tmp_path / f"before{suffix}"))
    again = pya.Layout()
    again.read(str(tmp_path / f"before{suffix}"))
    cell = next(one for one in again.top_cells() if not one.is_proxy())
    # every length and width a tenth larger; m stays
    space = problem.space
    sizing = {
        one.name: value if one.unit == "" else one.snap(value * 1.1)
        for one, value in zip(space.parameters, known(problem).values(), strict=True)
    }
    found = devices(problem, sizing)
    plan = planning.plan(again, cell, read_devices(found), table)
    changed = {change.device.removesuffix(" dummy") for change in plan.changes}
    moved = {
        row["name"]
        for row, old in zip(found["devices"], devices(problem, known(problem))["devices"], strict=True)
        if (row["w"], row["l"]) != (old["w"], old["l"])
    }
    assert changed == moved and moved and not plan.missing and not plan.foreign
    assert not lvs.check(again, cell, found).devices_match
    assert writeback.apply(plan) == len(plan.changes)
    result = lvs.check(again, cell, found)
    assert result.devices_match, result.differences
    assert not planning.plan(again, cell, read_devices(found), table).changes


def test_a_plan_changes_nothing_and_says_what_stands_in_the_way(problems: dict[str, Problem], table: Table) -> None:
    problem = problems["ota_5t"]
    layout, cell = placed(problem, known(problem), table)
    before = {str(instance.pcell_parameters_by_name()) for instance in cell.each_inst()}
    variants = layout.cells()
    pair = next(instance for instance, name, _ in instances.instances(cell, table) if name == "xm1")
    cell.shapes(layout.layer(7, 0)).insert(pair.bbox().moved(0, 100))
    found = devices(problem, known(problem))
    rows = [{**row, "l": row["l"] * 4 if row["role"] == "input pair" else row["l"]} for row in found["devices"]]
    rows[0]["name"] = "gone"
    plan = planning.plan(layout, cell, read_devices({**found, "devices": rows}), table)
    assert "xm1" in plan.foreign and plan.missing == ["gone"]
    said = " ".join(text for text, _ in plan.conflicts)
    assert "would overlap" in said and "xm2: wires touch it" not in said
    # by the names of the devices, not of their PCell; equal lines are counted
    assert "xm2 and xm1 would overlap" in said
    assert counted(["a", "b", "a"]) == ["a (2 times)", "b"]
    assert cut(["a"] * 37)[20:] == ["… and 17 more, in the netlist browser"] and cut(["a"] * 20) == ["a"] * 20
    # a guard ring is not met by chance
    wide = [{**row, "l": row["l"] * 20 if row["role"] == "input pair" else row["l"]} for row in found["devices"]]
    further = planning.plan(layout, cell, read_devices({**found, "devices": wide}), table)
    assert "it grows into what is drawn beside it" in " ".join(text for text, _ in further.conflicts)
    assert {
        str(instance.pcell_parameters_by_name()) for instance in cell.each_inst()
    } == before and layout.cells() == variants
    report = pya.ReportDatabase("plan")
    finish(markers.reporting(plan, cell, report))
    assert report.num_items() == len(plan.changes) + len(plan.conflicts)


def test_half_of_a_group_is_not_written(problems: dict[str, Problem], table: Table) -> None:
    """A mirror whose ratio changes must be generated anew: its other half stays as it is."""
    problem = problems["ota_5t"]
    layout, cell = placed(problem, known(problem), table)
    sizing = dict(known(problem)) | {
        "mt": 7.0 if known(problem)["mt"] != 7.0 else 9.0,
        "Wb": known(problem)["Wb"] * 1.5,
    }
    plan = planning.plan(layout, cell, read_devices(devices(problem, sizing)), table)
    assert any("place it again" in text for text, _ in plan.conflicts)
    assert not {change.device for change in plan.changes} & {"xm5", "xm6"}
    # it is said of each, with its reason
    assert plan.left == ["xm6: left as it is, because matched with xm5"]
    assert plan.refused[0].startswith("xm5: ") and plan.refused[0] in plan.reasons and plan.left[0] in plan.reasons


def test_the_refusal_of_another_circuit_lists_all_that_differs(problems: dict[str, Problem], table: Table) -> None:
    _layout, cell = placed(problems["ota_5t"], known(problems["ota_5t"]), table)
    title.put(cell, devices(problems["ota_5t"], known(problems["ota_5t"])), "demonstration", mos.LIBRARY)
    other = devices(problems["two_stage_miller"], known(problems["two_stage_miller"]))
    sized, ports = read_devices(other), [*other["ports"], "more"]
    with pytest.raises(ValueError) as error:
        same_circuit.refuse_another(
            cell, [*sized[:-1], replace(sized[-1], name="mine")], table, None, "opamp", (), ports
        )
    words = str(error.value)
    for name in ("xm1", "xm2", "xm3", "xm4", "xm5"):
        assert f"{name} is " in words and f"{name} is connected to " in words
    assert "not in the layout: xm7, mine" in words and "of the run: " in words and " more\n" in words
    fewer = [*sized[6:], *(replace(one, name=f"n{number}") for number, one in enumerate(sized[:6]))]
    with pytest.raises(ValueError, match=r"not in the layout: .*n0, n1.*\nnot in the run: xm4, xm3"):
        same_circuit.refuse_another(cell, fewer, table, None, "opamp")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 8), min_size=2, max_size=4), st.integers(1, 4))
def test_arrays_have_all_fingers_and_one_centroid(copies: list[int], nf: int) -> None:
    group = [
        Device(f"m{number}", "nmos", nf * 2e-6, 1e-6, nf, m, ("d", "g", "s", "b"), 0) for number, m in enumerate(copies)
    ]
    row = fold.common_centroid(group)
    assert row[0].dummy and row[-1].dummy and not any(unit.dummy for unit in row[1:-1])
    inner = row[1:-1]
    fingers = Counter(unit.device.name for unit in inner for _ in range(unit.fingers))
    assert fingers == {device.name: device.fingers for device in group}
    size = inner[0].fingers
    for device in group:
        places = [number for number, unit in enumerate(inner) if unit.device is device]
        centre = sum(places) / len(places) - (len(inner) - 1) / 2
        # an odd unit stands in the middle beside those of others
        assert abs(centre) * len(places) <= (len(group) / 2 if device.fingers // size % 2 else 0)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["nmos", "pmos"]),
    width=st.floats(0.2, 40),
    length=st.floats(0.15, 5),
    nf=st.integers(1, 9),
    m=st.integers(1, 5),
)
def test_a_transistor_is_extracted_as_it_was_asked_for(kind: str, width: float, length: float, nf: int, m: int) -> None:
    mos.library()
    layout = pya.Layout()
    layout.dbu = 0.001
    cell = layout.create_cell("top")
    width = max(round(width, 3), nf * mos.NARROWEST)
    variant = layout.create_cell(
        "MOS", mos.LIBRARY, {"kind": kind, "width": width, "length": length, "nf": nf, "m": m, "nets": "d g s b"}
    )
    cell.insert(pya.CellInstArray(variant.cell_index(), pya.Trans()))
    extracted = recognition.extract(layout, cell)
    found = list(next(iter(extracted.netlist().each_circuit_top_down())).each_device())
    assert len(found) == 1
    device = found[0]
    assert device.device_class().name == kind
    # fingers are whole grid steps
    assert device.parameter("W") == pytest.approx(width * m, abs=0.0005 * nf * m + 1e-9)
    assert device.parameter("L") == pytest.approx(length, abs=0.0011)
    nets = [device.net_for_terminal(terminal).name for terminal in "DGSB"]
    assert {nets[0], nets[2]} == {"d", "s"} and nets[1] == "g" and nets[3] == "b"


def test_lvs_says_what_it_compared() -> None:
    """Two copies of a transistor: what joins their nets is counted net by net, as metal is drawn; only the whole
    circuit is a match.
    """
    mos.library()
    layout = pya.Layout()
    layout.dbu = 0.001
    cell = layout.create_cell("pair")
    variant = layout.create_cell(
        "MOS", mos.LIBRARY, {"kind": "nmos", "width": 2.0, "length": 0.5, "nf": 1, "m": 1, "nets": "d g s b"}
    )
    for x in (0, 5000):
        cell.insert(pya.CellInstArray(variant.cell_index(), pya.Trans(x, 0)))
    row = {"name": "m1", "kind": "nmos", "w": 2e-6, "l": 0.5e-6, "nf": 1, "m": 2, "nets": ["d", "g", "s", "b"]}
    found = {"name": "pair", "ports": ["d", "g", "s", "b"], "devices": [row], "others": [], "pdk": "ptm45"}
    result = lvs.check(layout, cell, found)
    assert result.devices_match and not result.match and result.routed == () and result.unrouted == ("b", "d", "g", "s")
    assert "4 of 4 nets are not routed" in result.headline and "LVS was not run" in result.lines[-1]
    # metal along the line of a terminal, whose label says where it is
    labels = {
        shape.text_string: shape.text_trans.disp
        for shape in variant.shapes(layout.layer(*process.LAYERS["label"])).each()
    }
    for count, net in enumerate("dgsb", start=1):
        y = labels[net].y
        cell.shapes(layout.layer(*process.LAYERS["metal1"])).insert(
            pya.Box(labels[net].x, y - 50, labels[net].x + 5000, y + 50)
        )
        result = lvs.check(layout, cell, found)
        assert result.devices_match and set(result.routed) == set("dgsb"[:count]), result.routed
    assert result.match and "match (1 transistor, 4 nets)" in result.headline
    left = lvs.check(layout, cell, {**found, "others": ["r1", "c1"]})
    assert (
        not left.match
        and left.devices_match
        and "2 devices are not drawn" in left.headline
        and "r1, c1" in " ".join(left.lines)
    )
    empty = layout.create_cell("empty")
    nothing = lvs.check(layout, empty, found)
    assert not nothing.match and nothing.differences == ("the layout has no transistor",)


def test_nets_are_compared_without_case(problems: dict[str, Problem], table: Table) -> None:
    """As in SPICE; a net that differs only by its devices does not hide them in the report."""
    problem = problems["ota_5t"]
    layout, cell = placed(problem, known(problem), table)
    found = devices(problem, known(problem))
    pieces = [
        (instance, values)
        for instance in cell.each_inst()
        if instance.is_pcell() and (values := instance.pcell_parameters_by_name()).get("device") == "xm1"
    ]
    for instance, values in pieces:
        instance.change_pcell_parameter("nets", values["nets"].upper())
    assert lvs.check(layout, cell, found).differences == ()
    next(instance for instance, values in pieces if not values["dummy"]).delete()
    (difference,) = lvs.check(layout, cell, found).differences
    assert difference.startswith("device XM1: W ")


def test_tables_of_processes_are_complete() -> None:
    for name in ("demonstration", "sky130A", "gf180mcuD", "ihp-sg13g2"):
        table = read_table(name)
        device = Device("m1", "pmos", 4e-6, 0.5e-6, 2, 1, ("d", "g", "s", "b"))
        values = table.values(device, 2)
        assert table.length(values[table.parameters["w"]]) == pytest.approx(2e-6 if table.finger else 4e-6)
        assert table.kind(table.cells["pmos"]["cell"], values) == "pmos"
    with pytest.raises(TableError, match="demonstration"):
        read_table("nowhere")


def test_export_writes_layouts(tmp_path: Path, problems: dict[str, Problem]) -> None:
    from eda_agent.cli.layout import write_layout

    problem = problems["ota_5t"]
    found = devices(problem, known(problem))
    result = write_layout(found, tmp_path / "a.gds", None, "demonstration", None)
    # nothing is routed yet: the transistors agree, and that is no match
    assert (
        result["lvs"]["devices_match"]
        and not result["lvs"]["match"]
        and result["lvs"]["differences"] == []
        and result["placed"] == 6
    )
    assert "match" not in result["lvs"]["headline"] and set(result["lvs"]["not_routed"]) > {"tail", "out"}
    before = (tmp_path / "a.gds").read_bytes()
    result = write_layout(found, tmp_path / "b.oas", tmp_path / "a.gds", "demonstration", None)
    assert result["changes"] == [] and (tmp_path / "a.gds").read_bytes() == before
    # the file that is read is never the one that is written, whatever it is called
    (tmp_path / "link.gds").symlink_to(tmp_path / "a.gds")
    os.link(tmp_path / "a.gds", tmp_path / "hard.gds")
    for name in ("a.gds", "link.gds", "hard.gds"):
        with pytest.raises(InputError, match="same file"):
            write_layout(found, tmp_path / name, tmp_path / "a.gds", "demonstration", None)
    # a run of another circuit
    other = problems["two_stage_miller"]
    with pytest.raises(
        InputError, match=r"does not hold the circuit opamp(?s:.)*xm3 is \w+ in the layout, \w+ in the run"
    ):
        write_layout(devices(other, known(other)), tmp_path / "b.oas", tmp_path / "a.gds", "demonstration", None)
    assert (tmp_path / "a.gds").read_bytes() == before
    (tmp_path / "torn.gds").write_bytes(before[:100])
    for source, out, name, said in (
        ("torn.gds", "c.gds", "demonstration", "cannot be read"),
        ("a.gds", "c.png", "demonstration", "in .gds or .oas"),
        (
            None,
            "c.gds",
            "gf180mcuD",
            (
                "no library gf180mcu with nfet and pfet or nmos and pmos is registered in this KLayout; there are"
                " .*eda-agent"
            ),
        ),
        (None, "c.gds", "nowhere", "no table"),
    ):
        with pytest.raises(InputError, match=said):
            write_layout(found, tmp_path / out, tmp_path / source if source else None, name, None)
        assert not list(tmp_path.glob("c*"))
    # a disk that does not take it: here a folder that is not there
    with pytest.raises(MissingError, match="none does not exist"):
        write_layout(found, tmp_path / "none" / "d.gds", None, "demonstration", None)


@pytest.mark.parametrize("suffix", [".gds", ".oas"])
@pytest.mark.parametrize("name", NAMES)
def test_a_layout_gives_back_the_circuit_that_it_was_made_of(
    name: str, suffix: str, problems: dict[str, Problem], tmp_path: Path
) -> None:
    """Process, ports, nets, models, device names and sizes, read by the front door: `init`'s own reading of netlists,
    through a file.
    """
    from eda_agent.cli.layout import write_layout
    from eda_agent.problem.elaborate import Elaboration
    from eda_agent.problem.netlist import parse_netlist
    from eda_agent.problem.pdk.stub_devices import stub_devices
    from eda_agent.problem.source import read_source

    problem = problems[name]
    found = devices(problem, known(problem))
    write_layout(found, tmp_path / f"a{suffix}", None, "demonstration", None)
    layout = pya.Layout()
    layout.read(str(tmp_path / f"a{suffix}"))
    cell = next(one for one in layout.top_cells() if not one.is_proxy())
    kept = title.find(cell)
    assert kept is not None and kept["pdk"] == problem.pdk.name and kept["ports"] == found["ports"]
    text = title.netlist(kept, cell, read_table(kept["table"]))
    (tmp_path / "again.spice").write_text(text)
    again = Elaboration(
        parse_netlist(read_source(tmp_path / "again.spice", [tmp_path])), kept["name"], stub_devices(problem.pdk)
    ).devices({})
    edits = problem.space.edits(known(problem))
    before = Elaboration(problem.netlist, problem.subckt, stub_devices(problem.pdk), tuple(edits)).devices(edits)
    # a flat netlist has no dots: the names are those that a write-back of its run finds again
    assert [device.label for device in again] == [key(device.label) for device in before]

    def inside(net: str) -> str:
        """As a net of the circuit's own top, whose instance a dot follows."""
        return f"xdut.{key(net.removeprefix('xdut.'))}" if net.startswith("xdut.") else net

    for here, there in zip(again, before, strict=True):
        assert (here.kind, list(here.nodes), here.library) == (
            there.kind,
            [inside(net) for net in there.nodes],
            there.library,
        )
        assert here.values.keys() == there.values.keys()
        for size, value in there.values.items():
            # each of up to six fingers is on a grid of 5 nm, and within the range of its parameter
            assert here.values[size] == pytest.approx(
                value,
                rel=2e-3 if size in {"ad", "as", "pd", "ps"} else 1e-6,
                abs=6.001 * 5e-9 / problem.pdk.scale if size == "w" else 1e-9 / problem.pdk.scale if size == "l" else 0,
            ), (here.label, size)


def test_every_layer_of_a_placement_has_a_name(problems: dict[str, Problem], table: Table) -> None:
    """Also that of the pins, which the layer list of the window shows."""
    layout, _ = placed(problems["ota_5t"], known(problems["ota_5t"]), table)
    assert {"label", "pin"} <= {info.name for info in layout.layer_infos()}
    assert all(info.name for info in layout.layer_infos())
