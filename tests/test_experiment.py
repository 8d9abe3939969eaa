"""Where runs lie, with the data of a sweep read once."""

from PIL import Image

from inr_experiments import experiment
from inr_experiments.experiment import Keys, execute, locate
from inr_experiments.sweep import cells


def test_runs_of_one_picture_read_it_once(tmp_path, monkeypatch):
    read = []
    build = experiment.build_task
    monkeypatch.setattr(experiment, "build_task", lambda c: read.append(c) or build(c))
    jobs = cells(["scale=smoke", "model=relu,siren", "seed=0,1", "task.image=astronaut"])
    keys = Keys()
    assert len({locate(cfg, tmp_path, keys) for cfg in jobs}) == 4
    assert len(read) == 1


def test_the_place_is_that_of_the_run_also_where_its_picture_changes(tmp_path):
    picture = tmp_path / "me.png"
    for colour in ("red", "blue"):
        Image.new("RGB", (24, 24), colour).save(picture)
        words = ["scale=smoke", "fit.steps=1", f"task.path={picture}", f"outputs={tmp_path}"]
        (cfg,) = cells([*words, "diagnostic=none"])
        assert execute(cfg).folder == locate(cfg, tmp_path)
