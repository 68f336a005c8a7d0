"""A fingerprint of a cell is a number that another drawing of it would not have: its instances, with their PCells and
places, and its own shapes.
"""

from __future__ import annotations

import pya

from .steps import Work, each

BITS = 64


def taking(cell: pya.Cell) -> Work[int]:
    """The fingerprint of a cell as it is now, the same in any order of its content."""
    total = 0
    seen: dict[int, str] = {}
    layout = cell.layout()

    def instance(one: pya.Instance) -> None:
        nonlocal total
        if one.cell_index not in seen:
            # a changed PCell is another variant: its name may be the same, its parameters are not
            variant = one.cell
            values = variant.pcell_parameters_by_name() if one.is_pcell() else {}
            seen[one.cell_index] = f"{variant.name} {values}"
        total += hash((seen[one.cell_index], str(one.cell_inst), one.prop_id))

    def shape(found: tuple[int, pya.Shape]) -> None:
        nonlocal total
        total += hash((found[0], str(found[1]), found[1].prop_id))

    yield from each("the layout is read", list(cell.each_inst()), instance)
    shapes = [(index, one) for index in layout.layer_indexes() for one in cell.shapes(index).each()]
    yield from each("the layout is read", shapes, shape)
    return total % 2**BITS
