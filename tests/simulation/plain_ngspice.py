"""Plain ngspice on a foundry's whole library, with which the product's cut of it is compared."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.pdk.registry import Pdk

KINDS = ("res", "mimcap", "bjt", "moscap")


GF = dataclasses.replace(
    find_pdk("gf180mcuD"),
    corners={
        process: (section, *(f"{kind}_{section}" for kind in KINDS))
        for process, section in (("tt", "typical"), ("ss", "ss"), ("ff", "ff"))
    },
)


def uncut(pdk: Pdk, process: str) -> list[str]:
    library = pdk.library()
    return [f".include {library.parent / name}" for name in pdk.include] + [
        f".lib {library} {section}" for section in pdk.corners[process]
    ]


def currents(
    folder: Path,
    head: list[str],
    cards: list[str],
    temperature: float = 27.0,
    program: str = "ngspice",
    before: Sequence[str] = (),
) -> dict[str, float]:
    """What flows out of each voltage source of `cards`, |A|; AC sources give the quadrature current. `before`: commands
    of the program that come first.
    """
    sources = [card.split()[0] for card in cards if card[0] == "v" and " 0 " in card]
    ac = [name for name in sources if any(card.startswith(f"{name} ") and " ac " in card for card in cards)]
    lines = [
        "* devices",
        *head,
        *cards,
        f".option temp={temperature}",
        ".control",
        *before,
        "set wnflag=1",
        "set numdgt=10",
        "op",
        *(f"print i({name})" for name in sources if name not in ac),
    ]
    lines += (
        ["ac lin 1 1meg 1meg", *(f"print imag(i({name}))" for name in ac), ".endc", ".end", ""]
        if ac
        else [".endc", ".end", ""]
    )
    path = folder / "devices.cir"
    path.write_text("\n".join(lines))
    done = subprocess.run(
        [program, "-b", path.name], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    found = re.findall(r"^(?:i|imag\(i)\((\w+)\)+ = (\S+)", done.stdout, re.MULTILINE)
    assert len(found) == len(sources), done.stdout[-2000:] + done.stderr[-2000:]
    return {name: float(value) for name, value in found}
