"""Stand-ins for the resistors and capacitors of three processes: the parameters, defaults, choices and least sizes of
`published.json`, and of their drawing the bodies, heads, contacts, plates and vias, as the libraries draw them.

* SKY130: strips run upwards; the body of a high-resistance strip is drawn 0.12 µm longer.
* GF180MCU: strips run to the right, beside a tap; the older libraries call their length `w`. The bottom of a capacitor
  has no via; every option uses the same layer for the top.
* SG13G2: every parameter is a text; the body is on a layer of its own between heads of poly; a capacitor has vias of
  its own. A size below the least is drawn as the least.
"""

from __future__ import annotations

from typing import Any

import pya

Box = tuple[float, float, float, float]
GF_METALS = {"M3": ((36, 0), (38, 0), (42, 0)), "M4": ((42, 0), (40, 0), (46, 0)), "M5": ((46, 0), (41, 0), (81, 0))}
"""Bottom, via and the metal above of a capacitor."""


class Passive(pya.PCellDeclarationHelper):
    """`facts`: an entry of `PUBLISHED`; `cell`: one of its resistors and capacitors."""

    def __init__(self, facts: dict[str, Any], cell: str):
        super().__init__()
        self.kind, self.facts = cell, facts
        self.parameters = facts["passives"][cell]
        for name, given in self.parameters.items():
            value = given["default"] if isinstance(given, dict) else given
            text = isinstance(value, str) or isinstance(given, dict)
            self.param(name, self.TypeString if text else self.TypeDouble, name, default=value)

    def display_text_impl(self) -> str:
        return self.kind

    def _sized(self) -> tuple[str, str, float]:
        """Names of width and length, and the least of both, µm."""
        names = next(
            pair for pair in (("w_res", "l_res"), ("wc", "lc"), ("w", "len"), ("w", "l")) if pair[1] in self.parameters
        )
        least = {"res_poly": 0.33, "mim_cap": 2.0, "cap_mim": 5.0 if "wc" in self.parameters else 0.28, "mimcap": 0.28}
        return (*names, least.get(self.kind, float(self.parameters.get("w_res", 0.42) or 0.42)))

    def coerce_parameters_impl(self) -> None:
        if self.facts["table"] == "ihp-sg13g2":
            return
        width, length, least = self._sized()
        setattr(self, width, max(getattr(self, width), least))
        setattr(self, length, max(getattr(self, length), 0.5 if self.kind == "res_poly" else least))
        if getattr(self, "mim_option", "") == "MIM-A":
            self.metal_level = "M3"

    def produce_impl(self) -> None:
        for name, given in self.parameters.items():
            if isinstance(given, dict):
                value = getattr(self, name)
                assert value in (*given["choices"], given["default"], None, "") or value == "M3", (name, value)
        {"sky130A": self._sky130, "gf180mcuD": self._gf180, "ihp-sg13g2": self._sg13g2}[self.facts["table"]]()

    def _sky130(self) -> None:
        if self.kind == "mim_cap":
            # one metal higher for the other type
            up = 1 if self.type.endswith("m4") else 0
            metal, via, above = 70 + up, 70 + up, 71 + up
            self._draw((97 if up else 89, 44), (0, 0, self.w, self.l))
            self._draw((metal, 20), (-0.4, -0.4, self.w + 4, self.l + 0.4))
            for left in (self.w / 2, self.w + 2.5):
                self._draw((via, 44), (left, 0.5, left + 0.2, 0.7))
                self._draw((above, 20), (left - 0.2, 0.3, left + 0.4, 0.9))
            return
        side, end = self.w / 2, (self.len + 0.12 * ("high" in self.type)) / 2
        self._draw((66, 20), (-side, -end - 2.1, side, end + 2.1))
        self._draw((66, 13), (-side, -end, side, end))
        for low in (-end - 2.0, end + 0.1):
            self._draw((66, 44), (-0.085, low, 0.085, low + 1.9))
            self._draw((67, 20), (-side, low, side, low + 1.9))

    def _gf180(self) -> None:
        width, length, _ = (getattr(self, name) if isinstance(name, str) else 0.0 for name in self._sized())
        if self.kind in ("mimcap", "cap_mim"):
            bottom, via, above = GF_METALS[self.metal_level]
            for layer in ((75, 0), above):
                self._draw(layer, (0, 0, width, length))
            self._draw(bottom, (-0.6, -0.6, width + 0.6, length + 0.6))
            self._draw(via, (0.4, 0.4, 0.66, 0.66))
            return
        along, across = (width, length) if "w" in self.parameters else (length, width)
        self._draw((30, 0), (-0.66, 0, along + 0.66, across))
        self._draw((110, 5), (0, 0, along, across))
        # heads, and the tap
        for left in (-0.44, along + 0.22, -1.81):
            self._draw((33, 0), (left, 0.1, left + 0.22, 0.32))
            self._draw((34, 0), (left - 0.08, 0.02, left + 0.3, across))
        for layer in ((22, 0), (31, 0)):
            self._draw(layer, (-2.0, 0, -1.4, across))

    def _sg13g2(self) -> None:
        least = [float(self.parameters[name].rstrip("u")) for name in ("Wmin", "Lmin") if name in self.parameters]
        width, length = (max(float(text[:-1]), low) for text, low in zip((self.w, self.l), least, strict=True))
        assert self.w.endswith("u") and self.l.endswith("u"), (self.w, self.l)
        if self.kind == "cmim":
            self._draw((36, 0), (0, 0, width, length))
            self._draw((67, 0), (-0.6, -0.6, width + 0.6, length + 0.6))
            self._draw((129, 0), (0.36, 0.36, 0.78, 0.78))
            self._draw((126, 0), (0.1, 0.1, width - 0.1, length - 0.1))
            return
        self._draw((128, 0), (0, 0, width, length))
        for low in (-0.43, length):
            self._draw((5, 0), (0, low, width, low + 0.43))
            self._draw((6, 0), (0.07, low + 0.14, width - 0.07, low + 0.3))
            self._draw((8, 0), (0.02, low + 0.07, width - 0.02, low + 0.37))

    def _draw(self, layer: tuple[int, int], box: Box) -> None:
        self.cell.shapes(self.layout.layer(*layer)).insert(pya.DBox(*box))


def stand_in(facts: dict[str, Any], cell: str) -> Passive:
    """KLayout keeps the parameters in the class: each PCell has one of its own."""
    made: Passive = type(cell, (Passive,), {})(facts, cell)
    return made
