"""A port name tells a role by custom (`vdd`, `inn`, `clk`): it is used where the connections tell nothing, and compared
with them where they do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from eda_agent.problem.structure import Structure

_NAMES = {
    "vdd": r"(?:[ad]_?)?v_?dd\w*|vcc\w*|[ad]?vpwr\w*|vpos|v\+|vsupply|vsup",
    "vss": r"(?:[ad]_?)?v_?ss\w*|[adv]?gnd\w*|ground|vee\w*|vneg|v-|vsub\w*",
    "inp": r"v?in_?p(?:os|lus)?|v?ip|v_?p|v?inplus|v?plus|in\+|vin\+|v?p_?in|v?pos_?in",
    "inn": r"v?in_?(?:n|m)(?:eg|inus)?|v?i[nm]|v_?[nm]|v?inminus|v?minus|in-|vin-|v?[nm]_?in|v?neg_?in",
    "out": r"v?out\w?|rf_?out\w?|out_?rf|vo|output|y|z|q",
    "outp": r"v?out(?:put)?_?p(?!ut)\w*|v?op|v_?o_?p|out\+|q|q_?p?",
    "outb": r"v?i?out_?(?:b|n|bar)|out2",
    "outn": r"v?out(?:put)?_?[nm]\w*|v?o[nm]|v_?o_?[nm]|out-|qn|qb|q_b|q_?(?:b|n|bar)|q!|nq",
    "in": r"v?in\w?|input|a|rf_?in\w?|in_?rf",
    "clk": r"clk\w*|ck|clock\w*|phi\w*",
    "clkb": r"(?:clk|clock|phi|ck)_?(?:b|n|bar)|n_?(?:clk|ck)|x?clk_?(?:b|n|bar)",
    "vocm": r"v?_?o?cm(?:_?(?:ref|o|out|i))?|v?ref_?cm|v?cm_?fb_?ref|v?out_?cm",
    "control": r"v?_?cm_?fb(?!_?ref)\w*|v?_?cm_?c(?:trl|ontrol|tl)?|v?ctrl_?cm",
    "vref": r"v?ref\w*|vbg\w*|vbgr",
    "fb": r"v?fb\w*|v?feedback|sense|vsense",
    "vctrl": r"v_?(?:ctrl|ctl|cont|cntl|control|tune|con|c)|vin|control|tune|vcp|vco_?in",
    "en": r"on|en\w?|ctrl|control|sel\w?|clk|phi|gn|vgn|gaten",
    "enb": r"off|en_?(?:b|n)|nctrl|ctrl_?(?:b|n)|sel_?(?:b|n)|clk_?(?:b|n)|gp|vgp|gatep",
    "bl": r"bl\d*|bit|bitline|bl_?[tp]",
    "blb": r"blb\d*|nbl|bl_?(?:b|n|bar|c)|br|bit_?(?:b|n|bar)",
    "wl": r"wl\d*|word|wordline",
    "reset": r"n?_?(?:v?out_?)?(?:por|reset|rst|bor|pwr_?ok|pgood|pwrgd|power_?good)\w*",
    "low": r"(?:en_?(?:b|n|bar)|enb\w*|n_?en|pd|pwd|pdwn|power_?down|dis|disable|rst|reset|standby|stby)",
    "high": r"(?:en|ena|enable|vena?|on|en_(?!b$|n$|bar$)\w+|pdn|pd_?b|rstn|rst_?b|n_?reset)",
}


_BIT = re.compile(r"b\d+")
"""A role of a bus: its number says it."""
_INVERSE = re.compile(r"nb\d+")
"""A role of the bus of inverse bits, whose names have too many forms."""
_VOLTS = re.compile(r"(?:v\w*?|[ad]?vdd\w*?)_?(\d)[vp](\d)\w*", re.IGNORECASE)
_RAILS = ((r"vapwr|vdda[12]", 3.3), (r"vdpwr|vccd[12]", 1.8))
"""Supplies of Tiny Tapeout (VAPWR, VDPWR) and of Efabless' Caravel (vdda1, vccd1), V."""


def volts_named(port: str) -> float:
    """The voltage that a supply's name says (`vdd_1v8`, `avdd3p3`, `VAPWR`); 0 if it says none."""
    if found := _VOLTS.fullmatch(port):
        return float(f"{found[1]}.{found[2]}")
    return next((volts for names, volts in _RAILS if re.fullmatch(names, port, re.IGNORECASE)), 0.0)


def named(role: str, port: str) -> bool:
    """Whether a port's name says this role; `low` and `high` are levels at which a control pin enables the circuit."""
    if _INVERSE.fullmatch(role):
        return False
    pattern = rf"[a-z_]*[\[<]?0*{role[1:]}[\]>]?" if _BIT.fullmatch(role) else _NAMES[role]
    # "vdd!" is a global net
    return re.fullmatch(pattern, port.removesuffix("!"), re.IGNORECASE) is not None


def port_named(role: str, ports: Sequence[str]) -> str:
    """The one port whose name says this role, "" if there is none or more than one."""
    found = [port for port in ports if named(role, port)]
    return found[0] if len(found) == 1 else ""


def missing_rails(structure: Structure) -> dict[str, str]:
    """Rail → port by its name, for the rails that the connections do not show."""
    result = {}
    for role, net in (("vdd", structure.vdd), ("vss", structure.vss)):
        if net in structure.ports or net == "0":
            continue
        free = [port for port in structure.ports if port not in structure.rails]
        exact = [port for port in free if port == role]
        if port := (exact[0] if exact else port_named(role, free)):
            result[role] = port
    return result


OPPOSITES = {"inp": "inn", "inn": "inp", "vdd": "vss", "vss": "vdd", "outp": "outn", "outn": "outp"}


def disagreements(ports: Mapping[str, str]) -> list[str]:
    """A sentence for each port whose name says the opposite of what its connections do. `ports`: role → port."""
    words = {
        "inp": "does not invert",
        "inn": "inverts",
        "vdd": "is the positive rail",
        "vss": "is the negative rail",
        "outp": "is the positive output",
        "outn": "is the negative output",
    }
    result = []
    for role, port in ports.items():
        opposite = OPPOSITES.get(role)
        if role == "inp" and re.fullmatch("v?in", port, re.IGNORECASE) and named("inn", ports.get("inn", "")):
            # beside "inn" it means "input"
            continue
        if opposite and named(opposite, port) and not named(role, port):
            result.append(f"{port.upper()} {words[role]} in this circuit, although its name says the opposite")
    return result
