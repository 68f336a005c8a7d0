"""A model source is a place that the models of a circuit come from: a library file, or the netlist itself."""

from __future__ import annotations

from eda_agent.problem.spec import Problem


def model_sources(problem: Problem) -> tuple[str, ...]:
    """The sources of a problem's models in all its corners, for people. Raises `MissingError` for a missing library."""
    pdk, netlist = problem.pdk, problem.netlist
    used = [
        device.value.lower()
        for scope in netlist.reached(problem.subckt)
        for device in scope.devices
        if pdk.device(device.value) is not None and device.value.lower() not in netlist.models
    ]
    found: list[str] = []
    if pdk.locations:
        for process in dict.fromkeys(corner.process for corner in problem.corners):
            path = pdk.library(used, process)
            own = [path.parent / file for name in used for file in pdk.devices[name].own]
            found += map(str, (path, *(file for file in own if file.is_file())))
    if netlist.models or not found:
        found.append("the netlist")
    return tuple(dict.fromkeys(found))
