"""ngspice that crashes, exits, hangs, blows up its memory or gives numbers that no circuit has: a failed turn each, and
the run goes on.
"""

from __future__ import annotations

from pathlib import Path

from .count import Count, finish, judge, state_of

SPEC = """name: faulty
circuit: rc.spice
subckt: rc
pdk: own
parameters: {{R1: {{min: 1k, max: 2k}}}}
testbenches: {{t: {{deck: tb.spice, probes: {{out: out, supply: vsup}}}}}}
{more}specs: {{power: {{testbench: t, maximum: 1}}{asked}}}
corners: {{nominal: {{process: tt, vdd: 1, temperature: 27}}}}
budget: {{simulations: 2, timeout: {timeout}}}
"""
CIRCUIT = "* rc\n.subckt rc out vdd vss\nR1 out vdd 1k\nC1 out vss 1p\n{extra}\n.ends\n"
DECK = "* tb\nvsup vdd 0 {vdd}\nXdut out vdd 0 rc\n.op\n"
FAULTS: dict[str, tuple[str, str, float]] = {
    # name: (lines of the circuit, lines of the testbench, seconds allowed)
    "exits": ("R9 out vss r={nowhere*2}", "", 10),
    "hangs": ("", ".tran 1f 1000", 1.5),
    "no convergence": ("B1 out vss i=v(out)**40*1e30+1", ".tran 1n 1u", 5),
    "a loop of sources": ("V8 out vss 1\nV9 out vss 2", "", 5),
    "a node without a path": ("C8 x y 1p\nC9 y x 1p", "", 5),
    "absurd numbers": ("I9 vss out 1e200", "", 5),
    "memory": ("", ".dc vsup 0 1 1e-10", 6),
    "a million points": ("", ".tran 1p 10u", 3),
    "no such model": ("M9 out vdd vss vss nobody W=1u L=1u", "", 5),
}


def simulator(place: Path, names: list[str] | None = None) -> Count:
    count = Count("ngspice itself")
    for name in names or list(FAULTS):
        extra, analysis, seconds = FAULTS[name]
        folder = place / name.replace(" ", "-")
        folder.mkdir()
        (folder / "rc.spice").write_text(CIRCUIT.replace("{extra}", extra))
        (folder / "tb.spice").write_text(DECK + analysis + "\n.end\n")
        kind = analysis[1:].split(" ")[0] or "op"
        # an analysis runs where something is measured in it
        more = f'measures: {{x: {{testbench: t, analysis: {kind}, unit: V, meas: "max v(out)"}}}}\n' if analysis else ""
        asked = ", x: {testbench: t, unit: V, minimum: 9}" if analysis else ""
        (folder / "spec.yaml").write_text(SPEC.format(timeout=seconds, more=more, asked=asked))
        told = finish(
            ["size", str(folder), "--policy", "random", "--json", "--out", str(folder / "run"), "--workers", "2"],
            place / "cache-s",
            seconds=400,
        )
        if not (folder / "run" / "journal.jsonl").exists():
            # what can be told from the netlist is told before anything is simulated
            count.runs += 1
            count.injected += 1
            count.recovered += told.returncode in (2, 3) and "Traceback" not in told.stderr
            continue
        state = state_of(folder / "run")
        count.injected += len(state.turns)
        if "Traceback" in told.stderr or told.returncode not in (0, 1, 3):
            count.notes.append(f"{name}: status {told.returncode}: {told.stderr[-300:]}")
        judge(count, folder / "run", state, [])
    return count
