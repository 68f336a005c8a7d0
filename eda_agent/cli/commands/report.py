"""`eda-agent report`: write a run as a page, or as a table or datasheet for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.options import Commands, count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eda_agent.record.fold import RunState

FORMATS = {"html": "report.html", "csv": "turns.csv", "json": "summary.json", "md": "report.md", "cace": "cace.yaml"}


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "report",
        help="write a report of a run",
        description="Write one HTML page that works offline, or CSV, JSON, Markdown or CACE.",
    )
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument(
        "--format",
        choices=("html", "csv", "json", "md", "cace"),
        default="html",
        help="html (default), csv, json, md or cace",
    )
    parser.add_argument(
        "--samples",
        type=count,
        default=0,
        metavar="N",
        help="html: number of Monte Carlo samples to add (default none)",
    )
    parser.add_argument(
        "--mc-corner",
        metavar="NAME",
        help="html: the corner of the Monte Carlo samples, or all (default: the corner of the least margin)",
    )
    parser.add_argument("--no-sim", action="store_true", help="html: do not simulate; the page has no waveforms")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="output file, - for stdout (default: in the run's folder)"
    )
    parser.add_argument(
        "--datasheet",
        type=Path,
        metavar="FILE",
        help="cace: write the results into this datasheet; the old file is kept as .bak",
    )
    parser.add_argument("--units", action="store_true", help="csv: headings with units, such as gbw (Hz)")
    parser.add_argument("--author", metavar="NAME", help="html: the author of the report (default: your user name)")
    parser.add_argument(
        "--pdf", action="store_true", help="html: also write the page as PDF (needs Chromium, Chrome, Edge or Brave)"
    )
    parser.set_defaults(func=report_command)


def report_command(options: argparse.Namespace) -> int:
    """Write the run as a page or in another format."""
    import json

    from eda_agent.cli.idle import refuse_idle
    from eda_agent.cli.say import say, write
    from eda_agent.errors import InputError, visible
    from eda_agent.files import write_text
    from eda_agent.record.best_turn import best_turn
    from eda_agent.record.run_state import load_state
    from eda_agent.record.tables import cace_datasheet, csv_turns, markdown_summary

    if options.mc_corner is not None and not (options.samples and options.format == "html" and not options.no_sim):
        raise InputError("--mc-corner is for the Monte Carlo samples of the HTML page\n    → add --samples N")
    page = "with --datasheet" if options.datasheet else f"with --format {options.format}"
    page = "" if page == "with --format html" else page
    refuse_idle(
        (
            ("--samples", options.samples, page, "leave it out, or write the HTML page"),
            ("--samples", options.samples, "with --no-sim" if options.no_sim else "", "leave one of them out"),
            ("--author", options.author, page, "leave it out, or write the HTML page"),
            ("--pdf", options.pdf, "with --datasheet" if options.datasheet else "", "write the HTML page without it"),
        )
    )
    if options.units and options.format != "csv":
        raise InputError("--units is for the headings of a CSV file\n    → add --format csv")
    if options.pdf and (options.format != "html" or str(options.out) == "-"):
        raise InputError("--pdf prints the HTML page\n    → leave out --format, and give --out a file name")
    if options.pdf:
        from eda_agent.record.report.print_pdf import find_browser, print_pdf

        browser = find_browser()
    state = load_state(options.run)
    if options.datasheet is not None:
        return _into_datasheet(options, state)
    target: Path = options.out or options.run / FORMATS[options.format]
    match options.format:
        case "html":
            text = _html(options, state)
        case "csv":
            text = visible(csv_turns(state, units=options.units))
        case "md":
            text = visible(markdown_summary(state))
        case "cace":
            text = cace_datasheet(state, str(options.run / "sized.spice"))
        case _:
            text = (
                json.dumps(
                    {
                        "started": state.started,
                        "best": best_turn(state),
                        "finished": state.finished,
                        "verified": state.verified,
                        "curve": state.curve,
                    },
                    indent=1,
                )
                + "\n"
            )
    if str(target) == "-":
        write(text)
    else:
        write_text(target, text)
        say(f"wrote {target}")
    if options.pdf:
        print_pdf(text, target.with_suffix(".pdf"), browser)
        say(f"wrote {target.with_suffix('.pdf')}")
    return 0


def _into_datasheet(options: argparse.Namespace, state: RunState) -> int:
    """Write the results of a run into the designer's own datasheet."""
    import shutil

    from eda_agent.cli.say import say
    from eda_agent.errors import InputError
    from eda_agent.files import write_text
    from eda_agent.record.cace_results import datasheet_with_results

    if options.format not in {"cace", "html"}:
        raise InputError("--datasheet is for CACE\n    → leave out --format, or write --format cace")
    text = datasheet_with_results(options.datasheet, state)
    target: Path = options.out or options.datasheet
    if target == options.datasheet:
        shutil.copyfile(target, target.with_name(f"{target.name}.bak"))
    write_text(target, text)
    say(f"wrote {target}")
    return 0


def _html(options: argparse.Namespace, state: RunState) -> str:
    """The page, with waveforms and Monte Carlo if the circuit can still be simulated."""
    import getpass

    from eda_agent import run
    from eda_agent.cli.say import say
    from eda_agent.cli.selection import problem_asked
    from eda_agent.errors import InputError
    from eda_agent.record.best_turn import best_turn
    from eda_agent.record.report import Evidence, circuit_evidence, html_report

    best = best_turn(state)
    shown: dict[str, Any] = {"author": options.author if options.author is not None else getpass.getuser()}
    try:
        problem = problem_asked(options.run, state)
    except InputError as error:
        say(f"eda-agent: without waveforms and netlist: {error}")
    else:
        shown |= circuit_evidence(problem, best["sizing"])
        if not options.no_sim:
            corners = _mc_corners(options.mc_corner, state, best) if options.samples else None
            found = run.simulate_for_report(problem, best["sizing"], options.samples, state.started["seed"], corners)
            shown |= vars(found)
    return html_report(state, Evidence(**shown))


def _mc_corners(name: str | None, state: RunState, best: Mapping[str, Any]) -> list[str] | None:
    """The corners of the Monte Carlo samples; None for the first. Raises `InputError` for a corner that is not one."""
    from eda_agent.cli.nearest import nearest
    from eda_agent.errors import InputError
    from eda_agent.insight.least_margin import least_margin

    names = list(state.started["corners"])
    if name is None:
        found = least_margin(state.started, best)
        return [found[1]] if found else None
    if name not in {"all", *names}:
        raise InputError(f"--mc-corner {name}: no such corner\n    → {nearest(name, ('all', *names))}")
    return names if name == "all" else [name]
