"""The technology of a placed layout, and the names of its layers where no technology is registered."""

from __future__ import annotations

from pathlib import Path

import pya
import pytest

from eda_agent.klayout import technology
from eda_agent.klayout.table import Table, read_table


@pytest.fixture
def table() -> Table:
    return read_table("sky130A")


def test_layers_without_a_technology_are_named_by_the_table(table: Table) -> None:
    assert technology.technology_of(table) == ""
    layout, view = pya.Layout(), pya.LayoutView(True)
    for number in ((65, 20), (66, 20), (67, 20), (67, 5), (67, 44), (68, 20), (89, 44), (67, 16), (200, 0)):
        layout.layer(*number)
    layout.create_cell("top")
    technology.show(view, layout)
    view.add_missing_layers()
    technology.name_layers(view, table)
    names = {(node.source_layer, node.source_datatype): node.name for node in view.each_layer()}
    assert names == {
        (65, 20): "active 65/20",
        (66, 20): "poly 66/20",
        (67, 20): "metal1 67/20",
        (67, 5): "metal1 label 67/5",
        (67, 16): "pin 67/16",
        (67, 44): "via1 67/44",
        (68, 20): "metal2 68/20",
        (89, 44): "capacitor 1 89/44",
        (200, 0): "",
    }


def test_the_technology_of_the_process_is_shown_with_its_layers(table: Table, tmp_path: Path) -> None:
    (tmp_path / "own.lyp").write_text(
        "<layer-properties><properties><visible>true</visible><name>diffusion</name><source>65/20@1</source>"
        "</properties></layer-properties>"
    )
    made = pya.Technology.create_technology("sky130")
    made.default_base_path, made.layer_properties_file, made.add_other_layers = str(tmp_path), "own.lyp", False
    try:
        assert technology.technology_of(table) == "sky130"
        layout, view = pya.Layout(), pya.LayoutView(True)
        layout.technology_name = "sky130"
        layout.layer(65, 20)
        layout.create_cell("top")
        technology.show(view, layout)
        technology.name_layers(view, table)
        assert [node.name for node in view.each_layer()] == ["diffusion"]
        assert view.active_cellview().technology == "sky130"
    finally:
        pya.Technology.remove_technology("sky130")
