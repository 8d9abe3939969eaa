"""`inr-diagnose` on finished runs."""

import shutil

import pytest

from inr_experiments.data.images import load as images
from inr_experiments.runs.measured import read_arrays, read_diagnostic
from inr_experiments.runs.store import leased
from tests.launching import SMOKE, fit, inr

CHOSEN = "diagnostic=[layer_ntk,activation_pattern]"
QUICK = "diagnostic=[activation_pattern]"


def fitted(folder, *words):
    """The folder of a run that is fitted, or found, in `folder`."""
    folder.mkdir(exist_ok=True)
    fit(*SMOKE, "diagnostic=none", "outputs=o", *words, cwd=folder)
    return next(folder.glob("o/runs/*/seed-000"))


def test_it_measures_what_the_fit_itself_would_have(tmp_path):
    late = fitted(tmp_path)
    weights = {p: p.stat().st_mtime_ns for p in late.rglob("*.safetensors")}
    few = "diagnostic.layer_ntk.points=50"
    done = inr(str(late), CHOSEN, few, cwd=tmp_path, module="diagnose")
    assert done.returncode == 0, done.stderr
    assert str(late / "diagnostics/layer_ntk.npz") in done.stdout
    assert {p: p.stat().st_mtime_ns for p in late.rglob("*.safetensors")} == weights
    fit(*SMOKE, CHOSEN, few, "outputs=p", cwd=tmp_path)
    early = next(tmp_path.glob("p/runs/*/seed-000"))
    for name in ("layer_ntk", "activation_pattern"):
        for row, other in zip(
            read_diagnostic(late, name), read_diagnostic(early, name), strict=True
        ):
            assert row == pytest.approx(other, rel=1e-4, abs=1e-6)
        found, made = (read_arrays(folder, name)[4] for folder in (late, early))
        assert found.keys() == made.keys()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", CHOSEN], "nowhere: no run; expected a folder"),
        (["o"], "nothing to measure"),
        (["o", "diagnostic=none"], "diagnostic=none: nothing to measure"),
        ([CHOSEN], "no run; expected a folder"),
        (["o", "diagnostic=[layer_nkt]"], "did you mean 'layer_ntk'?"),
        (["o", CHOSEN, "--points", "5x5"], "of a network; expected none beside a run"),
        (["mine:make", CHOSEN, "trusted=[mine]"], "of runs; expected none beside a network"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, words, said):
    done = inr(*words, cwd=tmp_path, module="diagnose")
    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_a_run_that_another_worker_is_on_is_left_alone(tmp_path):
    run = fitted(tmp_path)
    with leased(run):
        done = inr(str(run), CHOSEN, cwd=tmp_path, module="diagnose")
    assert done.returncode == 2 and "another worker is on it; expected a run" in done.stderr
    assert read_diagnostic(run, "layer_ntk") is None


def test_a_seed_folder_without_its_outputs_is_no_run(tmp_path):
    shutil.copytree(fitted(tmp_path), tmp_path / "run")
    done = inr("run", CHOSEN, cwd=tmp_path, module="diagnose")
    assert done.returncode == 2 and "run: no run; expected a folder such as" in done.stderr


def copied(path, name="astronaut"):
    """A bundled picture as a file of one's own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(images.bundled(name), path)
    return path


def test_a_picture_that_changed_is_refused(tmp_path):
    copied(tmp_path / "me.png")
    run = fitted(tmp_path, "task.path=me.png")
    copied(tmp_path / "me.png", "coffee")
    done = inr(str(run), QUICK, cwd=tmp_path, module="diagnose")
    assert done.returncode == 2 and "me.png: its data has changed" in done.stderr
    assert read_diagnostic(run, "activation_pattern") is None


# --- other folders


def moved(there):
    """A run that was moved together with its picture, to be measured from another folder."""
    shutil.move(there / "here", there / "new")
    return there / "new"


def renamed(there):
    """The picture under another of its names; the first is gone."""
    copied(there / "here/b/you.png")
    fitted(there / "here", "task.path=b/you.png")
    (there / "here/a/me.png").unlink()
    return there / "here"


def other_bytes(there):
    """Another picture of that name lies in the current folder."""
    copied(there / "else/a/me.png", "coffee")
    return there / "here"


@pytest.mark.parametrize("change", [lambda there: there / "here", moved, renamed, other_bytes])
def test_a_relative_path_is_found_from_everywhere(tmp_path, change):
    """Fit, collect and measure, each from another folder."""
    copied(tmp_path / "here/a/me.png")
    fitted(tmp_path / "here", "task.path=a/me.png")
    (tmp_path / "else").mkdir()
    folder = change(tmp_path)
    (run,) = folder.glob("o/runs/*/seed-000")
    done = inr(f"../{folder.name}/{run.relative_to(folder)}", QUICK, cwd=tmp_path / "else",
               module="diagnose")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert read_diagnostic(run, "activation_pattern")
    done = inr("--outputs", f"../{folder.name}/o", cwd=tmp_path / "else", module="collect")
    assert done.returncode == 0 and "1 done" in done.stdout, done.stderr


def test_a_picture_that_was_moved_alone_is_found_from_where_its_path_leads(tmp_path):
    copied(tmp_path / "here/me.png")
    run = fitted(tmp_path / "here", "task.path=me.png")
    (tmp_path / "else").mkdir()
    shutil.move(tmp_path / "here/me.png", tmp_path / "else/me.png")
    assert inr(str(run), QUICK, cwd=tmp_path / "else", module="diagnose").returncode == 0


def test_a_picture_that_is_gone_is_one_sentence_with_the_places(tmp_path):
    copied(tmp_path / "me.png")
    run = fitted(tmp_path, "task.path=me.png")
    (tmp_path / "me.png").unlink()
    (tmp_path / "else").mkdir()
    done = inr(str(run), QUICK, cwd=tmp_path / "else", module="diagnose")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert f"no file at {tmp_path / 'me.png'} or me.png; expected the file it was" in done.stderr


def test_labels_are_kept_in_the_outputs_of_the_run(tmp_path):
    run = fitted(tmp_path / "here", "task=occupancy", "task.shape=blob")
    (tmp_path / "else").mkdir()
    shutil.rmtree(tmp_path / "here/o/cache")
    done = inr(str(run), QUICK, cwd=tmp_path / "else", module="diagnose")
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "else").iterdir())
    assert list((tmp_path / "here/o/cache").iterdir())


def test_an_option_of_what_is_not_chosen_is_refused(tmp_path):
    words = (QUICK, "+diagnostic.spectra.weights=true")
    done = inr(str(fitted(tmp_path)), *words, cwd=tmp_path, module="diagnose")
    assert done.returncode == 2 and "not chosen; expected diagnostic=spectra" in done.stderr


def test_a_run_without_weights_is_not_measured(tmp_path):
    run = fitted(tmp_path)
    shutil.rmtree(run / "weights")
    done = inr(str(run), QUICK, cwd=tmp_path, module="diagnose")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert "holds no weights" in done.stderr and "force=true" in done.stderr
    assert not (run / "diagnostics/activation_pattern.json").exists()
