"""A name of a netlist is told with the capitals that it has there."""

from __future__ import annotations

import pytest

from eda_agent.problem.as_written import as_written

NETLIST = """* a pair, w12=1 before
.subckt Amp inp Out vdd Rin=2k
.param W12=2 xW12=3 L12 = 0.5
XM1 Out inp vss vss nfet w={W12}
+ L=0.5 $ Nf=2
.ends
"""


@pytest.mark.parametrize(
    ("name", "written"),
    [("w12", "W12"), ("l12", "L12"), ("rin", "Rin"), ("xm1.w", "XM1.w"), ("nf", "nf"), ("m9.w", "m9.w")],
)
def test_capitals_come_from_the_netlist_and_not_from_its_comments(name: str, written: str) -> None:
    assert as_written(name, NETLIST) == written
