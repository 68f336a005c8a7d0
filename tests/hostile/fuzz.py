"""Coverage-guided fuzzing of every reader: `python -m tests.hostile.fuzz READER SECONDS`, or `all`. Needs atheris (pip
install atheris).

A crash is any exception but the one that a user is told. atheris writes what caused it beside the corpus, in
`--corpus`.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

READERS = ("netlist", "spec", "init", "reply", "journal", "order", "expression", "quantity")


def reader(name: str, folder: Path) -> Callable[[bytes], None]:
    """What is fed. It raises nothing but what is a fault of ours."""
    from eda_agent.agent.commands import parse_command
    from eda_agent.agent.parse import parse_reply
    from eda_agent.errors import EdaAgentError
    from eda_agent.problem import expression
    from eda_agent.problem.draft import read_circuit, write_draft
    from eda_agent.problem.load import load_problem
    from eda_agent.problem.netlist import parse_netlist
    from eda_agent.problem.source import read_source
    from eda_agent.record.fold import fold
    from eda_agent.record.journal import read_journal
    from eda_agent.spice_numbers import parse_spice_number
    from eda_agent.units import QuantityError, parse_quantity

    from .netlists import SOUND
    from .test_netlists import SPEC
    from .test_texts import SPACE

    path, spec = folder / "amp.spice", folder / "spec.yaml"
    path.write_text(SOUND)

    def netlist(data: bytes) -> None:
        path.write_bytes(data)
        read = parse_netlist(read_source(path, [folder]))
        read.text(comments=False)

    def a_spec(data: bytes) -> None:
        spec.write_bytes(data)
        load_problem(spec)

    def init(data: bytes) -> None:
        path.write_bytes(data)
        draft = read_circuit(path, folder, "own")
        write_draft(draft, path.name)

    def journal(data: bytes) -> None:
        log = folder / "journal.jsonl"
        log.write_bytes(data)
        list(read_journal(log))

    def numbers(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        parse_spice_number(text)
        with contextlib.suppress(QuantityError):
            parse_quantity(text, "m")

    def formula(data: bytes) -> None:
        try:
            node = expression.parse(data.decode("utf-8", "replace"))
            expression.evaluate(node, {"w": 1e-6, "x": 2.0})
        except expression.ExpressionError:
            pass

    given: dict[str, Callable[[bytes], object]] = {
        "netlist": netlist,
        "spec": a_spec,
        "init": init,
        "journal": journal,
        "quantity": numbers,
        "expression": formula,
        "reply": lambda data: parse_reply(data.decode("utf-8", "replace"), SPACE, {"M1.w": 1e-6}),
        "order": lambda data: parse_command(data.decode("utf-8", "replace")),
    }
    assert SPEC and fold

    def feed(data: bytes) -> None:
        with contextlib.suppress(EdaAgentError):
            given[name](data)

    return feed


def seeds(name: str, corpus: Path) -> None:
    """What a reader begins with: the hand-written cases."""
    from . import netlists, texts
    from .test_netlists import SPEC

    found = {
        "netlist": [netlists.SOUND, *netlists.lines().values()],
        "init": [netlists.SOUND, *netlists.lines().values()],
        "spec": [SPEC, *texts.YAML.values()],
        "reply": list(texts.REPLIES.values()),
        "journal": [line.decode("latin-1") for line in texts.EVENTS.values()],
        "order": list(texts.ORDERS.values()),
        "expression": ["w*2", "max(1,x)", "{a?b:c}", "1e-6*(w+x)**2"],
        "quantity": ["4.7u", "1e-6 m", "10 MHz", "1k"],
    }[name]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(found):
        if len(text) < 4096:
            (corpus / f"seed{number}").write_bytes(text.encode("utf-8", "surrogatepass"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz")
    parser.add_argument("reader", choices=("all", *READERS))
    parser.add_argument("seconds", type=int)
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "eda-agent-fuzz")
    options = parser.parse_args()
    if options.reader == "all":
        status = 0
        for name in READERS:
            start = time.time()
            words = [
                sys.executable,
                "-m",
                "tests.hostile.fuzz",
                name,
                str(options.seconds),
                "--corpus",
                str(options.corpus),
            ]
            ended = subprocess.run(words, capture_output=True, text=True, check=False)
            last = next(
                (line for line in reversed(ended.stderr.splitlines()) if line.startswith("Done")), ended.stderr[-1500:]
            )
            print(f"{name}: {time.time() - start:.0f} s, {last}", flush=True)
            status |= ended.returncode != 0
        return status
    import atheris

    corpus = options.corpus / options.reader
    with tempfile.TemporaryDirectory() as folder, atheris.instrument_imports(include=["eda_agent"]):
        # modules are instrumented as they are imported: nothing of ours may be there before
        feed = reader(options.reader, Path(folder))
        seeds(options.reader, corpus)
        atheris.Setup(
            [
                sys.argv[0],
                f"-max_total_time={options.seconds}",
                "-timeout=10",
                "-max_len=4096",
                "-rss_limit_mb=4096",
                "-verbosity=1",
                f"-artifact_prefix={options.corpus}/",
                str(corpus),
            ],
            feed,
        )
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
