"""A PDK is one file: every key of it is known, what is wrong is said with its line, and what trains on it reads the
same file.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
import yaml

from eda_agent.errors import InputError
from eda_agent.problem.located_node import read_marked
from eda_agent.problem.pdk import find_pdk, pdk_names
from eda_agent.problem.pdk.form import refuse_unknown_keys, wrong_in
from eda_agent.train.topologies.technology import EVERY, TECHNOLOGIES

FAB = """title: a fab
library: [{path: models.lib}]
corners: {tt: []}
supply: 1.8
process: {sections: [stat], params: {switch: 1}}
devices:
  myn: {type: nmos, w: [0.2u, 100u], l: [0.18u, 10u]}
  myp: {type: pmos, w: [0.2u, 100u], l: [0.18u, 10u]}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("supply: 1.8", "supply: 1.8\nsuply: 3.3", 5, "unknown key 'suply' … did you mean 'supply'?"),
        ("path: models.lib", "path: models.lib, section: tt", 2, "unknown key 'section' … known keys: path"),
        ("sections: [stat]", "section: [stat]", 5, "unknown key 'section' … did you mean 'sections'?"),
        ("{type: pmos, w: [0.2u, 100u]", "{type: pmos, width: [0.2u, 100u]", 8, "unknown key 'width' … "),
        ("{type: pmos,", "{type: pmos, rate: 3.3,", 8, "unknown key 'rate' … did you mean 'rated'?"),
        ("supply: 1.8", "supply: none", 4, "it is a voltage in V, above 0 … see docs/pdk.md"),
        (
            "l: [0.18u, 10u]}\n  myp",
            "l: [10u, 0.18u]}\n  myp",
            7,
            "it is [minimum, maximum], such as [0.18u, 20u] … see docs/pdk.md",
        ),
    ],
)
def test_a_key_that_is_none_is_an_error_with_its_line(old: str, new: str, line: int, says: str, tmp_path: Path) -> None:
    """It was read over in silence: a fab with `suply: 3.3` was simulated at 1.8 V."""
    (tmp_path / "fab.yaml").write_text(FAB)
    assert find_pdk("fab.yaml", tmp_path).process["sections"] == ["stat"]
    (tmp_path / "fab.yaml").write_text(FAB.replace(old, new))
    with pytest.raises(InputError) as error:
        find_pdk("fab.yaml", tmp_path)
    assert (line, says) in [
        (found.line, f"{found.message} … {found.fix}"[: len(says)]) for found in error.value.findings
    ]


@pytest.mark.parametrize("name", pdk_names())
def test_the_shipped_files_have_the_form_of_a_users(name: str, tmp_path: Path) -> None:
    data = yaml.safe_load(resources.files("eda_agent.problem.pdk").joinpath(f"{name}.yaml").read_text())
    training = data.pop("training", {})
    assert set(training) <= {"number", "nmos", "pmos", "w", "l", "diffusion", "composed", "shrink"}
    # a shipped file names packages, and says of a small library which devices and processes it has;
    # a location says where compiled models and their sources are
    cells = data.pop("cells", [])
    assert all(set(entry) in ({"root"}, {"package", "file"}) for entry in cells)
    small = {"devices", "processes", "pip", "compiled", "verilog"}
    assert all(set(entry) - small in ({"root"}, {"package", "file"}) for entry in data["library"])
    assert all(
        set(entry.get("devices", ())) <= set(data["devices"])
        and set(entry.get("processes", ())) <= set(data["corners"])
        for entry in data["library"]
    )
    data["library"] = [{"path": "models.lib"}]
    (tmp_path / "fab.yaml").write_text(yaml.safe_dump(data))
    node = read_marked(tmp_path / "fab.yaml")
    refuse_unknown_keys(node)
    assert node.report.findings == [] and wrong_in(data) == []


def test_what_circuits_are_composed_in_is_pinned() -> None:
    """The circuits that a seed composes depend on the place of each in the list."""
    assert [technology.pdk for technology in TECHNOLOGIES] == ["sky130A", "gf180mcuD"]
    assert [technology.pdk for technology in EVERY] == ["sky130A", "gf180mcuD", "ptm45"]
    for technology in EVERY:
        pdk = find_pdk(technology.pdk)
        for device, kind in ((technology.nmos, "nmos"), (technology.pmos, "pmos")):
            rule = pdk.devices[device]
            assert rule.type == kind
            for size, (low, high) in ((technology.width, rule.width), (technology.length, rule.length)):
                assert low * (1 - 1e-9) <= size * 1e-6 <= high
