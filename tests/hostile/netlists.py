"""Hostile netlists. Each would touch the file CANARY, read SECRET, or take the reader down, if any part of it were
obeyed.

A line list stands inside an otherwise sound circuit (`around`); bytes and long texts stand alone.
"""

from __future__ import annotations

SOUND = "* title\n.model n nmos level=1\n.subckt amp a b vdd vss\nM1 a b vss vss n W=1u L=1u\nR1 a vdd 1k\n.ends\n"

_COMMANDS = [
    "shell touch CANARY", "system touch CANARY", "!touch CANARY", "echo x > CANARY", "write CANARY", "wrdata CANARY v(a)", "hardcopy CANARY v(a)",
    "source SECRET", "load SECRET", "snsave CANARY", "edisplay", "codemodel SECRET", "osdi SECRET", "pre_osdi SECRET", "cd /", "set sourcepath=(/)",
    "wrs2p CANARY", "save all > CANARY", "listing > CANARY", "quit",
]  # fmt: skip
_CONTROL = [
    [".control", "{}", ".endc"], [".CONTROL", "{}", ".ENDC"], ["  .control", "{}", "  .endc"], ["\t.control", "{}", "\t.endc"], [".con", "+trol", "{}", ".endc"],
    [".control ; x", "{}", ".endc"], [".control $ x", "{}", ".endc"], ["\u00a0.control", "{}", ".endc"], ["\ufeff.control", "{}", ".endc"], [".control\r", "{}\r", ".endc\r"],
    [".end", ".control", "{}", ".endc"], ["*#{}"], ["*# {}"], ["* # {}"], ["*#pre_{}"], ["*ng_script", "{}"], ["*ng_script_with_params", "{}"], ["* ng_script", "{}"],
    ["R2 a b 1k ; *# {}"], ["+ *#{}"], [".endc", "{}", ".control"], ["\f.control", "\f{}", "\f.endc"], ["\v.control", "\v{}", "\v.endc"],
    ["\u2028.control\u2028{}\u2028.endc"], ["\x85.control\x85{}\x85.endc"], ["\x1c.control\x1c{}\x1c.endc"], ["R2 a b 1k\u2028.control\u2028{}\u2028.endc"],
    ["R2 a b 1k\x85.control\x85{}\x85.endc"], ["R2 a b 1k\r.control\r{}\r.endc"], ["\uff0econtrol", "{}", "\uff0eendc"], [".\u200bcontrol", "{}", ".endc"],
    [".\u0441ontrol", "{}", ".endc"],
]  # fmt: skip
_FILES = [
    ".include SECRET", ".inc SECRET", ".INCLUDE 'SECRET'", '.include "SECRET"', ".lib SECRET tt", ".lib 'SECRET' tt", ".include ../SECRETNAME", ".include ./../SECRETNAME",
    ".include ~/.ssh/id_rsa", ".include $HOME/.ssh/id_rsa", ".include ${HOME}/x", ".include %USERPROFILE%\\x", ".include \\\\server\\share\\x", ".include http://localhost/x",
    ".include file:///etc/passwd", ".include |touch CANARY", ".include `touch CANARY`", ".include $(touch CANARY)", ".include /dev/zero", ".include /dev/stdin", ".include /dev/random",
    ".include /proc/self/environ", ".include /proc/self/mem", ".include /", ".include .", ".include ..", ".include ''", ".include", ".include a b c", ".lib", ".lib x",
    ".include inner\x00SECRET", ".include link", ".include folder", ".include pipe", ".include loop", ".include //etc/passwd", ".include /etc/../etc/passwd",
    ".include\tSECRET", ".include=SECRET", ".include(SECRET)", ".inclu SECRET", ".includes SECRET", ".hdl SECRET", ".pre_osdi SECRET", ".osdi SECRET", ".codemodel SECRET",
    ".spiceinit SECRET", ".load SECRET", ".save CANARY", ".write CANARY", ".dout CANARY", ".out CANARY", ".snap CANARY", ".exec touch CANARY", ".shell touch CANARY",
    ".system touch CANARY", ".csparam x={system('touch CANARY')}", ".psparam x=1", ".mc_source SECRET", ".if (1)", ".elseif", ".else", ".endif", ".disto", ".sp CANARY", ".step x 1 2 3",
]  # fmt: skip
_DEVICES = [
    "A1 %v([a]) src", "A1 [a] [b] proc", "a1 a b c", "A1 a b 1k", "N1 a b c psp", "P1 a b 0 x", "U1 a b x", "Y1 a 0 b 0 x", "Z1 a b c x file=SECRET",
    "V1 a 0 pwl file=SECRET", "V1 a 0 PWL FILE 'SECRET'", "V2 a 0 pwl(file=\"SECRET\")", "V1 a 0 dc 1 file SECRET", "I1 a 0 pwl file=SECRET", "B1 a 0 v=table(file=SECRET)",
    "R2 a b r='system(\"touch CANARY\")'", "R2 a b {`touch CANARY`}", "R2 a b $(touch CANARY)", "R2 a b 1k file=SECRET", "X1 a b c ../SECRET", "X1 a b amp file=SECRET",
    "E1 a 0 table {v(b)} = file SECRET", "G1 a 0 poly(1) b 0 file=SECRET", "R2 a b 1k\t;\t*# shell touch CANARY", "C1 a b c=\"touch CANARY\"", "L1 a b `id`",
]  # fmt: skip
_MODELS = [
    ".model src filesource(file=\"SECRET\" amploffset=[0] amplscale=[1])", ".model proc d_process(process_file=\"/bin/sh\" process_params=[\"-c\" \"touch CANARY\"])",
    ".model st d_state(state_file=\"SECRET\")", ".model ds d_source(input_file=\"SECRET\")", ".model t2 table2d(file=\"SECRET\")", ".model t3 table3d(file=\"SECRET\")",
    ".model cos d_cosim(simulation=\"SECRET\")", ".model x xfer(file=\"SECRET\")", ".model x r file=SECRET", ".model x nmos level=1 file='SECRET'", ".model x urc(file=SECRET)",
    ".model", ".model x", ".model x osdi_thing SECRET", ".model x ltra file=SECRET",
]  # fmt: skip
_PARAMS = [
    ".param x='system(\"touch CANARY\")'", ".param x={`touch CANARY`}", ".param x=$(touch CANARY)", ".param x={shell(\"touch CANARY\")}", ".func f(x) {system(x)}",
    ".func f(x)='`touch CANARY`'", ".param x={__import__('os').system('touch CANARY')}", ".param x={exec('touch CANARY')}", ".param x={().__class__}",
    ".param x={9**9**9**9**9}", ".param x={1e308*1e308}", ".param x={((((((((((1))))))))))}", ".param x={x}", ".param x={y} y={x}", ".param " + "x={" * 40 + "1" + "}" * 40,
    ".param x=" + "(" * 5000 + "1" + ")" * 5000, ".param x=" + "-" * 5000 + "1", ".param x=" + "2**" * 500 + "2", ".param x=nan", ".param x=inf", ".param x=1e999999",
    ".param x={lambda: 0}", ".param x={[0]*10**9}", ".param x={'a'*10**9}", ".param x={agauss(0,1,1)}", ".param x={ternary_fcn(1,2,3)}", ".option x=1", ".option interp",
    ".options filetype=ascii", ".option rawfile=CANARY", ".option seed='`id`'", ".option savecurrents interp", ".global `touch CANARY`", ".ic v(a)=`id`", ".nodeset v(a)=$(id)",
]  # fmt: skip
_SHAPES = [
    "M9 a bsssv  sv n W=1u L=1u", "R9 a 1k", "Q9 a b x", "D9 a x", "M.9 a b vss vss n W=1u L=1u", "R.x.9 a b 1k",
    ".subckt amp x", ".subckt", ".ends\n.ends", ".subckt x\n.subckt y\n.ends\n.ends", ".subckt self a\nX1 a self\n.ends\nX2 a self", "X9 a b nobody",
    ".subckt p a\nX1 a q\n.ends\n.subckt q a\nX1 a p\n.ends\nX3 a p", "R1", "R", "+", "+ + +", "M", "M1 a b c d n W=", "M1 a b c d n W==1", "M1 a b c d n =", "M1 a b c d n W=1u W=2u",
    "M1 a b c d n W={", "M1 a b c d n W='", 'M1 a b c d n W="', "M1 a b c d n W={}}", "R2 a b 1k 2k 3k", "R2 a b -1k", "R2 a b 0", "R2 a a 1k", "R2 a b 1e400", "C1 a b 1e-400",
    "R2 a b \u0661\u0662", "R2 \u202ea b 1k", "R2 a\u0000b c 1k", "R2 " + "a" * 100_000 + " b 1k", "R2 a b 1k " + "x=1 " * 20_000, "\n".join(f"R{n} a b 1k" for n in range(2, 4000)),
    "R\u212a a b 1k", "\u0130 a b 1k", "R2 a b 1\u00b5", "R2 a b 1k\x1b[2J", "R2 \x1b]0;x\x07 b 1k", "R2 a b 1k \x7f", "R2 a b %s%n%x", "R2 a b ../../..", "R2 a b *", "R2 a b ?", "R2 a b [a-z]",
    "R2 a b {a}{b}{c}", "R2 a b ''", 'R2 a b ""', "'R2 a b 1k", "R2 a b 1k\\", "R2 a b 1k\\\n.control\nshell touch CANARY\n.endc", "R2 a b 1k //.control", ".end .control",
    ".END\n.control\nshell touch CANARY\n.endc", ".endx", "..include SECRET", ". include SECRET", "  +  .include SECRET", "*\n+ .include SECRET", ";\n+.control",
]  # fmt: skip


def lines() -> dict[str, str]:
    """Name → lines to stand in a sound circuit."""
    found: dict[str, str] = {}
    for shape, wrapper in enumerate(_CONTROL):
        command = _COMMANDS[shape % len(_COMMANDS)]
        found[f"control {shape}: {command}"] = "\n".join(wrapper).replace("{}", command)
    for command in _COMMANDS:
        found[f"plain control: {command}"] = f".control\n{command}\n.endc"
        found[f"comment: {command}"] = f"*#{command}"
    for kind, group in (("file", _FILES), ("device", _DEVICES), ("model", _MODELS), ("parameter", _PARAMS), ("shape", _SHAPES)):
        for text in group:
            found[f"{kind}: {text[:60]}"] = text
    return found


def alone() -> dict[str, bytes]:
    """Name → a whole file."""
    return {
        "empty": b"", "only a newline": b"\n", "NUL": b"\0", "NUL in a name": SOUND.encode().replace(b"M1", b"M\0001"), "ELF": b"\x7fELF" + bytes(200), "gzip": b"\x1f\x8b" + bytes(100),
        "UTF-16": SOUND.encode("utf-16"), "UTF-32": SOUND.encode("utf-32"), "Latin-1": "* \xe9\n".encode("latin-1") + SOUND.encode(), "byte order mark": b"\xef\xbb\xbf" + SOUND.encode(),
        "invalid UTF-8": b"\xff\xfe\xfd" + SOUND.encode(), "no newline": SOUND.encode().rstrip(), "CRLF": SOUND.replace("\n", "\r\n").encode(), "CR": SOUND.replace("\n", "\r").encode(),
        "one long line": b"R1 a b " + b"1" * 2_000_000, "many plus signs": b"R1 a b 1k\n" + b"+ x=1\n" * 50_000, "100 MB": b"* x\n" * 25_000_000, "many comments": b"*\n" * 500_000,
        "title is a command": b".control\nshell touch CANARY\n.endc\n" + SOUND.encode(), "script with a shebang": b"#!/bin/sh\ntouch CANARY\n", "XML": b"<?xml version='1.0'?><a/>",
        "YAML": b"a: &a [*a]\n", "JSON": b"{}", "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.", "spaces": b" " * 1_000_000, "a bomb of subcircuits": _bomb(),
    }  # fmt: skip


def _bomb() -> bytes:
    """Nine levels of ten calls: a billion resistors if it were flattened without limit."""
    text = "* bomb\n.subckt s0 a b\nR1 a b 1k\n.ends\n"
    for level in range(1, 10):
        text += f".subckt s{level} a b\n" + "".join(f"X{n} a b s{level - 1}\n" for n in range(10)) + ".ends\n"
    return (text + ".end\n").encode()
