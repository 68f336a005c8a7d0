"""A draft is the spec.yaml that `eda-agent init` proposes for a bare netlist: parameters, match groups, testbenches and
targets.

    dialect              formats of other programs → plain SPICE
    circuit              a file → a `Draft`: everything known of it
    circuit_class        structure → the purpose of the circuit
    answers              what the user says of it; chosen_kind, chosen_sizes apply them
    conditions           supply, load, common mode, bias; guesses: those that nobody said
    sizable_parameters   which parameters are sized, with which role
    size_range           in which range
    fallback_testbench   a deck if no template fits
    text                 a `Draft` → the text of spec.yaml

Uncertain decisions are reported (`Draft.doubts`), never made silently.
"""

from eda_agent.problem.draft.answers import Answers, read_answers
from eda_agent.problem.draft.circuit import Draft, read_circuit
from eda_agent.problem.draft.guesses import Guess, guesses_of
from eda_agent.problem.draft.text import write_draft
from eda_agent.problem.draft.unequal import unequal_groups

__all__ = [
    "Answers",
    "Draft",
    "Guess",
    "guesses_of",
    "read_answers",
    "read_circuit",
    "unequal_groups",
    "write_draft",
]
