"""A small training: two circuits, a tiny model and a few steps."""

from __future__ import annotations

from eda_agent.train.recipe import ModelRecipe, PoolRecipe, Recipe, RlRecipe, WarmStartRecipe

SMALL = Recipe(
    "small",
    ("ota_5t", "current_mirror_ota"),
    3,
    PoolRecipe(2, 30, 1),
    ModelRecipe(width=32, layers=2, heads=2, hidden=48),
    WarmStartRecipe(steps=4, batch=6, turns=3),
    RlRecipe(steps=4, tasks=4, turns=2, group=3, incumbent=1.0, epochs=2, minibatches=2, replay=1),
    workers=2,
    threads=1,
    save_every=2,
)
