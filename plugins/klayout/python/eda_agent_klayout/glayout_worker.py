"""A glayout worker draws blocks in the Python environment of glayout, which is not ours: it reads a request, writes one
GDS file a block, and says where the terminals are.

    PYTHON glayout_worker.py REQUEST.json

A request: `pdk` (sky130 or gf180), `folder`, and `blocks`, each with `name`, `shape` (pair, mirror or single), `kind`
(nmos or pmos), `width` and `length` of a finger in µm, `fingers` of each device and, of a single one, `copies`. The
answer, `answer.json` in the folder: name → `file`, and `terminals`: [device (0 or 1), terminal (d, g, s, b), x, y in
µm, layer, datatype]. Each block that is drawn is a line `drawn NAME` on stdout.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

DRAWN = "drawn "
"""Begins the line of a block."""
TERMINALS = {
    # shape → (device, terminal) → (port, metal); a b of device 0 is the tap ring
    "pair": {
        (0, "d"): ("tl_multiplier_0_drain_N", "met2"),
        (1, "d"): ("tr_multiplier_0_drain_N", "met2"),
        (0, "g"): ("br_multiplier_0_gate_S", "met2"),
        (1, "g"): ("bl_multiplier_0_gate_S", "met2"),
        (0, "s"): ("bl_multiplier_0_source_S", "met2"),
        (0, "b"): ("tap_N_top_met_S", "met1"),
    },
    "mirror": {
        (0, "d"): ("fet_A_drain_N", "met2"),
        (1, "d"): ("fet_B_drain_N", "met2"),
        (0, "s"): ("fet_A_source_E", "met2"),
        (0, "b"): ("welltie_N_top_met_S", "met2"),
    },
    "single": {
        (0, "d"): ("multiplier_0_drain_N", "met2"),
        (0, "g"): ("multiplier_0_gate_S", "met2"),
        (0, "s"): ("multiplier_0_source_S", "met2"),
        (0, "b"): ("tie_N_top_met_S", "met2"),
    },
}


def drawn(pdk: Any, block: dict[str, Any]) -> Any:
    """The component of a block."""
    from glayout import nmos, pmos
    from glayout.cells.elementary.current_mirror import current_mirror
    from glayout.cells.elementary.diff_pair import diff_pair

    n, sizes = block["kind"] == "nmos", {"width": block["width"], "length": block["length"]}
    if block["shape"] == "pair":
        # two rows, so that half of the fingers are in each
        return diff_pair(pdk, fingers=block["fingers"] // 2, n_or_p_fet=n, **sizes)
    if block["shape"] == "mirror":
        device = "nfet" if n else "pfet"
        return current_mirror(pdk, numcols=block["fingers"], device=device, fingers=1, **sizes)
    rows = {"fingers": block["fingers"], "multipliers": block["copies"]}
    if n:
        return nmos(pdk, **rows, with_dnwell=False, with_substrate_tap=False, **sizes)
    return pmos(pdk, **rows, with_substrate_tap=False, **sizes)


def terminals(pdk: Any, component: Any, shape: str) -> list[list[Any]]:
    found = []
    for (device, terminal), (port, metal) in TERMINALS[shape].items():
        if port in component.ports:
            one = component.ports[port]
            # a port is on an edge: the label belongs inside
            x, y = one.center
            inside = {0: (-0.05, 0), 90: (0, -0.05), 180: (0.05, 0), 270: (0, 0.05)}[round(one.orientation) % 360]
            layer = pdk.get_glayer(f"{metal}_label")
            found.append([device, terminal, float(x) + inside[0], float(y) + inside[1], *map(int, layer)])
    return found


def main(path: str) -> None:
    request = json.loads(Path(path).read_text(encoding="utf-8"))
    # glayout's own labels would be nets of other names
    os.environ["GLAYOUT_NO_PIN_LABELS"] = "1"
    os.environ.setdefault("PDK_ROOT", "/nowhere")
    if request["pdk"] == "sky130":
        from glayout import sky130 as pdk
    else:
        from glayout import gf180 as pdk
    folder, answer = Path(request["folder"]), {}
    for block in request["blocks"]:
        component = drawn(pdk, block)
        component.name = block["name"]
        file = folder / f"{block['name']}.gds"
        component.write_gds(str(file))
        answer[block["name"]] = {"file": str(file), "terminals": terminals(pdk, component, block["shape"])}
        sys.stdout.write(f"{DRAWN}{block['name']}\n")
        sys.stdout.flush()
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
