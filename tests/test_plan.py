"""What make paper leaves out to fit its hours."""

import os
from dataclasses import replace

import pytest

from inr_experiments.commands.plan import kind
from inr_experiments.commands.sitting import Experiment, Fit, hours, shrink
from scripts.plan import compared_models, for_make, measured, told, write_changed

CLAIMED = frozenset({"relu"})


def experiment(
    name: str, *, pictures: int, seeds: int, hours: float, models=("relu",), **options
) -> Experiment:
    """`hours` of all fits together, shared out evenly."""
    each = 3600 * hours / (pictures * seeds * len(models))
    fits = [
        Fit(f"{name} {m} {i} {s}", f"i{i:02d}", s, each, model=m)
        for s in range(seeds) for m in models for i in range(pictures)
    ]  # fmt: skip
    return Experiment(name, fits, **{"compared": CLAIMED, **options})


def cut(allowed: float, *experiments: Experiment) -> dict[str, str]:
    shrink(experiments, allowed)
    return {e.name: e.overrides if e.share.whole else "none" for e in experiments}


def overrides(allowed: float) -> dict[str, str]:
    left = cut(
        allowed,
        experiment("small", pictures=4, seeds=8, hours=0.4),
        experiment("large", pictures=16, seeds=2, hours=4.0),
        experiment("one", pictures=16, seeds=1, hours=1.6),
    )
    return {name: words for name, words in left.items() if words}


def first(n: int) -> str:
    return "task.image=" + ",".join(f"i{i:02d}" for i in range(n))


def test_seeds_go_first_where_they_save_most_then_pictures():
    assert overrides(6.1) == {}
    assert overrides(4.5) == {"large": "seed=0"}
    assert overrides(3.7) == {"large": "seed=0", "small": "seed=0"}
    assert overrides(1.9) == {
        "large": f"seed=0 {first(8)}", "small": "seed=0", "one": first(8),
    }  # fmt: skip


def test_a_cut_that_a_later_one_makes_needless_is_undone():
    assert overrides(3.0) == {"large": f"seed=0 {first(8)}"}, "small has its seeds again"


def models(allowed: float) -> dict[str, str]:
    """Table 1, an experiment that a claim reads, and one that none does."""
    two = {"seeds": 1, "models": ("relu", "siren")}
    return cut(
        allowed,
        experiment("table", pictures=16, hours=1.6, first=True, **two),
        experiment("read", pictures=8, hours=0.8, **two),
        experiment("unread", pictures=8, hours=0.8, compared=None, **two),
    )


def test_what_no_claim_reads_goes_before_table_1():
    assert models(3.2) == {"table": "", "read": "", "unread": ""}
    assert models(2.7) == {"table": "", "read": "", "unread": first(2)}
    assert models(2.3) == {"table": "", "read": "model=relu", "unread": first(2)}
    assert models(2.1) == {"table": "", "read": "model=relu", "unread": "none"}
    assert models(1.3) == {"table": first(8), "read": "model=relu", "unread": "none"}


def test_make_is_told_what_is_left_out():
    table = experiment("table", pictures=16, seeds=1, hours=1.6, first=True)
    other = experiment("other", pictures=16, seeds=1, hours=1.6, compared=None)
    shrink([table, other], 1.7)
    assert "all of it" in told([table, other], 1.7, 3.2)
    assert for_make([table, other]) == "LEFT_OUT := other\n", "and not a share of what it is"


def test_a_run_that_two_experiments_share_is_no_saving_where_the_other_keeps_it():
    table = experiment("table", pictures=16, seeds=1, hours=1.6, first=True)
    fits = [replace(fit, fitting=360.0) for fit in table.fits]
    same = Experiment("same", fits, CLAIMED)
    assert hours([table, same]) == [pytest.approx(1.6), 0]
    shrink([table, same], 1.0)
    assert sum(hours([table, same])) == pytest.approx(0.8)
    assert len(table.kept()) == len(same.kept()) == 8


def test_a_diagnostic_that_is_missing_costs_its_own_seconds():
    bare = Fit("run", "i00", 0, 3600.0, 360.0, frozenset({"a"}), None)
    more = replace(bare, wanted=frozenset({"a", "b"}))
    done = replace(bare, fitting=0.0, stored=frozenset({"a"}))
    assert hours([Experiment("x", [bare]), Experiment("y", [more])]) == [
        pytest.approx(1.1), pytest.approx(0.1),
    ]  # fmt: skip
    assert hours([Experiment("x", [done])]) == [0]


def test_fits_side_by_side_take_no_less_than_the_longest():
    long = Fit("long", "i00", 0, 7200.0)
    short = [Fit(f"{i}", "i01", 0, 900.0) for i in range(4)]
    assert hours([Experiment("x", [long, *short])], 2) == [2.0]
    assert hours([Experiment("x", short)], 2) == [0.5]


def test_claims_may_name_models_by_a_pattern():
    fits = [Fit(m, "i00", 0, 3600.0, model=m) for m in ("rei_box", "rei_ball", "pe")]
    some = Experiment("some", fits, frozenset({"rei_*"}))
    shrink([Experiment("table", [], CLAIMED, first=True), some], 2.5)
    assert some.overrides == "model=rei_box,rei_ball"


def test_every_model_that_a_claim_compares_is_found():
    found = compared_models()
    assert found["table1"] == {"relu", "rank_expanding", "pe", "siren"}
    assert found["activations_sampling"] == {"relu", "rank_expanding"}
    assert "rank_omega" not in found


def test_a_plan_that_says_the_same_leaves_its_file_alone(tmp_path):
    path = tmp_path / "plan.mk"
    write_changed(path, "a\n")
    os.utime(path, (1, 1))
    write_changed(path, "a\n")
    assert path.stat().st_mtime == 1
    write_changed(path, "b\n")
    assert path.stat().st_mtime > 1


def test_fits_of_one_cost_are_measured_once():
    config = {
        "model": {"name": "relu", "inlet_init": {"epsilon": 1}, "width": 4},
        "task": {"image": "a", "fitted": "all"},
        "fit": {"lr": 1e-3, "steps": 5},
        "diagnostic": {},
    }
    alike = {**config, "fit": {"lr": 1e-2, "steps": 5}}
    alike["task"] = {"image": "b", "fitted": "all", "noise": 0.1}
    alike["model"] = {"name": "other", "inlet_init": {"epsilon": 2}, "width": 4}
    assert kind(config) == kind(alike)
    assert kind(config) != kind({**config, "fit": {"lr": 1e-3, "steps": 6}})


def test_shapes_are_left_out_by_their_own_key():
    fits = [Fit(f"run {i}", f"s{i}", 0, 3600.0, key="task.shape") for i in range(9)]
    solids = Experiment("solids", fits, CLAIMED)
    shrink([solids], 8.5)
    assert solids.overrides == "task.shape=s0,s1,s2,s3,s4,s5,s6,s7"


def test_what_is_there_for_its_seeds_keeps_them():
    seeds = experiment("seeds", pictures=2, seeds=5, hours=2.0)
    shrink([seeds], 1.0)
    assert not seeds.overrides


def test_what_does_not_fit_at_all_is_said():
    experiments = [experiment("large", pictures=16, seeds=2, hours=64.0)]
    shrink(experiments, 1.0)
    shrink(experiments, 1.0)
    text = told(experiments, 1.0, 64.0)
    assert "16.00 hours to go of 64.00 for everything" in text
    assert sum(hours(experiments)) == pytest.approx(16.0)
    assert "more than the 1 allowed" in text and "24 runs: only seed=0 task.image=i00" in text
    assert "within the 20 allowed" in told(experiments, 20.0, 64.0)


def test_runs_that_experiments_share_are_fitted_once(tmp_path):
    choice = ["scale=smoke", "model=relu", "task.image=astronaut", "seed=0"]
    names = ["table1", "training_clip", "table1"]
    a, b, again = hours(measured(names, choice, tmp_path))
    assert a > b > 0, "the second only draws pictures of it"
    assert again == 0
