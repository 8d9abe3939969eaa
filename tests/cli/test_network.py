"""`inr-diagnose MODULE:FACTORY`, a network in a file of one's own."""

import os
import sys
from traceback import extract_tb

import imageio.v3 as iio
import pytest

from tests.launching import inr

CODE = """
import torch
from torch import nn

open("imported", "w").close()


def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.a, self.b = nn.Linear(2, 8), nn.Linear(8, 1), nn.Linear(8, 3)

    def forward(self, x):
        z = self.first(x)
        return {"a": self.a(z), "b": self.b(z)}


class Fails(nn.Linear):
    def forward(self, x):
        return {}["nothing"]


network = make()
fails = Fails(2, 1)
number = int
"""
MODULE = f"mynets_{os.getpid()}"
TRUSTED = f"trusted=[{MODULE}]"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    (tmp_path / f"{MODULE}.py").write_text(CODE)
    return tmp_path


def diagnosed(folder, name, *words):
    return inr(f"{MODULE}:{name}", *words, cwd=folder, module="diagnose")


@pytest.mark.parametrize("name", ["make", "network"])
def test_text_table_and_figure(folder, name):
    done = diagnosed(folder, name, TRUSTED, "--points", "9x8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The inlet (0) keeps ")
    assert "Measured in float64 on 72 points." in done.stdout
    assert "effective_rank" in done.stdout
    assert done.stdout.endswith(f"{MODULE}-{name}.png\n")
    assert iio.imread(folder / f"{MODULE}-{name}.png").ndim == 3


def test_one_output(folder):
    done = diagnosed(folder, "Heads", TRUSTED, "--output", "b", "--points", "5x5")
    assert done.returncode == 0, done.stderr
    assert "Z of a is its own output" in done.stdout


def test_a_module_that_is_not_trusted_is_not_even_imported(folder):
    done = diagnosed(folder, "make")
    assert done.returncode == 2 and f"allow it with 'trusted=[{MODULE}]'" in done.stderr
    assert not (folder / "imported").exists()


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("none", (), "AttributeError"),
        ("fails", (), "KeyError: 'nothing' (MODULE.py:25); INR_DEBUG=1"),
        ("number", (), "made a int; expected a torch.nn.Module"),
        ("make", ("--points", "8x"), "points='8x': expected a grid such as 64x64"),
        ("make", ("--points", "8"), "fails on coordinates of shape (8, 1)"),
        ("Heads", ("--output", "c"), "output='c': expected one of a, b"),
    ],
)
def test_bad_input_is_one_sentence(folder, name, words, said):
    done = diagnosed(folder, name, TRUSTED, *words)
    assert done.returncode == 2
    shown = done.stderr.replace(f"{folder}/{MODULE}", "MODULE")
    assert said in shown and len(shown.strip().splitlines()) == 1


def test_the_users_traceback_is_shown_in_debugging(folder, monkeypatch):
    monkeypatch.setenv("INR_DEBUG", "1")
    with pytest.raises(ValueError, match="KeyError") as error:
        diagnosed(folder, "fails", TRUSTED)
    assert isinstance(error.value.__cause__, KeyError)
    places = [frame.filename for frame in extract_tb(error.value.__cause__.__traceback__)]
    assert any(MODULE in place for place in places)
