"""Placements against what an engineer expects of one: laws of geometry, measured on the drawn shapes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import hypot

import pya
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.insight.devices import devices
from eda_agent.klayout import place
from eda_agent.klayout.arrange import HIGH, LONG, arrange
from eda_agent.klayout.instances import instances as named_instances
from eda_agent.klayout.rules import Rules, rules_of
from eda_agent.klayout.table import DUMMY, Table, key
from eda_agent.klayout.table import devices as read_devices
from eda_agent.problem.spec import Problem
from tests.conftest import NAMES

from .test_layout import known, table

__all__ = ["table"]
DRAWN = ("active", "poly", "contact", "metal", "nplus", "pplus")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(1, 24), min_size=1, max_size=5), st.floats(0.3, 12), st.integers(0, 4),
)  # fmt: skip
def test_an_arrangement_has_every_unit_and_its_centroids_in_the_middle(
    counts: list[int], wide: float, chosen: int
) -> None:
    units = {f"m{number}": count for number, count in enumerate(counts)}
    reference = f"m{chosen}" if chosen < len(counts) else ""
    found = arrange(units, reference, (wide, 1.0))
    assert Counter(name for row in found.rows for name in row if name) == units
    assert len({len(row) for row in found.rows}) == 1
    middle = ((found.columns - 1) / 2, (len(found.rows) - 1) / 2)
    places: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for y, row in enumerate(found.rows):
        for x, name in enumerate(row):
            places[name or ""].append(((x - middle[0]) * wide, y - middle[1]))
    for name, count in units.items():
        centre = hypot(*(sum(axis) / count for axis in zip(*places[name], strict=True)))
        if all(number % 2 == 0 for number in counts):
            # two halves that mirror or turn into each other
            assert centre == pytest.approx(0.0, abs=1e-9)
        # one unit is out of balance, or the two of a mirrored row, by no more than the array is large
        assert centre * count <= hypot(found.columns * wide, len(found.rows)) + 1e-9
    # as many of a device are mirrored as are not, but for those in the middle or left over
    for name, count in units.items():
        turned = sum(x > 1e-9 for x, _ in places[name]) - sum(x < -1e-9 for x, _ in places[name])
        assert abs(turned) <= (count % 2)
    if len(counts) > 1 and reference and units[reference] < sum(counts) / 2:
        # the reference is nearer to the middle than the others are
        away = {name: sum(hypot(*where) for where in found) / len(found) for name, found in places.items() if name}
        assert away[reference] <= max(away.values()) + 1e-9
    shape = found.columns * wide / len(found.rows)
    assert len(found.rows) == 1 or shape >= 1 / HIGH or found.columns * wide * HIGH >= 1.0
    if max(counts) > 8 and 1 / 3 < wide < 3:
        assert shape <= LONG


def test_known_patterns() -> None:
    """As a book has them."""
    assert arrange({"a": 2, "b": 2}).rows in ([["a", "b", "b", "a"]], [["b", "a", "a", "b"]])
    quad = arrange({"a": 2, "b": 2}, "", (8.0, 1.0)).rows
    assert quad == [*reversed(quad)]
    # the reference of 1 : 8 in the middle of a square
    assert arrange({"r": 1, "c": 8}, "r", (1.0, 1.0)).rows in (
        [["c"] * 4 + ["r"] + ["c"] * 4],
        [["c"] * 3, ["c", "r", "c"], ["c"] * 3],
    )
    cross = arrange({"a": 12, "b": 12}, "", (1.0, 2.0)).rows
    assert len(cross) > 1
    pairs = [(one, other) for row in cross for one, other in pairwise(row)]
    assert sum(one != other for one, other in pairs) >= 0.5 * len(pairs)


@pytest.fixture(scope="module")
def layouts(problems: dict[str, Problem], table: Table) -> dict[str, tuple[pya.Layout, pya.Cell, dict]]:
    found = {}
    for name in NAMES:
        data = devices(problems[name], known(problems[name]))
        layout = pya.Layout()
        layout.dbu = 0.001
        found[name] = (
            layout,
            place.place(layout, data["name"], read_devices(data), tuple(data["rails"]), table, None, data["ports"]),
            data,
        )
    return found


def rules(table: Table) -> Rules:
    found = rules_of(table)
    assert found is not None
    return found


def arrays(cell: pya.Cell, table: Table, data: Mapping) -> Iterator[tuple[list[pya.Instance], list[str]]]:
    """The instances of each matched group that stands in one array, with the names of their devices."""
    blocks = {key(row["name"]): row["block"] for row in data["devices"]}
    groups: dict[tuple, list[tuple[pya.Instance, str]]] = defaultdict(list)
    for instance, name, values in named_instances(cell, table):
        own = key(name.removesuffix(DUMMY))
        if blocks[own] is not None:
            # devices of a group that are drawn otherwise have an array of their own
            groups[
                blocks[own], values["kind"], round(values["length"], 4), round(values["width"] / values["nf"], 4)
            ].append((instance, name))
    for group in groups.values():
        if len({name.removesuffix(DUMMY) for _, name in group}) > 1:
            yield [instance for instance, _ in group], [name for _, name in group]


@pytest.mark.parametrize("name", NAMES)
def test_arrays_are_symmetrical_and_on_one_axis(name: str, layouts: dict, table: Table) -> None:
    """The shapes of an array, dummies and straps with them, are their own mirror image; the axes of all arrays are one
    to half a step of the grid.
    """
    layout, cell, data = layouts[name]
    seen = 0
    for instances, _ in arrays(cell, table, data):
        box = pya.Box()
        for instance in instances:
            box += instance.bbox()
        axis = box.left + box.right
        assert abs(axis) <= 5
        boxes = Counter(instance.bbox() for instance in instances)
        image = Counter(pya.Box(axis - one.right, one.bottom, axis - one.left, one.top) for one in boxes.elements())
        seen += 1
        holes = sum(bool(instance.pcell_parameter("dummy")) for instance in instances) - 2 * len(
            {box.bottom for box in boxes}
        )
        if holes % 2:
            # one unit too few for rows of one length: a dummy faces a unit
            continue
        assert boxes == image
        middle = [instance for instance in instances if instance.bbox().left + instance.bbox().right == axis]
        if any(instance.pcell_parameter("nf") % 2 or instance.pcell_parameter("dummy") for instance in middle):
            # source and drain of one finger are not each other's image
            continue
        for which in DRAWN:
            region = pya.Region()
            for instance in instances:
                shapes = pya.Region(instance.cell.begin_shapes_rec(rules(table).layer(layout, which)))
                region += shapes.transformed(instance.cplx_trans)
            region.merge()
            assert (region ^ region.transformed(pya.Trans(pya.Trans.M90, axis, 0))).is_empty(), which
    assert seen or name == "tia"


@pytest.mark.parametrize("name", NAMES)
def test_the_channels_of_matched_devices_have_one_centroid(name: str, layouts: dict, table: Table) -> None:
    """Of the drawn channels: poly over active."""
    layout, cell, data = layouts[name]
    for instances, names in arrays(cell, table, data):
        area: dict[str, float] = defaultdict(float)
        moment: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        count: Counter[str] = Counter()
        for instance, device in zip(instances, names, strict=True):
            if instance.pcell_parameter("dummy"):
                continue
            shapes = [
                pya.Region(instance.cell.begin_shapes_rec(rules(table).layer(layout, which)))
                for which in ("active", "poly")
            ]
            for channel in (shapes[0] & shapes[1]).transformed(instance.cplx_trans).each():
                box = channel.bbox()
                area[device] += box.area()
                moment[device][0] += box.center().x * box.area()
                moment[device][1] += (box.top + box.bottom) / 2 * box.area()
            count[device] += 1
        centres = {device: (moment[device][0] / area[device], moment[device][1] / area[device]) for device in area}
        if all(units % 2 == 0 for units in count.values()):
            xs, ys = zip(*centres.values(), strict=True)
            assert max(xs) - min(xs) <= 5 and max(ys) - min(ys) <= 5, centres


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_on_grid_and_near_a_tap(name: str, layouts: dict, table: Table) -> None:
    layout, cell, _ = layouts[name]
    mine = rules(table)
    step = round(mine.grid / layout.dbu)

    def all_of(which: str) -> pya.Region:
        return pya.Region(cell.begin_shapes_rec(mine.layer(layout, which))).merged()

    for index in layout.layer_indexes():
        for polygon in pya.Region(cell.begin_shapes_rec(index)).each():
            # the middle of a contact row may be half a step off in the PCell itself, a row of ours is not
            assert all(point.x % step == 0 and point.y % step == 0 for point in polygon.each_point_hull()), (
                layout.get_info(index)
            )
    active, well, nplus, pplus = (all_of(which) for which in ("active", "nwell", "nplus", "pplus"))
    reach = pya.Polygon.ellipse(
        pya.Box(*[-round(mine.reach / layout.dbu)] * 2, *[round(mine.reach / layout.dbu)] * 2), 64
    )
    for diffusion, tap in (
        ((active - well) & nplus, (active - well) & pplus),
        ((active & well) & pplus, (active & well) & nplus),
    ):
        assert (diffusion - tap.minkowski_sum(reach)).is_empty()
    # transistors of one kind and bulk stand in one well
    bulks = {nets[3] for row in read_devices(layouts[name][2]) if row.kind == "pmos" for nets in (row.nets,)}
    assert well.count() <= 2 * len(bulks)


@pytest.mark.parametrize("name", NAMES)
def test_pins_are_on_metal_with_their_names(name: str, layouts: dict, table: Table) -> None:
    layout, cell, data = layouts[name]
    mine = rules(table)
    metal = pya.Region(cell.begin_shapes_rec(mine.layer(layout, "metal"))).merged()
    pins = pya.Region(cell.shapes(mine.layer(layout, "pin")))
    used = {net for row in data["devices"] for net in row["nets"]}
    assert pins.count() == len([port for port in data["ports"] if port in used]) and (pins - metal).is_empty()
    for pin in pins.each():
        box = pin.bbox()
        texts = {
            shape.text_string
            for shape in cell.shapes(mine.layer(layout, "label")).each()
            if box.contains(pya.Point(shape.text_trans.disp))
        }
        assert texts & set(data["ports"])


def test_pairs_have_a_guard_ring(layouts: dict, table: Table) -> None:
    """A ring of taps closes around the input pair of an amplifier: without it the pair's middle is inside, with it no
    way out is left.
    """
    layout, cell, data = layouts["two_stage_miller"]
    mine = rules(table)
    tap = pya.Region(cell.shapes(mine.layer(layout, "tap"))).merged()
    pair = {row["name"] for row in data["devices"] if row["role"] == "input pair"}
    box = pya.Box()
    for instance, name, _ in named_instances(cell, table):
        if name in pair:
            box += instance.bbox()
    rings = [polygon for polygon in tap.each() if polygon.holes()]
    assert [
        hole
        for ring in rings
        for hole in [pya.Region(pya.Polygon([*ring.each_point_hole(0)]))]
        if (pya.Region(box) - hole).is_empty()
    ]
