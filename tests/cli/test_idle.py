"""An option that another one leaves without effect is refused with one message, and nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from eda_agent.cli import main

RUN = Path(__file__).parent.parent / "fixtures" / "run" / "ota"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(RUN, tmp_path / "run"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("export run --gds a.gds --out b.spice", "--out has no effect with --gds"),
        ("export run --gds a.gds --sizes-only", "--sizes-only has no effect with --gds"),
        ("export run --gds a.gds --into c.gds --engine glayout", "--engine has no effect with --into"),
        ("export run --gds a.gds --diff", "--gds and --diff are two outputs"),
        ("export run --gds a.gds --devices", "--gds and --devices are two outputs"),
        ("export run --devices --extract b.spice", "--extract has no effect without --gds"),
        ("export run --devices --into c.gds", "--into has no effect without --gds"),
        ("export run --devices --table sky130A", "--table has no effect without --gds"),
        ("export run --devices --sizes-only", "--sizes-only has no effect with --devices"),
        ("export run --devices --diff", "--devices and --diff are two outputs"),
        ("export run --engine pcells", "--engine has no effect without --gds"),
        ("export run --table sky130A --out b.spice", "--table has no effect without --gds"),
        ("export run --xschem a.sch --out b.sch", "--out has no effect with --xschem"),
        ("export run --xschem a.sch --sizes-only", "--sizes-only has no effect with --xschem"),
        ("export run --xschem a.sch --diff", "--xschem and --diff are two outputs"),
        ("sim run --cell ota", "--cell has no effect without --netlist"),
        ("sim run --netlist a.spice --batch b.jsonl", "--batch has no effect with --netlist"),
        ("sim run --netlist a.spice --waves b.json", "--waves has no effect with --netlist"),
        ("sim run --batch b.jsonl --waves b.json", "--waves has no effect with --batch"),
        ("size run --cell ota", "--cell has no effect without --post-layout"),
        ("size run --samples 50", "--samples has no effect without --robust"),
        ("report run --format csv --samples 5", "--samples has no effect with --format csv"),
        ("report run --format md --author me", "--author has no effect with --format md"),
        ("report run --no-sim --samples 5", "--samples has no effect with --no-sim"),
        ("report run --datasheet a.yaml --pdf", "--pdf has no effect with --datasheet"),
        ("tui run --budget 5 --anywhere", "--budget has no effect on a run that is only shown"),
        ("tui run --resume --out b --anywhere", "--out has no effect on a run that is there"),
        ("tui ota_5t --replay 1 --anywhere", "--replay has no effect without a run"),
    ],
)
def test_an_option_without_effect_is_refused(
    words: str, said: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    printed = capsys.readouterr()
    assert said in printed.err and "→" in printed.err and printed.out == ""
    assert [path.name for path in run.parent.iterdir()] == ["run"]


def test_devices_are_written_to_a_file(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "run", "--devices"]) == 0
    printed = capsys.readouterr().out
    for target, file in (("devices.json", "devices.json"), ("new/", "new/ota_devices.json")):
        assert main(["export", "run", "--devices", "--out", target]) == 0
        assert json.loads((run.parent / file).read_text()) == json.loads(printed)
        assert capsys.readouterr().out == ""
