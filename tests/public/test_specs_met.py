"""A bench tells the share of the specs that the best designs meet."""

from eda_agent import bench


def run(policy, seed, missed, met_at):
    best = {name: [1.0, name not in missed.split()] for name in ("gain", "power", "area")}
    curve = [0.5, 0.6, 1.0] if met_at else [0.5, 0.6]
    common = {"circuit": "c", "target": "", "budget": 5, "curve": curve, "seconds": 1.0}
    return {**common, "policy": policy, "seed": seed, "met_at": met_at, "best": best}


def test_specs_met_are_those_of_the_best_design():
    made = [run("a", 1, "", 2), run("a", 0, "power", None), run("b", 0, "gain power", None)]
    table = bench.markdown(made)
    assert "| c | 3 | 83 %, met at –, 2 | 33 % | power, gain |" in table
    # runs of older versions, and of several targets, have no such table
    assert "Specs met" not in bench.markdown([{key: one[key] for key in one if key != "best"} for one in made])
    assert "Specs met" not in bench.markdown([made[0], {**made[1], "target": "t1"}])
