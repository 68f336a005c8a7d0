"""Finishing a run verifies its best design, writes the artifacts and reports the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_agent.agent.env import Environment
from eda_agent.record.fold import VERIFYING
from eda_agent.run.design_memory import remember
from eda_agent.run.folder import write_artifacts
from eda_agent.run.prepare import Prepared
from eda_agent.run.verify import verify
from eda_agent.stop_reasons import USER
from eda_agent.units import counted


def finish(prepared: Prepared, env: Environment, stop: str) -> Mapping[str, Any]:
    """End a run for the reason `stop`: what `verify` found, empty for a run that the user stopped or that has no
    design.
    """
    run, stream = prepared.run, prepared.stream
    best = env.history.incumbent
    if best is None or best.sizing is None:
        return {}
    remember(env.history.turns, run.problem, prepared.memory)
    verified: Mapping[str, Any] = {}
    if stop != USER:
        where = counted(len(env.problem.corners), "corner")
        stream.emit("log", level="info", about=VERIFYING, message=f"verifying turn {best.index} in {where}")
        verified = verify(run.evaluator, env.problem, run.pool, best)
        stream.emit("verified", **verified)
    sound = prepared.force or not verified.get("unsound")
    artifacts = write_artifacts(env.problem, run.folder, best)
    stream.emit(
        "run.finished", stop=stop, score=best.value, met=best.met and sound, simulations=env.history.simulations,
        turns=len(env.history.turns) - 1, artifacts=artifacts,
    )  # fmt: skip
    return verified
