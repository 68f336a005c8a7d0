"""Reading and writing back netlists, and refusing hostile ones."""

from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.source import read_source

TEXT = """* title
.param W12=4 L12=0.5
.param Wt={2*W12} cc=1p
.subckt bias a b w1=2
XM9 a a b b sky130_fd_pr__nfet_01v8 W={w1} L=1 nf=1 ad='int((nf+1)/2) * W/nf * 0.29'
+ ps='2*int((nf+2)/2) * (W/nf + 0.29)' m=1
.ends
* comment in the middle
.subckt opamp inp inn out vdd vss PARAMS: k=2
xm1 n1 inn tail vss sky130_fd_pr__nfet_01v8 w={W12} l={L12} m='k*2' $ input pair
XM2 n2 inp tail vss sky130_fd_pr__nfet_01v8
+ w={W12} l={L12}
* another comment
+ m={k*2}
X3 x vss bias w1=3
.param Rz=2k
Cc out n2 {cc}
Rz out n2 'Rz'
R2 a b r=1k tc1=0.1 ; load
M1 a b c d nmos w=1u l=0.1u m=3
I1 vdd x dc 10u
V1 a b 0
E1 a b c d 10
.ends
.end
"""


def read(folder: Path, text: str, name: str = "a.spice") -> Netlist:
    path = folder / name
    path.write_text(text)
    return parse_netlist(read_source(path, [folder]))


def test_hierarchy_parameters_and_continuation_lines(tmp_path: Path) -> None:
    netlist = read(tmp_path, TEXT)
    opamp, bias = netlist.subcircuits["opamp"], netlist.subcircuits["bias"]
    assert opamp.ports == ("inp", "inn", "out", "vdd", "vss")
    assert opamp.defaults == {"k": "2"}
    assert opamp.params == {"rz": "2k"}
    assert netlist.top.params == {"w12": "4", "l12": "0.5", "wt": "{2*W12}", "cc": "1p"}
    device = opamp.device("xm2")
    assert device is not None
    assert device.nodes == ("n2", "inp", "tail", "vss")
    assert device.value == "sky130_fd_pr__nfet_01v8"
    assert device.params == {"w": "{W12}", "l": "{L12}", "m": "{k*2}"}
    assert bias.devices[0].params["ps"] == "'2*int((nf+2)/2) * (W/nf + 0.29)'"
    values = {device.name: device.value for device in opamp.devices}
    assert values["r2"] == "1k"
    assert values["i1"] == "10u"
    assert [device.kind for device in opamp.devices] == list("xxxcrrmive")


def test_written_back_unchanged(tmp_path: Path) -> None:
    assert read(tmp_path, TEXT).text() == TEXT


def test_written_back_with_values_keeps_everything_else(tmp_path: Path) -> None:
    netlist = read(tmp_path, TEXT)
    edits = {
        Edit("", "", "w12"): "7.5",
        Edit("opamp", "xm2", "m"): "3",
        Edit("opamp", "cc", "value"): "2p",
        Edit("opamp", "", "k"): "5",
        Edit("opamp", "", "rz"): "9k",
        Edit("bias", "xm9", "ps"): "1",
        Edit("opamp", "r2", "value"): "4k",
        Edit("opamp", "i1", "value"): "12u",
    }
    text = netlist.text(edits)
    changed = [(old, new) for old, new in zip(TEXT.splitlines(), text.splitlines(), strict=True) if old != new]
    assert changed == [
        (".param W12=4 L12=0.5", ".param W12=7.5 L12=0.5"),
        ("+ ps='2*int((nf+2)/2) * (W/nf + 0.29)' m=1", "+ ps=1 m=1"),
        (".subckt opamp inp inn out vdd vss PARAMS: k=2", ".subckt opamp inp inn out vdd vss PARAMS: k=5"),
        ("+ m={k*2}", "+ m=3"),
        (".param Rz=2k", ".param Rz=9k"),
        ("Cc out n2 {cc}", "Cc out n2 2p"),
        ("R2 a b r=1k tc1=0.1 ; load", "R2 a b r=4k tc1=0.1 ; load"),
        ("I1 vdd x dc 10u", "I1 vdd x dc 12u"),
    ]
    again = read(tmp_path, text, "b.spice")
    assert again.value_text(Edit("opamp", "xm2", "m")) == "3.0"


@pytest.mark.parametrize(
    "value", ["dc 0 sin(0 0.1 5meg) ac 1", "sin(0 0.1 5meg)", "dc 0 pulse(0 1 0 1n 1n 5n 10n) ac 1"]
)
def test_a_waveform_needs_no_blank_before_its_parenthesis(tmp_path: Path, value: str) -> None:
    (device,) = read(tmp_path, f"* title\nVdm a b {value}\n.end\n").top.devices
    assert device.nodes == ("a", "b") and device.value.endswith(value.removeprefix("dc "))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (".control\nshell touch /tmp/owned\n.endc", r"\.control"),
        (".exec rm -rf /", "not allowed"),
        ("A1 a b filesrc", "XSPICE"),
        (".include /etc/passwd", "outside"),
        (".include ../../secret.txt", "outside"),
        (".lib '~/.ssh/id' tt", "safely"),
        (".option interp=shell", "not allowed"),
        (".csparam a=1", "not allowed"),
        ("V1 a 0 pwl file='/etc/passwd'", "names a file"),
        (".include `ls`", "safely"),
        ("R1 a b 10M", "10M is 10 milliohm in SPICE.*\n.*write 10Meg"),
        (".ac dec 10 1 1G", "does not belong"),
        ("M1 a b", "cannot be read"),
        (".subckt x a\n.ends\n.subckt x a\n.ends", "twice"),
        ("R1 a b 1k\nR1 a b 2k", "twice"),
        (".subckt open a b", "never closed"),
    ],
)
def test_what_is_refused_is_refused_with_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read(tmp_path, f"* title\n{line}\n.end\n")
    assert all(finding.file == tmp_path / "a.spice" and finding.line for finding in caught.value.findings)


def test_script_comments_never_reach_the_simulator(tmp_path: Path) -> None:
    netlist = read(tmp_path, "*ng_script\n*# shell touch /tmp/owned\n.subckt a b c\nR1 b c 1k\n.ends\n")
    assert "shell" not in netlist.text(comments=False)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret").write_text("R1 a b 1\n")
    (inside / "link.spice").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="outside"):
        read(inside, "* t\n.include link.spice\n")


def test_includes_are_inlined_and_loops_found(tmp_path: Path) -> None:
    (tmp_path / "part.spice").write_text(".subckt part a b\nR1 a b 1k\n.ends\n")
    assert "part" in read(tmp_path, "* t\n.include 'part.spice'\n").subcircuits
    (tmp_path / "loop.spice").write_text(".include loop.spice\n")
    with pytest.raises(InputError, match="deep"):
        read(tmp_path, "* t\n.include loop.spice\n")


@pytest.mark.parametrize("data", [b"R1 a\0b 1", b"x" * 11_000_000])
def test_binary_and_huge_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.spice"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_source(path, [tmp_path])


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, "* t\n.control\n.endc\n.exec x\nA1 a b c\n")
    assert len(caught.value.findings) == 4


def test_names_as_cdl_and_xschem_write_them(tmp_path: Path) -> None:
    netlist = read(
        tmp_path,
        "* t\n.subckt a in<0> vdd! #net1\nm1 in<0> net[3] vdd! vdd! nmos w=1u l=1u\nR1 #net1 net[3] 1k\n.ends\n",
    )
    first, second = netlist.subcircuits["a"].devices
    assert first.nodes == ("in<0>", "net[3]", "vdd!", "vdd!")
    assert second.nodes == ("#net1", "net[3]")
    assert first.value == "nmos"


def test_a_parameter_named_like_a_function_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.spice"
    path.write_text("* c\n.param Ln=1u\n.subckt a b\nR1 b 0 {Ln}\n.ends\n")
    with pytest.raises(InputError, match="cannot be called ln"):
        parse_netlist(read_source(path, [tmp_path]))


def test_numbers_are_what_spice_reads(tmp_path: Path) -> None:
    text = """* as magic and people write them
.param a=1 b = 2 * 3 c={a + 1} d=max(1, 2) e=4
.subckt s p q
XM1 p q p p dev w=5e+06u l=500000u nf=1 m = 2 ad='2 * 3' pd=2 * 3
X2 p q cell wn=1e-6u k={a+ 1}
M3 p q p p nmos W = 3u L= 0.09u geo=3
R4 p q {2 * 5k}
.ends
"""
    netlist = read(tmp_path, text)
    assert netlist.top.params == {"a": "1", "b": "2 * 3", "c": "{a + 1}", "d": "max(1, 2)", "e": "4"}
    first, second, third, fourth = netlist.subcircuits["s"].devices
    assert {name: first.params[name] for name in ("w", "l", "m", "nf")} == {
        "w": "5.0",
        "l": "0.5",
        "m": "2.0",
        "nf": "1.0",
    }
    assert (first.params["ad"], first.params["pd"]) == ("'2 * 3'", "2 * 3")
    assert second.params == {"wn": "1e-12", "k": "{a+ 1}"}
    assert {name: float(text) for name, text in third.params.items()} == {"w": 3e-6, "l": 0.09e-6, "geo": 3.0}
    assert fourth.value == "{2 * 5k}"
    # the whole value is replaced, and of two on a line the last
    assert " b = 7 c=" in netlist.text({Edit("", "", "b"): "7"})
    assert "pd=8\n" in netlist.text({Edit("s", "xm1", "pd"): "8"})
    twice = read(tmp_path, ".param a=1 a=2\n.subckt s p q\nR1 p q {a}\n.ends\n")
    assert twice.top.params["a"] == "2"
    assert ".param a=1 a=3\n" in twice.text({Edit("", "", "a"): "3"})


def test_the_cells_that_a_cell_calls_are_found_once_callers_first() -> None:
    text = """.subckt a x
X1 x c
X2 x B
.ends
.subckt b x
X1 x c
.ends
.subckt c x
R1 x 0 1k
.ends
.subckt d x
R1 x 0 1k
.ends
"""
    netlist = parse_netlist(logical_lines(text, Path("cells.spice")))
    assert [scope.name for scope in netlist.reached("A")] == ["a", "c", "b"]
    assert [scope.name for scope in netlist.reached("c")] == ["c"] and netlist.reached("nowhere") == []
