"""The parser says what may stand on a command line: every command with its options, defaults and help."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from eda_agent import __version__


class PolicyNames(tuple[str, ...]):
    """What `--policy` may be: these names, a model in a folder (local:FOLDER), a policy of one's own (python:MODULE.CLASS)."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        kind, colon, rest = str(name).partition(":")
        return tuple.__contains__(self, name) or (bool(colon and rest) and kind in {"python", "local", "embedded"})


POLICY_NAMES = PolicyNames(("auto", "embedded", "trust", "random", "scripted", "tpe", "cma", "gp", "scbo", "local", "chat"))
"""The registry's names, written out so that the parser need not import it (a test compares them)."""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; shell completion is made from it."""
    parser = argparse.ArgumentParser(prog="eda-agent", description="Size analog circuits until every spec is met in every corner.")
    parser.add_argument("--allow-code", action="store_true", help="run the Python measurements that a spec names")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--untrusted", action="store_true", help="files from elsewhere: refuse to simulate where the sandbox lacks a layer")
    trust.add_argument("--trusted", action="store_true", help="simulate files that another user owns although the sandbox lacks a layer")
    parser.add_argument("--version", action="version", version=f"eda-agent {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    size = commands.add_parser(
        "size", help="size a circuit", description="Propose, simulate and keep the best, turn by turn, until every spec is met."
    )
    size.add_argument("spec", type=Path, help="spec.yaml, or the folder that holds it; with --resume also the folder of the run")
    size.add_argument(
        "--policy",
        choices=POLICY_NAMES,
        metavar="NAME",
        help=f"what proposes: {', '.join(POLICY_NAMES)}, or python:MODULE.CLASS, a policy of your own (default auto)",
    )
    size.add_argument("--budget", type=_count, metavar="N", help="simulated proposals at most (default: the spec's)")
    size.add_argument("--seed", type=int, default=None, metavar="S", help="seed of everything random (default 0)")
    size.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default runs/NAME-POLICY-TIME)")
    size.add_argument("--corners", choices=("nominal", "signoff"), help="a set of corners of the PDK instead of the spec's")
    size.add_argument(
        "--robust",
        type=float,
        metavar="SHARE",
        help="size until Monte Carlo chips show that this share meets the specs (lower end of the 95 %% interval), such as 0.99",
    )
    size.add_argument("--samples", type=_count, metavar="N", help="chips of --robust (default: as many as show that share, 100 or more)")
    which = size.add_mutually_exclusive_group()
    which.add_argument("--all-corners", dest="skip", action="store_false", default=None, help="simulate every corner of every proposal")
    which.add_argument(
        "--skip-corners",
        dest="skip",
        action="store_true",
        help="the first corner alone where the others cannot matter (default from 6 corners on)",
    )
    size.add_argument("--resume", action="store_true", help="go on with the run in --out")
    size.add_argument(
        "--endpoint",
        metavar="URL",
        help="chat, auto: OpenAI-compatible endpoint (chat: default $OPENAI_BASE_URL; auto: the embedded model)",
    )
    size.add_argument(
        "--answer-timeout", type=float, metavar="S", help="chat: seconds that one answer of the endpoint may take (default 120)"
    )
    size.add_argument(
        "--model", metavar="NAME", help="chat: model name (default: the only one served); local, embedded, auto: the model's folder"
    )
    size.add_argument(
        "--parallel", type=_count, metavar="N", help="proposals simulated at once, each a turn (default: as many as keep the workers busy)"
    )
    size.add_argument("--memory", action="store_true", help="begin with the best designs of earlier runs on the same circuit")
    size.add_argument("--no-request-seed", action="store_true", help="chat: send no seed with requests (for servers that cannot take one)")
    size.add_argument("--script", type=Path, metavar="FILE", help="scripted: one JSON proposal a line")
    size.add_argument(
        "--orders-from",
        type=int,
        metavar="BYTE",
        help="obey orders.jsonl from there on (default: what is appended from the start of the run)",
    )
    size.add_argument("--force", action="store_true", help="size with testbenches that do not test, too")
    size.add_argument("--json", action="store_true", help="one JSON object on stdout at the end")
    size.add_argument("--events", action="store_true", help="every event as a JSON line on stdout; control lines on stdin")
    _shared(size)

    init = commands.add_parser(
        "init", help="draft a spec from a netlist", description="Recognise the circuit, propose parameters, testbenches and targets."
    )
    init.add_argument("netlist", type=Path, help="SPICE or CDL netlist, or an xschem schematic (.sch)")
    init.add_argument("--pdk", metavar="NAME", help="PDK name or file (default: the one whose devices the netlist uses)")
    init.add_argument("--subckt", metavar="NAME", help="the subcircuit to size (default: the one that no other calls)")
    init.add_argument("--out", type=Path, metavar="DIR", help="where to write spec.yaml (default: beside the netlist)")
    init.add_argument("--force", action="store_true", help="replace a spec that is there")
    init.add_argument("--cace", type=Path, metavar="FILE", help="take targets from a CACE datasheet")
    init.add_argument("--no-sim", action="store_true", help="do not simulate: common targets instead of measured ones")
    init.add_argument("--json", action="store_true", help="one JSON object on stdout")

    tui = commands.add_parser(
        "tui",
        help="the terminal app",
        description="Watch and steer a run on the screen: a spec starts one, a netlist drafts a spec first, the folder of a run shows it, attached where it is in progress.",
    )
    tui.add_argument("target", type=Path, help="spec.yaml, a netlist, or the folder of a run")
    tui.add_argument("--policy", choices=POLICY_NAMES, metavar="NAME", help="what proposes, for a spec")
    tui.add_argument("--budget", type=_count, metavar="N", help="simulated proposals at most, for a spec")
    tui.add_argument("--seed", type=int, metavar="S", help="seed of everything random, for a spec")
    tui.add_argument("--out", type=Path, metavar="DIR", help="folder of the run, for a spec")
    tui.add_argument("--resume", action="store_true", help="go on with the run")
    tui.add_argument("--replay", type=float, metavar="SPEED", help="show a run again, so many times as fast as it was (0: at once)")
    tui.add_argument("--anywhere", action="store_true", help=argparse.SUPPRESS)

    sim = commands.add_parser("sim", help="simulate one sizing", description="Measurements, corners and operating points of one sizing.")
    _a_sizing(sim)
    sim.add_argument("--corners", choices=("nominal", "signoff"), help="a set of corners of the PDK instead of the spec's")
    sim.add_argument("--waves", type=Path, metavar="FILE", help="write the waveforms of every testbench and corner as JSON")
    sim.add_argument("--json", action="store_true", help="one JSON object on stdout")
    _shared(sim)

    mc = commands.add_parser(
        "mc",
        help="Monte Carlo of one sizing",
        description="Simulate one sizing on many chips: mismatch of every device, yield of every spec.",
    )
    mc.add_argument("--samples", type=_count, default=100, metavar="N", help="chips (default 100)")
    mc.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the chips (default 0)")
    mc.add_argument(
        "--process",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="chips differ in process too (default: where the PDK has statistics)",
    )
    mc.add_argument("--corner", metavar="NAME", help="corner, or all: then the worst counts (default: the first)")
    _a_sizing(mc)
    mc.add_argument("--json", action="store_true", help="one JSON object on stdout")
    _shared(mc)

    check = commands.add_parser(
        "check", help="say what would go wrong", description="Read a spec and everything it names; simulate nothing."
    )
    check.add_argument("spec", type=Path, help="spec.yaml, or the folder that holds it")
    check.add_argument("--json", action="store_true", help="one JSON object on stdout")

    runs = commands.add_parser("runs", help="list runs", description="The runs below a folder, newest last.")
    runs.add_argument("folder", type=Path, nargs="?", default=Path("runs"), help="where to look (default runs)")
    runs.add_argument("--json", action="store_true", help="one JSON object on stdout")

    show = commands.add_parser("show", help="show a run", description="Specs, sizing and turns of a run.")
    show.add_argument("run", type=Path, help="folder of the run")
    show.add_argument("--turn", type=int, metavar="N", help="one turn in full")
    show.add_argument("--json", action="store_true", help="one JSON object on stdout")

    export = commands.add_parser(
        "export", help="write the sized netlist", description="The netlist with the best sizes written in, comments and order kept."
    )
    export.add_argument("run", type=Path, help="folder of the run")
    export.add_argument("--turn", type=int, metavar="N", help="the sizes of that turn (default: the best)")
    export.add_argument("--diff", action="store_true", help="a diff against the original instead")
    export.add_argument(
        "--xschem", type=Path, metavar="FILE", help="write the sizes into this schematic (.sch); the old one is kept as .bak"
    )
    export.add_argument("--out", type=Path, metavar="FILE", help="write here (default: stdout)")
    export.add_argument("--devices", action="store_true", help="the sized transistors as JSON: what a layout needs")
    export.add_argument(
        "--gds",
        "--oas",
        dest="layout",
        type=Path,
        metavar="FILE",
        help="a first placement of the transistors, or with --into theirs resized",
    )
    export.add_argument("--into", type=Path, metavar="LAYOUT", help="take this layout and write the sizes into its PCells")
    export.add_argument("--cell", metavar="NAME", help="cell of the layout (default: the top cell)")
    export.add_argument("--table", default="demonstration", metavar="NAME", help="PCells to draw with: demonstration, a PDK's, or a file")

    report = commands.add_parser(
        "report", help="write a report of a run", description="One HTML page that works offline, or CSV, JSON, Markdown, CACE."
    )
    report.add_argument("run", type=Path, help="folder of the run")
    report.add_argument(
        "--format", choices=("html", "csv", "json", "md", "cace"), default="html", help="html (default), csv, json, md or cace"
    )
    report.add_argument("--samples", type=int, default=0, metavar="N", help="html: Monte Carlo samples to add (default none)")
    report.add_argument("--no-sim", action="store_true", help="html: simulate nothing, no waveforms")
    report.add_argument("--out", type=Path, metavar="FILE", help="write here, - for stdout (default: in the run's folder)")

    compare = commands.add_parser("compare", help="two runs side by side", description="Specs and sizes of two runs.")
    compare.add_argument("runs", type=Path, nargs=2, metavar="RUN", help="folders of the runs")
    compare.add_argument("--json", action="store_true", help="one JSON object on stdout")

    front = commands.add_parser("front", help="trade-off of two specs", description="The turns of a run that no other beats in both specs.")
    front.add_argument("run", type=Path, help="folder of the run")
    front.add_argument("one", help="a spec")
    front.add_argument("other", help="another spec")
    front.add_argument("--json", action="store_true", help="one JSON object on stdout")

    sens = commands.add_parser(
        "sensitivity", help="which size moves which spec", description="Slope of every spec's margin over every size."
    )
    _a_sizing(sens)
    sens.add_argument("--step", type=float, default=0.02, metavar="X", help="step as a share of each range (default 0.02)")
    sens.add_argument("--json", action="store_true", help="one JSON object on stdout")
    _shared(sens)

    bench = commands.add_parser(
        "bench",
        help="compare policies",
        description="Policies × circuits × targets × seeds at equal simulation budgets; stopped benches go on.",
    )
    bench.add_argument("suite", help="all, learned, unseen, one shipped circuit, or a YAML file of your own")
    bench.add_argument("--policy", default="auto,trust,tpe,random", metavar="A,B", help="policies (default auto,trust,tpe,random)")
    bench.add_argument("--budget", type=_count, default=50, metavar="N", help="simulations a run (default 50)")
    bench.add_argument("--seeds", type=_count, default=3, metavar="K", help="seeds (default 3)")
    bench.add_argument("--targets", type=_count, default=1, metavar="T", help="targets a circuit (default 1)")
    bench.add_argument("--workers", type=_count, metavar="N", help="runs side by side (default: one a core)")
    _on_a_cluster(bench)
    bench.add_argument("--out", type=Path, metavar="DIR", help="where results are kept (default runs/bench-SUITE)")
    bench.add_argument("--json", action="store_true", help="one JSON object on stdout")

    train = commands.add_parser(
        "train",
        help="train a policy",
        description="Warm start and turn-level reinforcement learning on the simulator, from a recipe. Ctrl-C leaves a run that --resume goes on with.",
    )
    train.add_argument(
        "recipe", type=Path, nargs="?", help="a YAML file, such as train/recipes/tiny.yaml; with --resume also the folder of the run"
    )
    train.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default runs/train-NAME)")
    train.add_argument("--resume", action="store_true", help="go on with the run in --out")
    train.add_argument("--plan", choices=("h100", "h200", "a100"), help="say what a language model's recipe needs on such cards, and stop")
    train.add_argument("--fields", action="store_true", help="print every key that a recipe may have, and stop")
    train.add_argument("--json", action="store_true", help="one JSON object on stdout")

    doctor = commands.add_parser(
        "doctor", help="check the installation", description="What was found on this machine, and how to get the rest."
    )
    doctor.add_argument("--json", action="store_true", help="one JSON object on stdout")
    doctor.add_argument(
        "--report", action="store_true", help="a text for a bug report: what was found, versions, no names, paths or secrets of yours"
    )

    plugin = commands.add_parser(
        "klayout",
        help="install the KLayout plugin",
        description="Puts the plugin into KLayout's home ($KLAYOUT_HOME or ~/.klayout) with the path of this program, removes it, or says what is missing.",
    )
    plugin.add_argument("action", choices=("install", "remove", "doctor"), help="what to do")
    plugin.add_argument("--json", action="store_true", help="doctor: one JSON object on stdout")

    completion = commands.add_parser(
        "completion",
        help="print shell completion",
        description="For example: eda-agent completion bash > ~/.local/share/bash-completion/completions/eda-agent",
    )
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    return parser


def _a_sizing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "spec", type=Path, nargs="?", help="spec.yaml, or the folder that holds it; the folder of a run: what it asks, with its best sizes"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="values",
        help="a size that differs from the netlist's, such as W1=4u",
    )
    parser.add_argument(
        "--from", type=Path, metavar="RUN", dest="run", help="the best sizes of a run, in its corners and against its targets"
    )
    parser.add_argument("--turn", type=int, metavar="N", help="the sizes of that turn of the run (default: the best)")


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=_count, metavar="N", help="simulator processes (default: one a core)")
    _on_a_cluster(parser)
    parser.add_argument("--no-cache", action="store_true", help="simulate everything anew")


def _on_a_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="simulate on a Ray cluster: HOST:PORT, auto for the one that runs here, local for one of its own (needs the extra ray)",
    )


def _count(text: str) -> int:
    with contextlib.suppress(ValueError):
        if (value := int(text)) >= 1:
            return value
    raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number, 1 or more")
