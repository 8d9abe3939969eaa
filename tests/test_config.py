"""A config and the key of its run depend on what is written, and on nothing that a machine does."""

import time

import pytest
import torch

from inr_experiments.building import build_diagnostics, build_settings, build_task
from inr_experiments.checks import ArgumentError, InputError
from inr_experiments.experiment import identify
from inr_experiments.models.inits.rank_expanding import RankExpanding
from tests.fields import build_model, composed, config_of


def test_no_clock_is_read_and_no_device_asked(monkeypatch):
    words = ("model=relu", "fit.precision=bf16", "task.noise=0.125")
    expected = identify(config_of(*words))[0]
    config_of.cache_clear()
    composed.cache_clear()

    def refuse(*_):
        raise AssertionError("not here")

    for clock in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        monkeypatch.setattr(time, clock, refuse)
    for ask in ("is_available", "device_count", "get_device_capability"):
        monkeypatch.setattr(torch.cuda, ask, refuse)
    assert identify(config_of(*words))[0] == expected


def test_a_part_knows_no_key_and_the_builder_puts_it_in_front():
    with pytest.raises(ArgumentError, match=r"^epsilon=-1: expected a finite number above 0$"):
        RankExpanding(epsilon=-1)
    for words, said in (
        (("model=rank_expanding", "model.inlet_init.epsilon=-1"), "model.inlet_init.epsilon=-1: "),
        (("model=pe", "model.encoding.octaves=0"), "model.encoding.octaves=0: "),
        (("model=pe_rei", "model.inlet_init.coordinates=999"), "model.inlet_init.coordinates=999"),
        (("model.width=0",), "model.width=0: "),
        (("model=bn", "model.batch_norm.layers=[7]"), "model.batch_norm.layers=[7]: layer 7"),
    ):
        config = config_of(*words)
        with pytest.raises(InputError) as refused:
            build_model(config["model"]["name"], **parts(config["model"]))
        assert str(refused.value).startswith(said)
    with pytest.raises(InputError, match=r"^fit\.lr='fast': "):
        build_settings(config_of("fit.lr=fast"))


def parts(model: dict) -> dict:
    return {key: model[key] for key in ("width", "inlet_init", "encoding", "batch_norm")}


def test_a_hint_at_another_argument_has_its_key_too():
    config = config_of("task.image=astronot")
    with pytest.raises(InputError, match=r"task\.image='astronot': .*; .* task\.path=FILE$"):
        build_task(config)


def test_options_of_a_diagnostic_that_is_not_chosen_are_left_out():
    words = ("experiment=methods", "sweep=null")
    assert {*build_diagnostics(config_of(*words))} == {"spectra", "layer_ntk"}
    assert build_diagnostics(config_of(*words, "diagnostic=none")) == {}
    only = config_of(*words, "diagnostic=spectra")
    assert {*build_diagnostics(only)} == {"spectra"} and "weights" in only["diagnostic"]["spectra"]
    for words in ("+diagnostic.mine.points=3", "diagnostic.spectra=foo", "diagnostic.spectra=3"):
        with pytest.raises(InputError, match=r"^diagnostic\.\w+=.*expected a part with a _target_"):
            build_diagnostics(config_of(words))
