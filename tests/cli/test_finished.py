"""A sweep asked again: answered from disk where nothing is left to do, else left to Hydra."""

import json

from inr_experiments.cli.finished import finished_sweep
from tests.launching import SMOKE, inr

SWEEP = ("-m", *SMOKE, "model=relu,pe", "outputs=o")


def test_a_finished_sweep_is_answered_from_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = (*SWEEP, "seed=0,1")
    assert not finished_sweep(words), "nothing is done yet"
    assert not list(tmp_path.iterdir()), "asking writes nothing"
    done = inr(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = finished_sweep(words)
    assert [(o.record["config"]["model"]["name"], o.record["seed"]) for o in found] == [
        ("relu", 0), ("relu", 1), ("pe", 0), ("pe", 1),
    ]  # fmt: skip
    again = inr(*words, cwd=tmp_path)
    assert again.returncode == 0 and again.stdout.count("already done") == 4
    assert "Launching" not in again.stdout
    for more in (
        [*words[:-1], "seed=0,1,2"], [*words, "force=true"], [*words, "tracking=wandb"],
        [*words, "diagnostic=layer_ntk"], [*words, "modle=relu"], words[1:], [*words, "--cfg"],
    ):  # fmt: skip
        assert not finished_sweep(more), more
    record = found[0].folder / "record.json"
    failed = {**json.loads(record.read_text()), "status": "failed: diverged at step 1"}
    record.write_text(json.dumps(failed))
    assert not finished_sweep(words), "a failed run is for the sweep to report"
