"""Taps, guard rings, wells, marks, pins and labels by the rules of the foundries' tables, measured on the drawn
shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pya
import pytest

from eda_agent.insight.devices import devices
from eda_agent.klayout import library, place
from eda_agent.klayout.instances import instances
from eda_agent.klayout.rules import Rules, rules_of
from eda_agent.klayout.table import Device, read_table
from eda_agent.klayout.table import devices as read_devices
from eda_agent.problem.spec import Problem

from .stand_ins import Library, version
from .test_layout import known

THIN = {
    "sky130A": ("sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"),
    "gf180mcuD": ("nfet_03v3", "pfet_03v3"),
    "ihp-sg13g2": ("sg13_lv_nmos", "sg13_lv_pmos"),
}
THICK = {"gf180mcuD": ("nfet_06v0", "pfet_06v0"), "ihp-sg13g2": ("sg13_hv_nmos", "sg13_hv_pmos")}
CASES = [(name, "thin") for name in THIN] + [(name, which) for name in THICK for which in ("thick", "mixed")]


class Drawn:
    """A placed circuit; `of` gives the merged shapes of a named layer."""

    def __init__(self, process: str, which: str, problem: Problem):
        self.found = devices(problem, known(problem))
        table = library.present(read_table(process))
        rules = rules_of(table)
        assert rules is not None
        self.rules: Rules = rules
        self.devices = [self._of(process, which, one) for one in read_devices(self.found)]
        self.layout = pya.Layout()
        self.layout.dbu = 0.001
        rails = tuple(self.found["rails"])
        self.cell = place.place(self.layout, self.found["name"], self.devices, rails, table, None, self.found["ports"])
        self.units = [(instance, name) for instance, name, _ in instances(self.cell, table)]
        if "nplus" not in rules.layers:
            self.implants = self.of("active") - self.of("pplus"), self.of("pplus")
        else:
            self.implants = self.of("nplus"), self.of("pplus")

    @staticmethod
    def _of(process: str, which: str, device: Device) -> Device:
        """A device with a model of the process; of mixed oxides the sources of the rails are the thin ones."""
        thick = which == "thick" or (which == "mixed" and device.nets[2] not in ("vdd", "vss"))
        model = (THICK if thick else THIN)[process][device.kind == "pmos"]
        return replace(device, model=model, length=max(device.length, 0.8e-6))

    def of(self, name: str) -> pya.Region:
        return self.on(self.rules.layers[name])

    def on(self, layer: tuple[int, int]) -> pya.Region:
        return pya.Region(self.cell.begin_shapes_rec(self.layout.layer(*layer))).merged()

    def boxes(self, names: set[str]) -> pya.Box:
        found = pya.Box()
        for instance, name in self.units:
            if name.removesuffix(" dummy") in names:
                found += instance.bbox()
        return found


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def drawn(request: pytest.FixtureRequest, problems: dict[str, Problem]) -> Iterator[Drawn]:
    process, which = request.param
    own = Library(version(process))
    try:
        yield Drawn(process, which, problems["folded_cascode"])
    finally:
        own.delete()


def test_taps_are_as_near_as_latch_up_asks(drawn: Drawn) -> None:
    """Every source and drain has a tap of its own well within reach."""
    nplus, pplus = drawn.implants
    active, well = drawn.of("active") | drawn.of("tap"), drawn.of("nwell")
    reach = round(drawn.rules.reach / drawn.layout.dbu)
    circle = pya.Polygon.ellipse(pya.Box(-reach, -reach, reach, reach), 64)
    for diffusion, tap in (
        ((active - well) & nplus, (active - well) & pplus),
        ((active & well) & pplus, (active & well) & nplus),
    ):
        assert not diffusion.is_empty() and not tap.is_empty()
        assert (diffusion - tap.minkowski_sum(circle)).is_empty()


def test_wells_are_merged_or_apart(drawn: Drawn) -> None:
    """One well for each net and oxide, as far from the others as different nets ask."""
    wells = drawn.of("nwell")
    kinds = {(one.nets[3], "hv" in one.model or "06v0" in one.model) for one in drawn.devices if one.kind == "pmos"}
    assert len(kinds) <= wells.count() <= 2 * len(kinds)
    dbu = drawn.layout.dbu
    assert wells.space_check(round(drawn.rules.well_space / dbu)).is_empty()
    pwell = (drawn.of("active") | drawn.of("tap")) - wells
    assert wells.separation_check(pwell, round(drawn.rules.well_away / dbu) - 1).is_empty()


def test_implants_and_contacts_keep_their_distance(drawn: Drawn) -> None:
    dbu, rules = drawn.layout.dbu, drawn.rules
    own = pya.Region(drawn.cell.shapes(rules.layer(drawn.layout, "contact"))).merged()
    assert own.count() > 100
    assert own.space_check(round(rules.contact_space / dbu)).is_empty()
    assert own.width_check(round(rules.contact / dbu)).is_empty()
    for name in ("nplus", "pplus"):
        if name in rules.layers:
            assert drawn.of(name).space_check(round(rules.implant_space / dbu)).is_empty()


def test_the_input_pair_has_a_closed_ring(drawn: Drawn) -> None:
    pair = {row["name"] for row in drawn.found["devices"] if row["role"] == "input pair"}
    tap = pya.Region(drawn.cell.shapes(drawn.rules.layer(drawn.layout, "tap"))).merged()
    holes = [pya.Region(pya.Polygon([*ring.each_point_hole(0)])) for ring in tap.each() if ring.holes()]
    assert pair and any((pya.Region(drawn.boxes(pair)) - hole).is_empty() for hole in holes)


def test_thick_oxide_is_marked_over_its_devices_alone(drawn: Drawn) -> None:
    """The first mark covers each thick device with the tap of its well, and no thin device."""
    if not drawn.rules.marks:
        pytest.skip("the process's PCells have one oxide")
    mark = drawn.on(drawn.rules.marks[0])
    models = {device.name: device.model for device in drawn.devices}
    for instance, name in drawn.units:
        active = pya.Region(instance.cell.begin_shapes_rec(drawn.rules.layer(drawn.layout, "active")))
        active.transform(instance.cplx_trans)
        thick = "hv" in models[name.removesuffix(" dummy")] or "06v0" in models[name.removesuffix(" dummy")]
        assert (active - mark if thick else active & mark).is_empty(), name
    assert mark.space_check(round(0.4 / drawn.layout.dbu)).is_empty()
    # no well, and no tap of one, is cut by a mark
    wells, taps = drawn.of("nwell"), drawn.of("nwell") & drawn.of("tap")
    for region in (wells, taps):
        assert (region.interacting(mark) - mark).is_empty()


def test_pins_are_on_the_layer_of_their_terminal(drawn: Drawn) -> None:
    """Each port has one pin on its metal or poly, with its name as a label there."""
    rules, layout, seen = drawn.rules, drawn.layout, {}
    for on, pin, label in (("metal", "pin", "label"), ("poly", "poly_pin", "poly_label")):
        if pin not in rules.layers:
            continue
        texts = [one for one in drawn.cell.shapes(rules.layer(layout, label)).each() if one.is_text()]
        for shape in drawn.cell.shapes(rules.layer(layout, pin)).each():
            if shape.is_text():
                continue
            assert (pya.Region(shape.box) - drawn.of(on)).is_empty()
            here = {one.text_string for one in texts if shape.box.contains(pya.Point(one.text_trans.disp))}
            assert len(here & set(drawn.found["ports"])) == 1
            seen[next(iter(here & set(drawn.found["ports"])))] = on
    used = {net for device in drawn.devices for net in device.nets}
    assert set(seen) == {port for port in drawn.found["ports"] if port in used}


def test_what_is_drawn_around_the_pcells_is_on_the_grid(drawn: Drawn) -> None:
    step = round(drawn.rules.grid / drawn.layout.dbu)
    pins = {drawn.rules.layers.get(name) for name in ("pin", "poly_pin")}
    for index in drawn.layout.layer_indexes():
        info = drawn.layout.get_info(index)
        # a pin is as large as the PCell's terminal
        for polygon in pya.Region(drawn.cell.shapes(index)).each() if (info.layer, info.datatype) not in pins else ():
            assert all(point.x % step == 0 and point.y % step == 0 for point in polygon.each_point_hull()), info
    for instance, _ in drawn.units:
        assert instance.trans.disp.x % step == 0 and instance.trans.disp.y % step == 0
