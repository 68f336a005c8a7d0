"""A mirror as magic extracts it: fingers, dummy fingers on the bias line, and capacitors of wires."""

from __future__ import annotations

import re
from pathlib import Path

from tests.run.test_signoff_circuits import run

N = "sky130_fd_pr__nfet_01v8"
SIZES = "ad=1e+12p pd=1e+06u as=0p ps=0u w=2e+06u l=1e+06u"
CELL = "\n".join(
    [
        ".subckt mirror in out vss",
        f"X0 vss in in vss {N} {SIZES}",
        f"X1 out in vss vss {N} {SIZES}",
        f"X2 vss in out vss {N} {SIZES}",
        # fingers at the ends, with and without the bias on their gates
        f"X3 vss in vss vss {N} {SIZES}",
        f"X4 vss vss vss vss {N} {SIZES}",
        "C0 in vss 23.1fF",
        "C1 out vss 15.7fF",
        ".ends",
        "",
    ]
)


def test_dummy_fingers_and_wires_of_an_extraction_keep_their_values(tmp_path: Path) -> None:
    (tmp_path / "mirror.spice").write_text(CELL)
    said = run(tmp_path, "init", "mirror.spice", "--no-sim")
    spec = (tmp_path / "spec.yaml").read_text()
    assert re.search(r"dummy +x3 x4", said) and "2 capacitors of wires" in said
    assert set(re.findall(r"^  (\w+)(?:\.\w+)?: \{min", spec, re.MULTILINE)) == {"X0", "X1"}


def test_a_capacitor_of_a_schematic_is_sized(tmp_path: Path) -> None:
    drawn = CELL.replace(SIZES, "w=2 l=1").replace("X3 vss in vss vss", "X3 vss out vss vss")
    (tmp_path / "mirror.spice").write_text(drawn)
    run(tmp_path, "init", "mirror.spice", "--no-sim")
    spec = (tmp_path / "spec.yaml").read_text()
    # a MOS capacitor on a net without a mirror is one
    assert {"C0", "X3"} <= set(re.findall(r"^  (\w+)(?:\.\w+)?: \{min", spec, re.MULTILINE))


def test_the_wires_of_an_extracted_net_keep_their_values(tmp_path: Path) -> None:
    wire = ".subckt PM_MIRROR%IN 1 2\nR1 1 2 0.06\nC1 1 0 20f\n.ends\n"
    drawn = CELL.replace(SIZES, "w=2 l=1").replace("X0 vss in in vss", "X9 pad in PM_MIRROR%IN\nX0 vss in in vss")
    (tmp_path / "mirror.spice").write_text(
        wire + drawn.replace("in out vss", "pad out vss", 1).split("C0", 1)[0] + ".ends\n"
    )
    said = run(tmp_path, "init", "mirror.spice", "--no-sim")
    assert "1 capacitor and 1 resistor of wires" in said
    assert "R1" not in re.sub(r"(?m)^#.*", "", (tmp_path / "spec.yaml").read_text())
