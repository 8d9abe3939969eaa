"""What make paper leaves out to fit its hours."""

import pytest

from scripts.plan import Experiment, Fit, measured, shrink, told, total


def experiment(name: str, *, pictures: int, seeds: int, hours: float) -> Experiment:
    """`hours` of all fits together, shared out evenly."""
    each = 3600 * hours / (pictures * seeds)
    fits = [Fit(name, f"i{i:02d}", s, each) for s in range(seeds) for i in range(pictures)]
    return Experiment(name, fits)


def overrides(hours: float) -> dict[str, str]:
    experiments = [
        experiment("small", pictures=4, seeds=8, hours=0.4),
        experiment("large", pictures=16, seeds=2, hours=4.0),
        experiment("one", pictures=16, seeds=1, hours=1.6),
    ]
    shrink(experiments, hours)
    return {e.name: e.overrides for e in experiments if e.overrides}


def first(n: int) -> str:
    return "task.image=" + ",".join(f"i{i:02d}" for i in range(n))


def test_seeds_go_first_where_they_save_most_then_pictures():
    assert overrides(6.1) == {}
    assert overrides(4.5) == {"large": "seed=0"}
    assert overrides(3.7) == {"large": "seed=0", "small": "seed=0"}
    assert overrides(3.0) == {"large": f"seed=0 {first(8)}", "small": "seed=0"}
    assert overrides(1.7) == {
        "large": f"seed=0 {first(8)}", "small": "seed=0", "one": first(8),
    }  # fmt: skip


def test_shapes_are_left_out_by_their_own_key():
    fits = [Fit("solids", f"s{i}", 0, 3600.0, "task.shape") for i in range(9)]
    solids = Experiment("solids", fits)
    shrink([solids], 8.5)
    assert solids.overrides == "task.shape=s0,s1,s2,s3,s4,s5,s6,s7"


def test_what_is_there_for_its_seeds_keeps_them():
    seeds = experiment("seeds", pictures=2, seeds=5, hours=2.0)
    shrink([seeds], 1.0)
    assert not seeds.overrides


def test_what_does_not_fit_at_all_is_said():
    experiments = [experiment("large", pictures=16, seeds=2, hours=64.0)]
    shrink(experiments, 1.0)
    assert total(experiments) == pytest.approx(16.0)
    text = told(experiments, 1.0)
    assert "more than the 1 allowed" in text and "24 runs: only seed=0 task.image=i00" in text
    assert "within the 20 allowed" in told(experiments, 20.0)


def test_runs_that_experiments_share_are_fitted_once(tmp_path):
    choice = ["scale=smoke", "model=relu", "task.image=astronaut", "seed=0"]
    names = ["table1", "training_clip", "table1"]
    a, b, again = (e.fits[0].seconds for e in measured(names, choice, tmp_path))
    assert a > b > 0, "the second only draws pictures of it"
    assert again == 0
