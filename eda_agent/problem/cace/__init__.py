"""A CACE datasheet (CACE 2, `cace_format` 5) characterises a circuit with testbench templates and conditions.

conditions   a condition → its values in SI units; the points of several
datasheet    the YAML file → its parameters, each with template, conditions and bounds
template     a netlisted template with `CACE{…}` → a deck, and the names of its results
"""

from eda_agent.problem.cace.datasheet import CaceParameter, CaceSpec, Datasheet, read_datasheet
from eda_agent.problem.cace.template import CaceDeck, deck_of_template

__all__ = ["CaceDeck", "CaceParameter", "CaceSpec", "Datasheet", "deck_of_template", "read_datasheet"]
