"""Results that other results are computed from are drafted as comments; a deck has operating points, also if its script
changes the circuit. Against `ngspice -b`.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

import eda_agent as ea
from eda_agent.cli import main
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.script import compile_script
from eda_agent.problem.script.dependence import intermediates

from .test_several_decks import AC, OTA, STEP

MEASURED = STEP.replace(
    ".meas tran t1 trig v(out) val=0.82 rise=1 targ v(out) val=0.98 rise=1\n",
    ".meas tran t1 when v(out)=0.82 rise=1\n.meas tran t2 when v(out)=0.98 rise=1\n"
    ".meas tran spread param='t2-t1'\n.meas tran gain param='0.16/spread'\n",
)
CHANGED = AC.replace(
    "ac dec 20 1 1G\n",
    "alter i0 dc = 5u\nalter @m.x1.m1[w] = 3u\noption temp=85\nset temp = 85\nac dec 20 1 1G\n",
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ota.spice").write_text(OTA)
    return tmp_path


def drafted(folder, deck, capsys):
    (folder / "tb.spice").write_text(deck)
    assert main(["init", str(folder / "tb.spice"), "--out", str(folder / "work"), "--force"]) == 0
    capsys.readouterr()
    return (folder / "work" / "spec.yaml").read_text()


def test_what_other_results_are_computed_from_is_a_comment_that_can_be_uncommented(folder, capsys):
    text = drafted(folder, MEASURED, capsys)
    # the gain is used by nothing, and power has a known direction although it stands beside an intermediate
    assert list(yaml.safe_load(text)["specs"]) == ["gain", "power"]
    notes = re.findall(r"^  # (\w+): .*now .*, other results are computed from it$", text, re.M)
    assert notes == ["t1", "t2", "supplied", "spread"]
    whole = re.sub(r"^  # (t1|spread): ", r"  \1: ", text, flags=re.M)
    (folder / "work" / "spec.yaml").write_text(whole)
    main(["sim", str(folder / "work"), "--json"])
    found = json.loads(capsys.readouterr().out)["values"]["nominal"]
    out = subprocess.run(["ngspice", "-b", "tb.spice"], cwd=folder, capture_output=True, text=True, timeout=60).stdout
    for name in ("t1", "spread", "gain", "power"):
        printed = re.search(rf"^{name}\s+=\s+(\S+)", out, re.M)[1]
        assert found[name] == pytest.approx(float(printed), rel=1e-5)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("ac dec 5 1 1k\nmeas ac a max v(x)\nlet b = a*2\nprint b", {"a"}),
        ("ac dec 5 1 1k\nmeas ac a max v(x)\nprint a", set()),
        ("ac dec 5 1 1k\nmeas ac a max v(x)\nprint a*2", {"a"}),
        ("tran 1n 1u\nmeas tran t1 when v(x)=1\nmeas tran b find v(x) at='t1+1n'", {"t1"}),
        ("op\nlet n = 0\nlet n = n + 1\nif n > 0\nprint n\nend", set()),
        # a waveform is no result
        ("op\nlet p = v(out)*2\nprint p", set()),
        ("op\nprint v(o)\nac dec 5 1 1k\nmeas ac gain find vdb(o) at=10", set()),
    ],
)
def test_use_by_a_measurement_a_let_or_a_printed_formula_counts(script, found):
    program = compile_script(logical_lines(script, Path("tb.spice"), scripts=True), (), [])
    assert intermediates(program) == found


def test_a_deck_has_the_operating_points_from_before_its_script_changes_the_circuit(folder, capsys):
    drafted(folder, CHANGED, capsys)
    main(["sim", str(folder / "work"), "--json"])
    points = json.loads(capsys.readouterr().out)["operating_points"]
    assert set(points) == {"m1", "m2", "m3", "m4", "m5", "m6"}
    asked = [(device, key) for device in ("m1", "m5") for key in ("id", "gm", "vds", "vdsat")]
    lines = "\n".join(f"print @m.x1.{device}[{key}]" for device, key in asked)
    plain = re.sub(r"\.control.*\.endc", f".control\nop\n{lines}\n.endc", AC, flags=re.S)
    (folder / "plain.spice").write_text(plain)
    out = subprocess.run(["ngspice", "-b", "plain.spice"], cwd=folder, capture_output=True, text=True, timeout=60)
    for device, key in asked:
        printed = re.search(rf"^@m\.x1\.{device}\[{key}\] = (\S+)", out.stdout, re.M)[1]
        assert points[device][key] == pytest.approx(abs(float(printed)), rel=5e-5)  # five digits


def test_a_closer_look_at_a_deck_has_the_inner_nodes(folder, capsys):
    drafted(folder, CHANGED, capsys)
    answer = ea.ask(ea.load(folder / "work"), "operating_points")
    assert set(answer.data["nodes"]) == {"d1", "t"}
    vds = answer.data["devices"]["m5"]["vds"]
    assert answer.data["nodes"]["t"] == pytest.approx(vds, rel=5e-5)  # five digits
    assert f"t {1e3 * vds:.0f}" in answer.text
