"""Reading a bare netlist: its dialect, PDK, subcircuit, structure and class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.files import write_text
from eda_agent.problem.draft.added_ports import hidden_net, owner_of, with_port
from eda_agent.problem.draft.answers import Answers
from eda_agent.problem.draft.bare import WITHOUT_SIZES
from eda_agent.problem.draft.chosen_kind import COMPARATOR, named_comparator, with_answers
from eda_agent.problem.draft.chosen_settings import check_settings
from eda_agent.problem.draft.chosen_subckt import chosen_subckt
from eda_agent.problem.draft.circuit_class import CircuitClass, classify
from eda_agent.problem.draft.command_files import with_command_files
from eda_agent.problem.draft.copied_current import with_copied_current
from eda_agent.problem.draft.deck_share import Share
from eda_agent.problem.draft.dialect import to_spice
from eda_agent.problem.draft.driven_supply import driven_supply
from eda_agent.problem.draft.fallback_testbench import FallbackTestbench, fallback_testbench
from eda_agent.problem.draft.fins import without_fins
from eda_agent.problem.draft.first_sizes import FIRST_SIZES, first_sizes
from eda_agent.problem.draft.first_values import first_values, values_words
from eda_agent.problem.draft.flat import FlatConditions, conditions_of, is_made_of_cells
from eda_agent.problem.draft.foreign import foreign_models, refuse_foreign
from eda_agent.problem.draft.junctions import without_foreign_junctions
from eda_agent.problem.draft.missing import without_missing_files
from eda_agent.problem.draft.nested import without_nesting
from eda_agent.problem.draft.own_bench import NAME, OwnBench, circuit_text, read_own_bench
from eda_agent.problem.draft.own_flat import changes, copy_of, read_own_flat
from eda_agent.problem.draft.parasitics import ROLE, parasitics_in, words_of
from eda_agent.problem.draft.pdk_of_netlist import pdk_of, user_pdk_file
from eda_agent.problem.draft.port_names import OPPOSITES, disagreements, missing_rails
from eda_agent.problem.draft.pumped_supply import feeding_supply
from eda_agent.problem.draft.simulation_cards import first_variant, temperature_of
from eda_agent.problem.draft.spaced_units import with_joined_units
from eda_agent.problem.draft.standard_cells import without_absent_libraries
from eda_agent.problem.draft.unfed_diode import unfed_diode
from eda_agent.problem.draft.units_of_capacitors import in_units
from eda_agent.problem.draft.units_of_transistors import transistors_in_units
from eda_agent.problem.draft.unset_names import refuse, unset_names, with_values
from eda_agent.problem.model_libraries import pdk_in, process_in
from eda_agent.problem.names import name_from
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.pdk import Pdk, find_pdk, pdk_names
from eda_agent.problem.source import read_source, read_text
from eda_agent.problem.structure import Structure, recognise


@dataclass
class Draft:
    """Everything known of a netlist to draft.

    Attributes:
        source: the netlist, or its plain copy if it was `changed`; `netlist_text` is its text.
        conditions: sources and loads of a flat schematic.
        noticed: observations about the circuit, or its simulated behaviour, one sentence each.
    """

    name: str
    source: Path
    netlist_text: str
    changed: tuple[str, ...]
    netlist: Netlist
    pdk: Pdk
    subckt: str
    structure: Structure
    kind: CircuitClass
    doubts: list[str] = field(default_factory=list)
    conditions: FlatConditions = field(default_factory=FlatConditions)
    noticed: list[str] = field(default_factory=list)
    fallback_testbench: FallbackTestbench | None = None
    """Set if no template fits."""
    pdk_file: str = ""
    process: str = "tt"
    """Process of the nominal corner, from the netlist's model library. `pdk_file`: the user's, as the spec names it."""
    parasitics: frozenset[str] = frozenset()
    """Devices of wires, named as in `parasitics_in`."""
    answers: Answers = field(default_factory=Answers)
    by_name: Mapping[str, str] = field(default_factory=dict)
    """Role → port that has it by its name alone."""
    own_bench: OwnBench | None = None
    """The designer's own testbench, if the file is one."""
    benches: Mapping[str, OwnBench] = field(default_factory=dict)
    decks: Mapping[str, Path] = field(default_factory=dict)
    """Testbench → deck and file of it, if the designer brings some."""
    temperature: float | None = None
    """Of the nominal corner in °C, if the deck gives it."""
    without_sizes: bool = False
    """Its sizes are names without a value."""
    pdk_guess: str = ""
    """Why the PDK is a guess, "" if it is none."""
    shares: tuple[Share, ...] = ()
    """Choices between circuit and testbench of a flat deck."""
    corners: str = "nominal"
    """The set of corners that the spec simulates."""
    bias_levels: Mapping[str, str] = field(default_factory=dict)
    """Port → voltage that a search found, as a spec has it."""

    @property
    def driven(self) -> dict[str, float]:
        """Port → V or A of its source in a flat schematic."""
        return {**self.conditions.volts, **self.conditions.amps}

    @property
    def deck(self) -> str:
        """The file name of the fallback testbench, beside the spec."""
        return f"{self.name}.tb.spice"


def read_circuit(
    path: Path, out: Path, pdk: str | None = None, subckt: str | None = None, answers: Answers | None = None
) -> Draft:
    """Read a netlist and recognise it; if it is not plain SPICE, write a plain copy into `out`. Raises `InputError`
    with the fault and the correction.
    """
    answers = answers or Answers()
    findings: list[Finding] = []
    raw = read_text(path, findings)
    if findings:
        raise InputError(findings)
    refuse_foreign(raw, path)
    known = [find_pdk(name) for name in pdk_names()]
    pdk_file = user_pdk_file(pdk, path.parent) if pdk else None
    chosen, guessed = (find_pdk(str(pdk_file or pdk)), "") if pdk else pdk_of(raw, known, path)
    libraries = library_files()
    left_out: list[str] = []
    here = with_joined_units(with_command_files(raw, path.parent, left_out), left_out)
    here = without_missing_files(here, path.parent, path, left_out, pdk=bool(pdk or guessed or pdk_in(raw)))
    here = first_variant(without_absent_libraries(here, path.parent, chosen, left_out), left_out)
    here = without_nesting(here, left_out)
    here = without_fins(without_foreign_junctions(here, chosen, left_out), chosen, left_out)
    deck = path
    if here != raw:
        deck = path.parent / f"{path.stem}.eda.spice"
        write_text(deck, here)
    own = read_own_bench(deck, here, subckt, libraries, of_cells=is_made_of_cells(here.splitlines()), notes=left_out)
    if own is not None and (strange := foreign_models(own.netlist, chosen)):
        left_out.append(
            f"{', '.join(strange)} are not of {chosen.name}: devices of the same polarity took their place, and"
            " templates measure the circuit"
        )
        own = replace(own, program=None)
    flat = read_own_flat(here, path, out, chosen, libraries, answers.size, left_out) if own is None else None
    if flat is not None:
        own, here = flat.bench, flat.text
    text, notes = here, tuple[str, ...]()
    if own is None:
        text, notes = to_spice(here, [chosen], max(conditions_of(here.splitlines()).volts.values(), default=0.0))
    elif own.program is None:
        text, notes = to_spice(circuit_text(own), [chosen], max(own.conditions.volts.values(), default=0.0))
        notes = (*notes, "the deck measures nothing, so its sources and analyses were replaced by templates")
        if own.text.left_out:
            notes = (*notes, "lines that name a model library were left out: `pdk:` gives the models")
    notes = changes(left_out, notes)
    file = path
    if notes:
        file = copy_of(path, text, out)
        write_text(file, text)
    if own is not None and own.program is not None:
        netlist = own.netlist
    else:
        netlist = parse_netlist(read_source(file, [path.parent, file.parent], library_files=libraries))
    doubts: list[str] = []
    name = own.subckt if own is not None else (subckt or chosen_subckt(netlist, path, doubts)).lower()
    if name not in netlist.subcircuits:
        raise InputError(
            Finding(
                f"the netlist has no subcircuit {name!r}",
                path,
                fix=f"--subckt {' or '.join(netlist.subcircuits) or '…'}",
            )
        )
    without_sizes = False
    if unset := unset_names(netlist, name, chosen):
        if not chosen.devices or (own is not None and own.program is not None):
            refuse(unset, path)
        said: list[str] = []
        without_sizes = True
        text = with_values(text, unset, said)
        file = out / f"{path.stem}.eda.spice"
        netlist = _rewritten(file, text, path.parent, libraries)
        notes = (*notes, *said)
    divided: list[str] = []
    if (own is None or own.program is None) and (
        edits := in_units(netlist, name, chosen, divided) | transistors_in_units(netlist, name, chosen, divided)
    ):
        text, file = netlist.text(edits), out / f"{path.stem}.eda.spice"
        netlist = _rewritten(file, text, path.parent, libraries)
        notes = (*notes, *divided)
    stated = conditions_of(here.splitlines()) if own is None else own.conditions
    structure, by_name = _structure(netlist, name, chosen, answers, stated.volts)
    for look, whose in ((hidden_net, ""), (unfed_diode, "a mirror, which nothing else feeds,")):
        if own is not None or not (hidden := look(structure, netlist, name)):
            continue
        # a ring is closed in itself, and a latch may keep one of its outputs: a deck looks at it without a port
        text = with_port(text, name, hidden)
        file = (file.parent if file != path else out) / f"{path.stem}.eda.spice"
        netlist = _rewritten(file, text, path.parent, libraries)
        whose = whose or owner_of(structure)
        notes = (*notes, f"{hidden.upper()} of {whose} became a port")
        structure, by_name = _structure(netlist, name, chosen, answers, stated.volts)
    copied: list[str] = []
    if own is None and (more := with_copied_current(text, structure, netlist, name, copied)) != text:
        text, file = more, (file.parent if file != path else out) / f"{path.stem}.eda.spice"
        netlist, notes = _rewritten(file, text, path.parent, libraries), (*notes, *copied)
        structure, by_name = _structure(netlist, name, chosen, answers, stated.volts)
    parasitics = parasitics_in(structure, netlist, name, raw)
    structure = replace(structure, roles={**structure.roles, **dict.fromkeys(parasitics, ROLE)})
    kind = with_answers(classify(structure), structure, answers)
    if named_comparator(name, kind, structure) and not answers.kind:
        # an amplifier and a comparator without clock have the same connections
        kind = with_answers(kind, structure, replace(answers, kind=COMPARATOR))
        by_name["kind"] = COMPARATOR
    if valued := first_values(structure, kind, netlist, name, chosen, unset if without_sizes else {}):
        text, file = netlist.text(valued), out / f"{path.stem}.eda.spice"
        netlist, notes = _rewritten(file, text, path.parent, libraries), (*notes, values_words(valued))
    if sized := first_sizes(structure, netlist, name, chosen, kind.bias, answers.bias):
        text, file = netlist.text(sized), out / f"{path.stem}.eda.spice"
        netlist = _rewritten(file, text, path.parent, libraries)
        notes = (*(note for note in notes if not note.startswith(WITHOUT_SIZES)), FIRST_SIZES)
    doubts += kind.doubts
    conditions = stated.above(structure.vss)
    if chosen.name == "own":
        doubts.append("smallest W and L of these models: the smallest in the netlist were used")
    if structure.unknown and not kind.static:
        doubts.append(f"the function of these devices: {', '.join(structure.unknown)}")
    driven = {**conditions.volts, **conditions.amps}
    brought = own if own is not None and own.program is not None else None
    check_settings(
        () if brought else kind.benches, answers.settings, None if brought else kind.name, bool(answers.kind)
    )
    begun = None if kind.benches or brought else fallback_testbench(structure, name, driven, answers.bias)
    told = {role: port for role, port in kind.ports.items() if not {role, OPPOSITES.get(role)} & answers.ports.keys()}
    return Draft(
        name_from(path.stem.removesuffix(".xschem")),
        file,
        text,
        notes,
        netlist,
        chosen,
        name,
        structure,
        kind,
        doubts,
        conditions,
        [*disagreements(told), *kind.noticed, *([words_of(parasitics, structure)] if parasitics else [])],
        begun,
        os.path.relpath(pdk_file, out) if pdk_file else "",
        named if (named := process_in(raw)) in chosen.corners else "tt",
        frozenset(parasitics.values()),
        answers,
        by_name,
        brought,
        {NAME: brought} if brought is not None else {},
        {NAME: file} if brought is not None else {},
        temperature_of(here) if own is None else own.text.temperature,
        without_sizes,
        guessed,
        shares=flat.shares if flat is not None else (),
    )


def _rewritten(file: Path, text: str, folder: Path, libraries: set[str]) -> Netlist:
    """A plain copy as it is written and read again. `folder`: that of the original, whose includes it may name."""
    write_text(file, text)
    return parse_netlist(read_source(file, [folder, file.parent], library_files=libraries))


def library_files() -> set[str]:
    """The names of the library files of every PDK."""
    known = [find_pdk(name) for name in pdk_names()]
    roots = {Path(place.get("root") or place.get("file", "")).name for entry in known for place in entry.locations}
    return roots | {name for entry in known for name in entry.include}


def _structure(
    netlist: Netlist, name: str, pdk: Pdk, answers: Answers, volts: Mapping[str, float]
) -> tuple[Structure, dict[str, str]]:
    """(the structure, rails by their names): a rail is what the user says, else what the connections show, else what a
    name says. `volts`: net → level of the deck's source.
    """
    ports = netlist.subcircuits[name].ports
    given = {role: port for role, port in answers.ports.items() if role in {"vdd", "vss"} and port in ports}
    structure = recognise(netlist, name, pdk, given)
    if "vdd" not in given and (supply := driven_supply(structure, volts)):
        given["vdd"] = supply
        structure = recognise(netlist, name, pdk, given)
    if "vdd" not in given:
        supply = feeding_supply(structure, lambda port: recognise(netlist, name, pdk, {**given, "vdd": port}))
        if supply:
            given["vdd"] = supply
            structure = recognise(netlist, name, pdk, given)
    found = {role: port for role, port in missing_rails(structure).items() if role not in given}
    return (recognise(netlist, name, pdk, {**found, **given}) if found else structure), found
