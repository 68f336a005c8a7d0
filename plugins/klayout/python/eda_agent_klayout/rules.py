"""Rules are the distances and layers that a layout needs around the PCells of a process: taps, guard rings, merged
wells and implants, labels and pins.

They stand in the process's table under `rules`, lengths in µm. A table without them places its PCells with wide gaps
and draws nothing around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pya

from .table import Table, TableError


@dataclass(frozen=True)
class Rules:
    """`grid`: of manufacturing. `reach`: the largest distance from a diffusion to the tap of its well that latch-up
    allows. `taps`: whether taps must be drawn, as the PCells have none. A process with two gate oxides has one set of
    distances, which both allow.

    `contact`, `contact_space`: side of a contact, and between two; `around_contact`: of tap and metal beyond it.
    `space`: between diffusions. `implant`, `implant_space`: beyond a
    diffusion, and between two of a kind, which are merged where they are nearer. `well`: beyond what is in it;
    `well_space`: between wells of different nets; `well_away`: from a well to
    what stands outside it. `unit_gap`: between the boxes of neighbouring PCells. `layers`: name → (layer, datatype).
    `marks`: the layers by which a PCell marks thick oxide; `mark`: of a mark beyond taps and well; `mark_away`: from
    it to a device without.
    """

    layers: Mapping[str, tuple[int, int]]
    grid: float
    reach: float
    contact: float
    contact_space: float
    around_contact: float
    space: float
    implant: float
    implant_space: float
    well: float
    well_space: float
    well_away: float
    unit_gap: float = 0.25
    taps: bool = True
    marks: tuple[tuple[int, int], ...] = ()
    mark: float = 0.0
    mark_away: float = 0.0

    @property
    def tap_width(self) -> float:
        """Of a strip with one row of contacts."""
        return round(self.contact + 2 * self.around_contact, 6)

    def layer(self, layout: pya.Layout, name: str) -> int:
        """Its index in a layout, made where it is new."""
        return layout.layer(pya.LayerInfo(*self.layers[name]))


NEEDED = ("active", "tap", "poly", "pplus", "nwell", "contact", "metal", "label", "pin")
"""Names of layers."""
OPTIONAL = ("nplus", "poly_label", "poly_pin")
"""Names of layers: without `nplus`, all that is not p+ is n+; those of poly are for PCells whose gates have no contact.
"""


def rules_of(table: Table) -> Rules | None:
    """The rules of a table, its `layers` among them; None where it has none. Raises `TableError` for what is none."""
    if not table.rules:
        return None
    words: dict[str, Any] = dict(table.layers or {})
    if "metals" in words:
        words["metal"], words["label"] = words["metals"][0]
    words |= table.rules.get("layers", {})
    words.setdefault("tap", words.get("active"))
    missing = [name for name in NEEDED if not isinstance(words.get(name), str)]
    if missing:
        raise TableError(
            f"the table of {table.library} has rules and no layer {', '.join(missing)}\n    → see tables/sky130A.json"
        )
    layers = {name: layer_of(words[name]) for name in (*NEEDED, *OPTIONAL) if name in words}
    marks = tuple(layer_of(one) for one in table.rules.get("marks", ()))
    try:
        return Rules(**{**table.rules, "layers": layers, "marks": marks})
    except TypeError as error:
        raise TableError(f"the rules of the table of {table.library}: {error}\n    → see tables/sky130A.json") from None


def layer_of(words: str) -> tuple[int, int]:
    """Layer and datatype of "layer/datatype"."""
    layer, datatype = words.split("/")
    return int(layer), int(datatype)
