"""The runs behind a report in short, from made-up frames."""

from dataclasses import replace
from pathlib import Path

import pytest

from inr_experiments.reporting.summary import summarise_runs
from inr_experiments.runs.frame import Frame, read_frame, write_frame
from tests.reporting.made_up import joined, made_up

OUTPUTS = Path("outputs")
PAGE = OUTPUTS / "report" / "laptop-real"


def table1() -> Frame:
    rates = {"relu": 0.005, "rank_expanding": 0.005, "siren": 0.001}
    labels = {"relu": "ReLU (default)", "rank_expanding": "REI", "siren": "SIREN"}
    return joined(
        *(
            made_up({model: [20.0, 21.0]}, labels=labels, name="table1",
                    **{"fit.lr": rate, "fit.batch": "full", "fit._target_": "x"})
            for model, rate in rates.items()
        )
    )  # fmt: skip


def test_a_run_of_two_frames_counts_once():
    frame = table1()
    diagnosis = replace(frame.where(model=["relu", "siren"]), name="diagnosis")
    later = made_up(
        {"pe": [20.0]}, name="later", commit="ba9876543210+", threads=4, device="cuda",
        finished_utc="2026-01-03T00:00:00+00:00",
    )  # fmt: skip
    found = summarise_runs([frame, diagnosis, later], OUTPUTS, PAGE)
    assert found.code == {"0123456789ab": 12, "ba9876543210+": 2}
    assert found.versions == {"python 3.11.7, torch 2.13.0": 14}
    assert found.machines == {
        "a processor, 2 cores, Linux, on cpu with 1 thread": 12,
        "a processor, 2 cores, Linux, on cuda with 4 threads": 2,
    }
    assert found.period == ("2026-01-01T00:00:00+00:00", "2026-01-03T00:00:00+00:00")
    assert list(found.experiments) == ["table1", "diagnosis", "later"]
    assert [len(runs) for runs in found.runs.values()] == [12, 8, 2], "each tells its own"


def test_an_experiment_in_numbers():
    own = summarise_runs([table1()], OUTPUTS, PAGE).experiments["table1"]
    assert own.sentence == (
        "Experiment table1: 12 runs, 3 methods on 2 items of task image, 2 seeds, scale laptop."
    )
    assert own.hours == pytest.approx(12 * 1.5 / 3600)


def test_the_protocol_tells_who_has_which_value():
    told = summarise_runs([table1()], OUTPUTS, PAGE).protocol["table1"]
    assert told["fit.lr"] == "0.005 (ReLU (default), REI); 0.001 (SIREN)"
    assert told["fit.batch"] == "full" and told["model.width"] == "16"
    assert not {"fit._target_", "data.channels"} & set(told)


def test_the_protocol_of_a_sweep_lists_its_values():
    every = [made_up({"relu": [1.0], "pe": [2.0]}, **{"task.noise": noise}) for noise in (0.0, 0.1)]
    lone = made_up({"pe": [2.0]}, **{"task.noise": 0.2})
    plain = made_up({"relu": [2.0]}, **{"task.side": 32})
    told = summarise_runs([joined(*every)], OUTPUTS, PAGE).protocol["made_up"]
    assert told["task.noise"] == "0, 0.1"
    told = summarise_runs([joined(*every, lone)], OUTPUTS, PAGE).protocol["made_up"]
    assert told["task.noise"] == "0 (relu, pe); 0.1 (relu, pe); 0.2 (pe)"
    told = summarise_runs([joined(*every, plain)], OUTPUTS, PAGE).protocol["made_up"]
    assert told["task.noise"] == "0 (relu, pe); 0.1 (relu, pe); – (relu)"
    assert told["task.side"] == "64 (relu, pe); 32 (relu)"


def test_links_are_relative_to_the_page():
    frame = made_up({"relu": [20.0]}, labels={"relu": "ReLU"}, seeds=1)
    (run,) = summarise_runs([frame], OUTPUTS, PAGE).runs["made_up"]
    folder = frame.runs["folder"].iloc[0]
    assert run.name == "ReLU · item0 · seed 0"
    assert run.config == f"../../{folder}/config.yaml"
    assert run.record == f"../../{folder}/record.json"
    assert run.page is None
    solid = made_up({"relu": [0.9]}, seeds=1, page=True)
    (run,) = summarise_runs([solid], OUTPUTS, PAGE).runs["made_up"]
    assert run.page == f"../../{solid.runs['folder'].iloc[0]}/page.html"


def test_a_run_outside_a_checkout_is_told_as_such(tmp_path):
    frame = made_up({"relu": [20.0]}, seeds=1, commit="")
    write_frame(frame, tmp_path / "made_up")
    for own in (frame, read_frame(tmp_path / "made_up")):
        assert summarise_runs([own], OUTPUTS, PAGE).code == {"outside a checkout": 1}


def test_no_frames_have_a_summary_of_nothing():
    found = summarise_runs([], OUTPUTS, PAGE)
    assert found.period is None and not found.code and not found.machines and not found.runs
