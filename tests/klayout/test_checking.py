"""A comparison in a process of its own, by KLayout's program, and in this process: the same result."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pya
import pytest

from eda_agent.klayout import check_job, check_process, checking, instances, library, lvs, mos, passives, place
from eda_agent.klayout.layers import of_table, terminals
from eda_agent.klayout.lvs_result import Result
from eda_agent.klayout.steps import finish
from eda_agent.klayout.table import devices, read_table
from tests.evidence import cases

from .stand_ins import Library, version
from .test_steps import large, placed


def by_process(folder: Path, cell: pya.Cell, found: dict[str, Any], table: str) -> dict[str, Any]:
    rules = library.present(read_table(table))
    here = of_table(rules)
    parts = passives.meant(found, rules, finish(instances.passive_counts(cell, rules)))
    job = {
        "task": "compare",
        "layouts": [str(path) for path in finish(checking.writing(cell, folder, ""))],
        "cell": cell.name,
        "result": str(folder / "result.json"),
        "database": str(folder / "found.lvsdb"),
        "found": found,
        "table": table,
        "terminals": check_job.rows(terminals(cell, rules, here)) if here else [],
        "parts": [vars(part) for part in parts],
    }
    (folder / "job.json").write_text(json.dumps(job))
    script = str(check_process.PACKAGE / "check_process.py")
    done = subprocess.run(
        ["klayout", "-b", "-r", script, "-rd", f"job={folder / 'job.json'}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return answer


@pytest.mark.skipif(shutil.which("klayout") is None, reason="KLayout is installed by make test")
@pytest.mark.parametrize("table", cases(["demonstration", "sky130A"], "sky130A"))
def test_a_process_of_its_own_says_the_same(table: str, tmp_path: Path) -> None:
    ideal = [
        {"name": name, "nets": ["n0", "n1"], "model": "", "value": value, "values": {}, "transistor": False, "scale": 1}
        for name, value in (("r1", "30000"), ("c1", "2e-13"))
    ]
    more = {"others": ["r1", "c1"], "cards": ideal}
    found = {**large(8), **more}
    mos.library()
    register = Library(version(table)) if table != "demonstration" else None
    try:
        rules = library.present(read_table(table))
        layout = pya.Layout()
        layout.dbu = 0.001
        passive = passives.passives(found, rules)
        cell = place.place(layout, "large", devices(found), tuple(found["rails"]), rules, passives=passive)
        for meant, match in ((found, True), ({**large(8, 1.2), **more}, False)):
            here = lvs.check(layout, cell, meant, table=rules, name=table)
            assert here.devices_match == match
            assert by_process(tmp_path, cell, meant, table) == here.data()
            assert Result.of_data(here.data()).lines == here.lines
        # what cannot be compared is said as it is here
        with pytest.raises(ValueError, match="the schematic has no subcircuit") as error:
            lvs.check(layout, cell, {**found, "name": "two words"}, table=rules)
        assert by_process(tmp_path, cell, {**found, "name": "two words"}, table) == {"refused": str(error.value)}
    finally:
        if register is not None:
            register.delete()


def test_a_database_that_was_written_can_be_read(tmp_path: Path) -> None:
    """Layers with a space in their names, and a class for each device, made files that KLayout refuses to read."""
    found = large(24)
    result = lvs.check(*placed(found), found)
    assert result.database is not None
    result.database.write(str(tmp_path / "a.lvsdb"), True)
    again = pya.LayoutVsSchematic()
    again.read(str(tmp_path / "a.lvsdb"))
    assert {name: len(points) for name, points in lvs.places(again).items()} == {
        name: len(points) for name, points in lvs.places(result.database).items()
    }
    assert len(list(again.reference.each_device_class())) == 2
