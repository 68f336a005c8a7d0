"""What is relied on of ngspice itself: its two number parsers agree on the numbers that we write."""

from __future__ import annotations

import json
import math
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from eda_agent.spice_numbers import parse_spice_number, spice_number

PROBE = """
import json, random
from eda_agent.simulation.ngspice import Ngspice
from eda_agent.spice_numbers import spice_number
ngspice, draw = Ngspice(), random.Random(1)
values = [draw.choice([10 ** draw.uniform(-15, 6), float(f"{10 ** draw.uniform(-1, 2):.4g}") * 1e-6]) for _ in range(500)]
lines = [f"m{k} 1 0 0 0 nm w={spice_number(value)} l=1u" for k, value in enumerate(values)]
ngspice.load(["* parsers", *lines, ".model nm nmos level=1", "v1 1 0 1", ".end"])
ngspice.command("op")
loaded = [float(ngspice.vector(f"@m{k}[w]")[0]) for k in range(len(values))]
ngspice.command("destroy all")
for k, value in enumerate(values):
    ngspice.command(f"alter @m{k}[w]=1")
    ngspice.command(f"alter @m{k}[w]={spice_number(value)}")
ngspice.command("op")
altered = [float(ngspice.vector(f"@m{k}[w]")[0]) for k in range(len(values))]
print("\\n" + json.dumps([values, loaded, altered]))
"""


def test_the_deck_reader_and_alter_read_the_same_bits() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=60)
    values, loaded, altered = json.loads(done.stdout.strip().splitlines()[-1])
    assert loaded == altered
    assert all(math.isclose(one, other, rel_tol=1e-11) for one, other in zip(values, loaded, strict=True))


@given(st.floats(1e-18, 1e15) | st.floats(-1e15, -1e-18) | st.just(0.0))
def test_twelve_digits_are_kept(value: float) -> None:
    text = spice_number(value)
    assert "." not in text
    read = parse_spice_number(text)
    assert read is not None
    assert math.isclose(read, value, rel_tol=1e-11)
