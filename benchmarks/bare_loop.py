"""The bare loop is libngspice alone, without this package: what the simulator's speed is compared with.

python -m benchmarks.bare_loop JOBS.json    prints the seconds for all jobs but the first
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eda_agent.problem.pdk.cut import read_cards
from eda_agent.simulation.device_values import OPERATING_POINT
from eda_agent.simulation.ngspice import find_library
from eda_agent.simulation.workbench import Workbench


def bare_loop(jobs: Sequence[dict[str, Any]]) -> float:
    """Seconds for these jobs in libngspice alone; runs in a process of its own, since there is one libngspice in a
    process."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(jobs, file)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.bare_loop", file.name],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent.parent,
        )
    return float(done.stdout.strip().splitlines()[-1])


def bare_main(path: str) -> None:
    """The bare loop itself: ctypes, no PySpice, no measurement."""
    jobs = json.loads(Path(path).read_text())
    library = ctypes.CDLL(find_library())
    quiet = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)(lambda *_: 0)
    leave = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p)(
        lambda *_: 0
    )
    library.ngSpice_Init(quiet, quiet, leave, None, None, None, None)
    library.ngGet_Vec_Info.restype = ctypes.c_void_p

    def command(text: str) -> None:
        library.ngSpice_Command(text.encode())

    command("set num_threads=1")
    loaded: set[str] = set()
    values: dict[tuple[str, str], float] = {}
    start = 0.0
    for number, job in enumerate(jobs):
        if number == 1:  # the first one warms up
            start = time.perf_counter()
        if not loaded or not set(job["cards"]) <= loaded:
            if loaded:
                command("remcirc")
            lines = [line.encode() for line in job["text"].split("\n")]
            library.ngSpice_Circ((ctypes.c_char_p * (len(lines) + 1))(*lines, None))
            loaded, values = (
                set(job["cards"]),
                {(device, parameter): value for device, parameter, value in job["alterations"]},
            )
        for device, parameter, value in job["alterations"]:
            if values.get((device, parameter)) != value:
                command(f"alter @{device}[{parameter}]={value!r}")
                values[device, parameter] = value
        command("op")
        command(job["show"])  # the operating points, as a worker reads them
        library.ngGet_Vec_Info(b"vvdd#branch")
        command("ac dec 20 1 10g")
        for vector in (b"frequency", b"out"):
            if not library.ngGet_Vec_Info(vector):
                raise SystemExit("the bare loop got no result")
        command("destroy all")
    print(time.perf_counter() - start)


def jobs_of(workbench: Workbench, nodeset: dict[str, float], some: Sequence[dict[str, float]]) -> list[dict[str, Any]]:
    """The decks as the workers get them, as whole texts."""
    deck = workbench.decks[0]
    cards = read_cards(deck.library.models.read_text())
    nodes = "".join(f".nodeset v({name})={value!r}\n" for name, value in nodeset.items())
    result = []
    for sizing in some:
        instance = workbench.instance(sizing)
        wanted = deck.library.needed(instance.parts.devices)
        # the plain way: bins under their own names, chosen by ngspice
        flat = re.sub(r"_bin\d+ ", " ", instance.flat(deck))
        text = f"{deck.title}{''.join(cards[name].rstrip() + chr(10) for name in wanted)}{flat}{deck.tail}{nodes}.end"
        uncut = f".lib {workbench.problem.pdk.library()} tt\n"
        result.append(
            {
                "text": text,
                "foundry": f"{deck.title}{uncut}{instance.circuit}{deck.call}{deck.tail}{nodes}.end",
                "show": f"show {' '.join(name for name, _, _ in deck.devices)} : {' '.join(OPERATING_POINT)}",
                "cards": wanted,
                "alterations": instance.parts.alterations,
            }
        )
    return result


def new_process_each(jobs: Sequence[dict[str, Any]], text: str) -> float:
    """Seconds for one `ngspice -b` per simulation, writing a raw file. `text`: which text of a job is the deck."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deck.spice"
        for job in jobs:
            path.write_text(job[text].removesuffix(".end") + ".op\n.ac dec 20 1 10g\n.save v(out) i(vvdd)\n.end\n")
            subprocess.run(
                ["ngspice", "-b", "-r", f"{folder}/out.raw", str(path)], capture_output=True, check=False, cwd=folder
            )
            if not Path(f"{folder}/out.raw").stat().st_size:
                raise SystemExit("ngspice -b gave no result")
    return time.perf_counter() - start


if __name__ == "__main__":
    bare_main(sys.argv[1])
