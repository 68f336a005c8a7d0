"""Topologies that another program composed are drafted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.record.export import sized_netlist
from eda_agent.run import measure_once
from tests.evidence import cases


def composed(topology: str, every: int = 1) -> list[tuple[str, str]]:
    """(name, netlist) of circuits that another program, circuitgenome, composes: MOSFETs by polarity alone, without
    sizes, cells in cells.
    """
    from circuitgenome.synthesizer import enumerate_circuits, load_modules, load_topologies, to_hierarchical_spice

    template = next(entry for entry in load_topologies() if entry.name == topology)
    return [
        (f"c{number}", to_hierarchical_spice(circuit, f"c{number}"))
        for number, circuit in enumerate(enumerate_circuits(template, load_modules()))
        if number % every == 0
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("topology", "every", "told"),
    cases(
        [
            ("one_stage_opamp", 1, 0.95),
            ("two_stage_opamp_single_ended", 10, 1.0),
            ("three_stage_opamp_nmc_single_ended", 60, 1.0),
        ],
        "two_stage_opamp_single_ended",
    ),
)
def test_topologies_that_another_program_composed(topology: str, every: int, told: float, tmp_path: Path) -> None:
    known = 0
    circuits = composed(topology, every)
    assert len(circuits) > 15
    for name, text in circuits:
        (tmp_path / f"{name}.ckt").write_text(text)
        draft = read_circuit(tmp_path / f"{name}.ckt", tmp_path, "sky130A")
        (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
        if draft.kind.name == "op-amp" and not draft.structure.unknown:
            known += 1
            problem = load_problem(tmp_path / "spec.yaml")
            assert problem.space.parameters
        else:
            assert draft.doubts
    assert known / len(circuits) >= told


def test_bare_devices_get_the_pdks_models_and_a_size_that_works(tmp_path: Path) -> None:
    name, text = composed("two_stage_opamp_single_ended", 119)[1]
    (tmp_path / f"{name}.ckt").write_text(text)
    draft = read_circuit(tmp_path / f"{name}.ckt", tmp_path, "gf180mcuD")
    assert any("nmos" in note and "nmos_3p3" in note for note in draft.changed)
    assert any(note.startswith("devices without sizes") for note in draft.changed)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    problem = load_problem(tmp_path / "spec.yaml")
    # the compensation lies in a cell of its own
    assert any(
        parameter.role == "compensation capacitor" and "." in parameter.name for parameter in problem.space.parameters
    )
    values = measure_once(problem)
    assert values["dc_gain"] is not None and values["dc_gain"] > 20
    # what is sized in a cell is written back there
    parameter = next(parameter for parameter in problem.space.parameters if parameter.role == "compensation capacitor")
    sizing = {**problem.space.initial, parameter.name: 2.345e-12}
    assert re.search(r"\b2.345(?:e-12|pf?)\b", sized_netlist(problem, sizing), re.IGNORECASE)
