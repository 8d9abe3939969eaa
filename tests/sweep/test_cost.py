"""What a plan takes a run to cost."""

from itertools import count
from types import SimpleNamespace

import pytest

from inr_experiments.experiment import execute
from inr_experiments.runs.provenance import machine
from inr_experiments.sweep.cost import Costs, kind
from tests.fields import cfg_of, config_of


def test_fits_of_one_cost_are_one_kind():
    base = config_of("model=relu")
    for alike in ("fit.lr=0.1", "task.image=coffee", "task.noise=0.1", "model=rank_expanding"):
        word, _, _ = alike.partition("=")
        other = config_of(alike) if word == "model" else config_of("model=relu", alike)
        assert kind(other) == kind(base), alike
    for other in ("fit.steps=7", "model.width=9", "task.side=20", "model=siren"):
        assert kind(config_of("model=relu", other)) != kind(base), other


def test_a_run_that_is_done_tells_what_one_like_it_will_take(tmp_path):
    words = ("model=relu", f"outputs={tmp_path}", "diagnostic=none", "fit.steps=60")
    costs = Costs()
    record = execute(cfg_of(*words)).record
    costs.learn(
        config_of("model=relu", "fit.steps=60", "diagnostic=none"),
        {**record, "seconds": {"total": 100.0, "fit": 90.0}},
    )
    assert costs.of(config_of("model=relu", "fit.steps=60", "diagnostic=none")) == (90.0, 10.0)
    fitting, measuring = costs.of(config_of("model=relu", "fit.steps=60"))
    assert fitting == 90.0 and 0 < measuring < 10, "of what else is measured, its steps are timed"


def test_a_run_of_another_machine_tells_nothing(tmp_path):
    config = config_of("model=relu", "fit.steps=60", "diagnostic=none")
    record = {"seconds": {"total": 100.0, "fit": 90.0}, "config": config}
    for other in ({"processor": "Abacus"}, {"cores": 9999}, {"device": "tpu"}):
        costs = Costs()
        made = {**machine(), "device": "cpu", **other}
        costs.learn(config | {"device": "cpu"}, {**record, "provenance": made})
        assert costs.of(config)[0] < 90


def test_a_kind_is_timed_once_and_in_proportion_to_its_steps(monkeypatch):
    # A clock on which everything takes as long, so that a busy machine changes nothing.
    clock = SimpleNamespace(perf_counter=count().__next__)
    monkeypatch.setattr("inr_experiments.sweep.cost.time", clock)
    few, many = (Costs(threads=1).of(config_of("model=relu", f"fit.steps={n}"))[0]
                 for n in (2000, 20_000))  # fmt: skip
    assert many / few == pytest.approx(10, rel=0.2)
