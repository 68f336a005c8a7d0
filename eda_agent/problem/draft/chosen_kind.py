"""A chosen kind is the class of a circuit that the user names (`--kind`), with ports that the user, the connections or
the names tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from eda_agent.errors import Finding, InputError
from eda_agent.problem.draft.answers import Answers
from eda_agent.problem.draft.bias_direction import direction_said
from eda_agent.problem.draft.circuit_class import CircuitClass
from eda_agent.problem.draft.converter import with_bits
from eda_agent.problem.draft.fully_differential import NAME as FULLY_DIFFERENTIAL
from eda_agent.problem.draft.fully_differential import with_common_mode
from eda_agent.problem.draft.kinds import CONVERTER, KINDS
from eda_agent.problem.draft.own_divider import own_dividers
from eda_agent.problem.draft.port_names import named
from eda_agent.problem.draft.port_roles import biases, outputs_of
from eda_agent.problem.load_testbench import NO_PORT
from eda_agent.problem.structure import Structure, polarity

COMPARATOR = "comparator without clock"
_NAMED = re.compile(r"comparator|(?:^|[_\d])c?(?:comp|cmp)(?:[_\d]|$)", re.IGNORECASE)


def named_comparator(name: str, found: CircuitClass, structure: Structure) -> bool:
    """Whether a cell's name says that what looks like an op-amp without compensation is a comparator."""
    compensated = any(role.startswith("compensation") for role in structure.roles.values())
    return found.name == "op-amp" and not compensated and _NAMED.search(name) is not None


def with_answers(found: CircuitClass, structure: Structure, answers: Answers) -> CircuitClass:
    """The class as the user says it: kind, ports, and how ports are held.

    Raises:
        InputError: a port that the circuit has not, a role that the kind has not, or roles without a port.
    """
    _check_ports(structure, answers)
    rails = {"vdd": structure.vdd, "vss": structure.vss}
    if answers.kind:
        found = _of_kind(found, structure, answers, rails)
    elif given := {role: port for role, port in answers.ports.items() if role not in rails}:
        if strange := [role for role in given if role not in found.ports]:
            raise InputError(_no_role(found.name, strange, tuple(found.ports)))
        found = _with_ports(found, structure, _exchanged(found.ports, given))
    _check_driven(found, rails, answers)
    bias, said = {**found.bias}, list(found.noticed)
    for port, held in answers.bias.items():
        needed = bias.get(port, biases(structure, [port], set()).get(port, "voltage"))
        bias[port] = held.how(needed)
        said += direction_said(port, held, needed, bias[port])
    return replace(found, bias=bias, noticed=tuple(said))


def _no_role(kind: str, strange: Sequence[str], roles: Sequence[str]) -> Finding:
    return Finding(
        f"{kind or 'a circuit of unknown kind'} has no port with the role {' or '.join(strange)}",
        where="--port",
        fix=f"the roles are {', '.join(roles)}" if kind else "--kind names the kind as well",
    )


def _check_ports(structure: Structure, answers: Answers) -> None:
    for option, ports in (("--port", answers.ports.values()), ("--bias", answers.bias)):
        if strange := [port for port in ports if port not in structure.ports]:
            raise InputError(
                Finding(
                    f"the circuit has no port {' or '.join(strange)}",
                    where=option,
                    fix=f"its ports are {', '.join(structure.ports)}",
                )
            )
    roles: dict[str, str] = {}
    for role, port in answers.ports.items():
        if (other := roles.setdefault(port, role)) != role:
            both = f"{port} cannot be {other} and {role}"
            raise InputError(Finding(both, where="--port", fix=f"give {other} or {role} another port"))


def _check_driven(found: CircuitClass, rails: Mapping[str, str], answers: Answers) -> None:
    """Raise `InputError` for a bias at a port that testbenches drive or load already."""
    faults = []
    for role, port in {**found.ports, **rails}.items():
        if port in answers.bias and port != NO_PORT:
            fix = "--supply sets the supply" if role in rails else "--vcm or --setting changes what they apply"
            faults.append(
                Finding(f"{port} is {role} of the testbenches and cannot be held as well", where="--bias", fix=fix)
            )
    if faults:
        raise InputError(faults)


def _of_kind(found: CircuitClass, structure: Structure, answers: Answers, rails: Mapping[str, str]) -> CircuitClass:
    kind = KINDS[answers.kind]
    rest = [port for port in structure.ports if port not in structure.rails]
    roles = (*kind.roles, *kind.optional)
    ports = {role: port for role, port in answers.ports.items() if role not in rails}
    if strange := [role for role in ports if role not in roles]:
        raise InputError(_no_role(answers.kind, strange, roles))
    # a role that the connections leave without a port
    lacking = {role for role in roles if found.ports.get(role) == NO_PORT}
    guesses = _guessed(structure, kind.roles, rest)
    for role in roles:
        free = [port for port in rest if port not in ports.values()]
        known = [found.ports.get(role, ""), guesses.get(role, "")]
        known += [port for port in free if named(role, port)] if role not in ports else []
        if role not in ports and (port := next((port for port in known if port in free), "")):
            ports[role] = port
    if kind.optional:
        # a switch of one type stands on one rail
        rails = {role: net or NO_PORT for role, net in rails.items()}
    ports |= {role: NO_PORT for role in lacking if role not in ports}
    if missing := [role for role in kind.roles if role not in ports]:
        free = [port for port in rest if port not in ports.values()]
        raise InputError(
            Finding(
                f"{answers.kind}: which port is {' and which '.join(missing)}?",
                where="--kind",
                fix=f"{' '.join(f'--port {role}=…' for role in missing)}, of {', '.join(free) or 'no free port'}",
            )
        )
    ports |= {role: NO_PORT for role in kind.optional if role not in ports}
    ports |= {role: net for role, net in found.ports.items() if role in kind.inner}
    if answers.kind == FULLY_DIFFERENTIAL:
        whole = with_common_mode(structure, ports, rest)
        return CircuitClass(answers.kind, {**whole.ports, **rails}, whole.bias, whole.benches, whole.doubts)
    chosen = replace(found, name=answers.kind, benches=kind.benches, doubts=())
    if answers.kind == CONVERTER:
        ports, tests = with_bits(structure, ports, answers.ports)
        chosen = replace(chosen, benches=tests)
    return _with_ports(chosen, structure, {**ports, **rails})


def _guessed(structure: Structure, roles: tuple[str, ...], rest: list[str]) -> dict[str, str]:
    """Role → port, as the connections suggest it."""
    result = {}
    pair = structure.input_pair
    outputs = outputs_of(structure, rest)
    if len(outputs) == 1 and "out" in roles:
        result["out"] = outputs[0]
    if pair is not None and {"inp", "inn"} <= set(roles):
        gates = [pair[0].gate, pair[1].gate]
        if outputs and polarity(structure, gates[0], outputs[0]) < 0:
            gates.reverse()
        result |= {"inp": gates[0], "inn": gates[1]}
    if structure.clocks and "clk" in roles:
        result["clk"] = structure.clocks[0]
    return result


def _exchanged(before: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The ports with the given ones in their roles; a role that loses its port gets the one that is free."""
    result = {**before}
    for role, port in given.items():
        loser = next((other for other, held in result.items() if held == port and other != role), "")
        if loser and loser not in given:
            result[loser] = result[role]
        result[role] = port
    return result


def _with_ports(found: CircuitClass, structure: Structure, ports: Mapping[str, str]) -> CircuitClass:
    rest = [port for port in structure.ports if port not in structure.rails]
    taken = set(ports.values())
    held = {**biases(structure, rest, taken), **{port: how for port, how in found.bias.items() if port not in taken}}
    # the circuit itself drives its other regulated outputs
    held |= {one.out: "open" for one in own_dividers(structure) if one.out in held}
    return replace(found, ports=ports, bias=held)
