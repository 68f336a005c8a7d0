"""No module imports another one that, in the end, imports it: imports for types only and imports inside functions count
as well.
"""

from __future__ import annotations

from collections.abc import Iterator

import grimp
import pytest


def cycles(graph: grimp.ImportGraph) -> Iterator[list[str]]:
    """A chain of imports from each module that has one back to itself, each cycle once."""
    seen: set[str] = set()
    for module in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            if module not in seen and (chain := graph.find_shortest_chain(imported, module)):
                seen.update(chain)
                yield [module, *chain]


def test_a_cycle_is_found() -> None:
    graph = grimp.ImportGraph()
    for one, other in (("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")):
        graph.add_import(importer=one, imported=other)
    assert list(cycles(graph)) == [["a", "b", "c", "a"]]


@pytest.fixture(scope="module")
def house() -> grimp.ImportGraph:
    return grimp.build_graph("eda_agent")


def test_no_cycles(house: grimp.ImportGraph) -> None:
    # the folders that the package takes in are in the graph
    assert {
        "eda_agent.tui.app",
        "eda_agent.klayout.plugin",
        "eda_agent.train.trainer",
        "eda_agent.simulation.session",
    } <= house.modules
    assert list(cycles(house)) == []
