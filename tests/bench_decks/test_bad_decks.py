"""A designer's deck that cannot work gives one clear message and harms nothing."""

from pathlib import Path

import pytest

from eda_agent.cli import main
from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.script import compile_script
from eda_agent.problem.script.measure_line import read_measure
from eda_agent.simulation.failure import SimulationFailed
from eda_agent.simulation.script import machine

HEAD = """* a stage
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05
.subckt stage in out vdd vss
M1 out in vss vss nch w=5u l=1u
RD vdd out 20k
.ends
Vdd vdd 0 1.8
Vg g 0 0.75
Xs g out vdd 0 stage
"""


def written(folder: Path, body: str, head: str = HEAD) -> Path:
    deck = folder / "tb.spice"
    deck.write_text(head + body + "\n.end\n", encoding="utf-8")
    return deck


def message(folder: Path, body: str, head: str = HEAD) -> str:
    with pytest.raises(InputError) as caught:
        read_circuit(written(folder, body, head), folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("shell touch harm", "the command 'shell' is not supported"),
        ("source other.cmd", "the command 'source' is not supported"),
        ("strcmp same $a b", "the command 'strcmp' is not supported"),
        ("stop when v(out) = 1", "the command 'stop' is not supported"),
        ("snload a.snap", "the command 'snload' is not supported"),
        ("cd /tmp", "the command 'cd' is not supported"),
        ("load secret.raw", "the command 'load' is not supported"),
        ("codemodel x.cm", "the command 'codemodel' is not supported"),
        ("alias harm shell", "the command 'alias' is not supported"),
        ("nonsense 1 2", "the command 'nonsense' is not supported"),
        ("option interactive=1", "option 'interactive=1' is not allowed"),
        ("let x = frobnicate(v(out))", "there is no function 'frobnicate'"),
        ("let x = 1 +", "'a value' is missing"),
        ("let 2x = 1", "let needs  NAME = FORMULA"),
        ("meas tran t sometimes v(out)", "there is no measurement 'sometimes'"),
        ("meas tran t find v(out)", "find needs at= or when"),
        ("meas tran t trig v(out) val=1 targ v(out) val=2 rise=1", "trig and targ need at=, rise=, fall= or cross="),
        ("repeat\nend", "this loop has no number of repetitions"),
        ("while 1", "this block has no end"),
        ("end", "this line ends nothing"),
        ("echo $%x", "a dollar sign without a variable"),
        ("foreach x\nend", "foreach needs a name and values"),
    ],
)
def test_a_line_that_cannot_run_is_named(tmp_path, command, words):
    text = message(tmp_path, f".control\nop\n{command}\n.endc")
    assert words in text and "tb.spice:12" in text, text
    assert text.count("tb.spice") == 1, text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (".control\nnoise v(out) vx dec 10 1 1k\nprint onoise_total\n.endc", "the source vx, which the deck does not"),
        (".noise v(out,0) Vgg dec 10 1 1k\n.control\nrun\nprint onoise_total\n.endc", "deck's sources: vg"),
        (".csparam a=1 b=2\n.control\nop\nprint a\n.endc", "one constant"),
        (".csparam x={system('touch harm')}\n.control\nop\nprint x\n.endc", "system"),
    ],
)
def test_a_line_that_no_simulation_can_use_is_named_when_the_deck_is_read(tmp_path, body, words):
    text = message(tmp_path, body)
    assert words in text and text.count("tb.spice") == 1, text
    assert not (tmp_path / "harm").exists()


def test_a_measurement_in_hspice_s_brackets_is_the_one_with_a_blank():
    pairs = (("tran x AVG(v(out)) from=1n", "tran x avg v(out) from=1n"), ("ac y max(vdb(out))", "ac y max vdb(out)"))
    for brackets, blank in pairs:
        assert read_measure(brackets) == read_measure(blank)


def test_an_include_outside_the_folder_is_refused(tmp_path):
    text = message(tmp_path, ".include /etc/passwd\n.control\nop\n.endc")
    assert "outside the allowed folders" in text and "root:" not in text


def test_two_circuits_are_asked_for(tmp_path):
    second = HEAD.replace(
        "Xs g", ".subckt other in out vdd vss\nM1 out in vss vss nch w=5u l=1u\n.ends\nXo g o2 vdd 0 other\nXs g"
    )
    text = message(tmp_path, ".control\nop\nprint v(out)\n.endc", second)
    assert "the deck calls several circuits: other, stage" in text and "--subckt other or stage" in text
    draft = read_circuit(tmp_path / "tb.spice", tmp_path, None, "other")
    assert draft.subckt == "other" and draft.own_bench is not None


def test_a_deck_without_a_circuit_is_said(tmp_path):
    text = message(
        tmp_path, ".control\nop\nprint v(out)\n.endc", "* only a divider\nV1 a 0 1\nR1 a out 1k\nR2 out 0 1k\n"
    )
    assert "there is no circuit to size: the file has no transistor" in text and "PDK" in text


def test_two_circuits_in_a_chain_are_asked_for_if_the_deck_measures(tmp_path):
    """Without results of its own, the deck's top level is one circuit of cells."""
    chain = HEAD.replace(
        "Xs g out vdd 0 stage",
        ".subckt buf in out vdd vss\nM1 out in vss vss nch w=4u l=1u\nR1 vdd out 9k\n.ends\n"
        "Xs g out vdd 0 stage\nXo out o2 vdd 0 buf",
    )
    text = message(tmp_path, ".control\nop\nprint v(o2)\n.endc", chain)
    assert "the deck calls several circuits: stage, buf" in text and "--subckt stage or buf" in text
    draft = read_circuit(tmp_path / "tb.spice", tmp_path, None, "buf")
    assert draft.subckt == "buf" and draft.own_bench is not None
    assert read_circuit(written(tmp_path, ".op", chain), tmp_path).subckt not in {"stage", "buf"}


def test_a_script_without_end_is_stopped(tmp_path, capsys):
    body = ".control\nop\nprint v(out)\nlet k = 0\nwhile k < 1\n let j = 2\nend\n.endc"
    assert main(["init", str(written(tmp_path, body))]) == 2
    shown = capsys.readouterr()
    said = " ".join((shown.err + shown.out).split())
    assert "the deck cannot be simulated" in said and "the loop does not end: nothing in it changes k" in said, said
    assert "line 14" in said and "oscillates" not in said and ".draft.yaml" not in said
    assert "# to correct:" in (tmp_path / "spec.yaml").read_text(encoding="utf-8")


def test_a_loop_that_computes_for_too_long_is_named_before_the_simulation_times_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(machine, "MAX_SECONDS", 0.0)
    program = {"steps": _loop("k > 0", "k = k + 1"), "measures": []}
    with pytest.raises(SimulationFailed, match="line 1: the loop did not end within 0 s, and no analysis ran"):
        machine.Machine(NoNgspice()).run(program)


@pytest.mark.parametrize(
    ("condition", "change", "ends"),
    [
        ("k < 3", "k = k + 1", True),
        ("k < 3", "j = k + 1", False),
        ("const.k < 3", "k = 3", True),
        ("1", "k = 3", False),
    ],
)
def test_a_loop_ends_if_its_body_changes_what_its_condition_reads(condition, change, ends):
    program = {"steps": _loop(condition, change), "measures": []}
    if ends:
        assert machine.Machine(NoNgspice()).run(program).results["k"].values[-1] == 3
        return
    with pytest.raises(SimulationFailed, match="line 1: the loop does not end"):
        machine.Machine(NoNgspice()).run(program)


def _loop(condition: str, change: str) -> list[dict]:
    lines = logical_lines(f"\nlet k = 1\nwhile {condition}\n let {change}\nend", Path("deck"))
    steps = [{**step, "line": 1} for step in compile_script(lines, [], []).steps]
    return steps


class NoNgspice:
    """A simulator without a plot: what a script computes by itself needs none."""

    version, log = "39", ()

    def command(self, text: str) -> None:
        """Nothing to do."""

    def plots(self) -> list[str]:
        return []


def test_a_new_vector_of_another_plot_is_refused_as_ngspice_never_finds_it(tmp_path, capsys):
    body = ".control\nop\nlet const.fresh = 4\nprint v(out) fresh\n.endc"
    assert main(["init", str(written(tmp_path, body))]) == 0
    said = " ".join((tmp_path / "spec.yaml").read_text(encoding="utf-8").split())
    assert "line 12: let const.fresh has no effect: plot const has no vector fresh" in said, said


def test_a_vector_cannot_fill_the_memory(tmp_path, capsys):
    body = ".control\nop\nprint v(out)\nlet big = vector(1e12)\nprint length(big)\n.endc"
    assert main(["init", str(written(tmp_path, body))]) == 0
    assert "a vector has at most" in " ".join((tmp_path / "spec.yaml").read_text(encoding="utf-8").split())


def test_a_measurement_that_fails_is_said_and_the_others_stay(tmp_path, capsys):
    body = ".control\ntran 1n 100n\nmeas tran never when v(out)=5\nmeas tran level find v(out) at=50n\n.endc"
    assert main(["init", str(written(tmp_path, body))]) == 0
    spec = (tmp_path / "spec.yaml").read_text(encoding="utf-8")
    assert "level:" in spec and "  never:" not in spec
    assert "line 12: never: out of the interval: it is never reached" in spec
    # asked for all the same, it has no value, with the reason
    (tmp_path / "spec.yaml").write_text(
        spec.replace("specs:\n", "specs:\n  never: {testbench: tb, unit: s, maximum: 1u}\n")
    )
    capsys.readouterr()
    assert main(["sim", str(tmp_path / "spec.yaml")]) == 1
    assert "never reached" in " ".join(capsys.readouterr().out.split())


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    body = (
        ".control\nop\nprint v(out)\nwrite harm1.raw v(out)\nwrdata harm2 v(out)\nprint v(out) > harm3\n"
        "echo done >> harm4\nhardcopy harm5 v(out)\nrun harm6.raw\n.endc\n.op"
    )
    assert main(["init", str(written(tmp_path, body))]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spec.yaml", "tb.spice"]
    assert "skipped, because no result depends on them: write, wrdata, hardcopy" in (tmp_path / "spec.yaml").read_text(
        encoding="utf-8"
    )


def test_the_compiled_models_of_a_script_are_those_of_the_pdk(tmp_path):
    # decks of IHP load their own copies; the files are not opened
    body = ".control\npre_osdi ./psp103_nqs.osdi\nosdi ./r3_cmc.osdi\nop\nprint v(out)\n.endc"
    assert main(["init", str(written(tmp_path, body))]) == 0
    spec = (tmp_path / "spec.yaml").read_text(encoding="utf-8")
    assert "skipped: pre_osdi, osdi; compiled models come from the PDK" in spec and "v_out: {" in spec


def test_a_message_names_the_line_of_the_analysis(tmp_path, capsys):
    # the drain resistor of another cell is missing: the analysis itself fails
    body = "Xm a b nowhere\n.tran 1n 100n\n.meas tran level find v(out) at=50n"
    assert main(["init", str(written(tmp_path, body))]) == 2
    shown = capsys.readouterr()
    assert "line 0" not in shown.out + shown.err


def test_a_measurement_of_an_included_script_names_its_file(tmp_path, capsys):
    (tmp_path / "run.inc").write_text(".control\nop\ntran 1n 100n\nmeas tran never when v(out)=5\n.endc\n")
    assert main(["init", str(written(tmp_path, '.include "run.inc"\n.control\nop\nprint v(out)\n.endc'))]) == 0
    # init writes the script into its copy of the deck
    assert "tb.eda.spice, line 13: never: out of the interval" in (tmp_path / "spec.yaml").read_text(encoding="utf-8")


def test_print_all_gives_specs_that_load_and_a_supply_that_reaches_nothing_is_said(tmp_path, capsys):
    deck = written(tmp_path, ".control\nop\nprint all\n.endc", HEAD.replace("Vdd vdd 0 1.8", "Vdd vdd 0 dc=1.8"))
    deck.write_text(deck.read_text().replace("RD vdd out 20k", "RD vdd out 20k\nRS vss x 0.05\nRT x 0 0.05"))
    assert main(["init", str(deck)]) == 0
    spec = tmp_path / "spec.yaml"
    assert "  out: {testbench: tb" in spec.read_text() and "RS: {min: 0.00" in spec.read_text()
    assert main(["check", str(spec)]) == 0
    spec.write_text(spec.read_text().replace(", supply: vdd", ""))
    capsys.readouterr()
    assert main(["check", str(spec)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "vdd of the corners reaches nothing in the deck: name the source" in said, said
