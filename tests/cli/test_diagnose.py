"""`inr-diagnose` on finished runs."""

import shutil

import pytest

from inr_experiments.runs.store import read_arrays, read_diagnostic
from tests.launching import SMOKE, inr

CHOSEN = "diagnostic=[layer_ntk,activation_pattern]"


def fitted(folder, *words):
    done = inr(*SMOKE, "diagnostic=none", "outputs=o", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("o/runs/*/seed-000"))


def test_it_measures_what_the_fit_itself_would_have(tmp_path):
    late = fitted(tmp_path)
    weights = {p: p.stat().st_mtime_ns for p in late.rglob("*.safetensors")}
    few = "diagnostic.layer_ntk.points=50"
    done = inr(str(late), CHOSEN, few, cwd=tmp_path, module="diagnose")
    assert done.returncode == 0, done.stderr
    assert str(late / "diagnostics/layer_ntk.npz") in done.stdout
    assert {p: p.stat().st_mtime_ns for p in late.rglob("*.safetensors")} == weights
    assert inr(*SMOKE, CHOSEN, few, "outputs=p", cwd=tmp_path).returncode == 0
    early = next(tmp_path.glob("p/runs/*/seed-000"))
    for name in ("layer_ntk", "activation_pattern"):
        for row, other in zip(
            read_diagnostic(late, name), read_diagnostic(early, name), strict=True
        ):
            assert row == pytest.approx(other, rel=1e-4, abs=1e-6)
        found, fit = (read_arrays(folder, name)[4] for folder in (late, early))
        assert found.keys() == fit.keys()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", CHOSEN], "nowhere: no run; expected a folder"),
        (["o"], "nothing to measure"),
        ([CHOSEN], "no run; expected a folder"),
        (["o", "diagnostic=[layer_nkt]"], "did you mean 'layer_ntk'?"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, words, said):
    done = inr(*words, cwd=tmp_path, module="diagnose")
    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_picture_that_changed_is_refused(tmp_path):
    from inr_experiments.data import images

    shutil.copy(images.bundled("astronaut"), tmp_path / "me.png")
    run = fitted(tmp_path, "task.path=me.png")
    shutil.copy(images.bundled("coffee"), tmp_path / "me.png")
    done = inr(str(run), CHOSEN, cwd=tmp_path, module="diagnose")
    assert done.returncode == 2 and "its data has changed" in done.stderr
    assert read_diagnostic(run, "layer_ntk") is None
