"""Run folders that were moved, copied or meddled with, met by the commands."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from inr_experiments.checks import InputError
from inr_experiments.runs.measured import read_diagnostic
from tests.launching import SMOKE, fit, inr


def test_a_copied_outputs_folder_is_as_good_as_the_first(tmp_path):
    first, other = tmp_path / "here", tmp_path / "another machine"
    first.mkdir()
    fit(*SMOKE, "outputs=o", cwd=first)
    shutil.copytree(first / "o", other / "results")
    shutil.rmtree(first)
    again = inr(*SMOKE, "outputs=results", cwd=other)
    assert again.returncode == 0 and "already done" in again.stdout
    chosen = "diagnostic=activation_pattern"
    fit(*SMOKE, chosen, "outputs=results", cwd=other)
    (folder,) = other.glob("results/runs/*/seed-000")
    assert read_diagnostic(folder, "activation_pattern")
    done = inr("--outputs", "results", cwd=other, module="collect")
    assert done.returncode == 0 and "1 done" in done.stdout


def test_a_run_copied_to_another_seed_is_put_aside_and_that_seed_done(tmp_path):
    fit(*SMOKE, "outputs=o", cwd=tmp_path)
    (folder,) = tmp_path.glob("o/runs/*/seed-000")
    shutil.copytree(folder, folder.with_name("seed-007"))
    assert fit(*SMOKE, "seed=7", "outputs=o", cwd=tmp_path).fresh
    assert json.loads((folder.with_name("seed-007") / "record.json").read_text())["seed"] == 7
    assert list(folder.parent.glob("seed-007.broken-*/record.json"))


def test_damaged_weights_are_refused_in_one_sentence(tmp_path):
    fit(*SMOKE, "diagnostic=none", "outputs=o", cwd=tmp_path)
    (folder,) = tmp_path.glob("o/runs/*/seed-000")
    path = folder / "weights/000004.safetensors"
    another_shape = {**load_file(path), "inlet.linear.weight": np.zeros((9, 2), np.float32)}
    cut_off = path.read_bytes()[:50]
    for damage in (lambda: save_file(another_shape, path), lambda: path.write_bytes(cut_off)):
        damage()
        with pytest.raises(InputError, match="not the weights of this model") as refused:
            fit(*SMOKE, "outputs=o", cwd=tmp_path)
        assert len(str(refused.value).splitlines()) == 1 and path.name in str(refused.value)
        assert read_diagnostic(folder, "spectra") is None
        assert (folder / "DONE").exists()
