"""The circuit part of the compact language: roles of the devices, effects of the parameters, and their levels,
independent of the targets.
"""

from __future__ import annotations

from eda_agent.agent.language import words
from eda_agent.agent.language.levels import levels_of
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.parameters import effects
from eda_agent.problem.structure.recognise import recognise


class CircuitWords:
    """`effects`: parameter → what it changes. `roles`, `types`: of the devices. `levels`: in the order of the design
    space.
    """

    def __init__(self, problem: Problem):
        structure = recognise(problem.netlist, problem.subckt, problem.pdk)
        pair = structure.input_pair
        # a circuit with a PMOS input is encoded like its mirror image
        self.turned = pair is not None and pair[0].type == "pmos"
        self.roles = structure.roles
        self.types = {fet.name: fet.type for fet in structure.fets}
        self.effects = effects(problem)
        self.levels = tuple(levels_of(parameter) for parameter in problem.space.parameters)

    def type(self, kind: str) -> int:
        """The word for nmos, pmos, both or neither, relative to the input pair's."""
        word = {
            "nmos": "opposite" if self.turned else "own",
            "pmos": "own" if self.turned else "opposite",
            "both": "both",
        }.get(kind, "")
        return words.TYPE + words.TYPES.index(word)
