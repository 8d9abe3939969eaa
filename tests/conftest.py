"""Shared fixtures. Nothing here needs a network, a GPU or data beyond the bundled photographs."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from inr_experiments.paths import data_dir

os.environ["WANDB_MODE"] = "offline"
# Each process that a test starts would compile the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Tests run side by side, one a core: threads of one would wait for those of another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

DIV2K = data_dir() / "div2k" / "test512"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs real data where there is none, and say so."""
    if (DIV2K / "0826.png").is_file():
        return
    skip = pytest.mark.skip(reason=f"no DIV2K crops in {DIV2K}; set INR_DATA")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Collect rubbish seldom: modules and tests stay, and to walk through them takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_unconfigure() -> None:
    """Let the interpreter clear all at its end: libraries tell of what is left."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def few_points() -> Iterator[None]:
    """Distances of surfaces by fewer points: they take most of the time of a small fit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inr_experiments.tasks.occupancy.CHAMFER_POINTS", 1024)
        yield


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"
