"""The occupancy task: labels, draws, metrics recomputed independently, artefacts, memory, scans."""

import json
import math
import subprocess
import sys
from functools import partial

import imageio.v3 as iio
import numpy as np
import pytest
import torch
import trimesh
from torch.nn import functional

from inr_experiments.data.solids.open import SCANS
from inr_experiments.paths import data_dir
from inr_experiments.seeding import generator
from inr_experiments.tasks import occupancy

from ..solids import small, sphere, write

#: Read before it is made smaller for all tests.
MANY = occupancy.CHAMFER_POINTS


def ball_field(x: torch.Tensor, radius: float = 0.8) -> torch.Tensor:
    """Logits of a ball."""
    return 20 * (radius - x.norm(dim=1, keepdim=True))


@pytest.fixture
def many_points(monkeypatch):
    """Distances of surfaces as a run has them."""
    monkeypatch.setattr(occupancy, "CHAMFER_POINTS", MANY)


@pytest.fixture(scope="module")
def ball(tmp_path_factory):
    """A task on the unit ball."""
    folder = tmp_path_factory.mktemp("ball")
    return small(path=str(write(folder / "ball.ply", sphere(4))))


def test_what_the_protocol_asks(ball):
    assert (ball.domain.dimensions, ball.out_features, ball.domain.density) == (3, 1, 8)
    assert ball.item == "ball" and len(ball.sha256) == 64
    assert ball.coordinates.shape == (256, 3) and ball.coordinates.dtype == torch.float32
    assert ball.facts["inside_share"] == pytest.approx(math.pi / 6, abs=0.01)
    assert ball.facts["ambiguous_share"] == 0 and ball.facts["watertight"]
    json.dumps(ball.facts)


# --- points


@pytest.mark.parametrize("points", ["uniform", "near_surface", "mix", "grid"])
def test_batches_lie_where_asked_and_are_labelled(tmp_path, points):
    task = small(path=str(write(tmp_path / "a.ply", sphere(4))), points=points, sigma=0.03)
    x, y = task.batch(1000, generator(0, "batches"))
    assert x.shape == (1000, 3) and y.shape == (1000, 1) and y.dtype == torch.float32
    assert x.abs().max() <= 1
    norm = x.norm(dim=1)
    sure = (norm - 0.997).abs() > 0.004
    assert ((norm < 1) == y[:, 0].bool())[sure].all()
    near = ((norm - 1).abs() < 0.1).float().mean()
    shell = 4 * math.pi * 0.2 / 8 * 0.75  # of the box, less what pokes out
    expected = {"uniform": shell, "grid": shell, "near_surface": 1, "mix": (1 + shell) / 2}
    assert near == pytest.approx(expected[points], abs=0.08)
    again = task.batch(1000, generator(0, "batches"))[0]
    assert torch.equal(x, again)
    assert not torch.equal(x, task.batch(1000, generator(1, "batches"))[0])
    whole = task.batch("full", generator(0, "batches"))
    assert whole[0].shape == (4096, 3)


def test_no_point_is_fitted_and_evaluated():
    task = small(shape="blob")
    fitted = set(map(tuple, task.batch("full", generator(0))[0].tolist()))
    assert not fitted & set(map(tuple, task._sets.near.points.tolist()))


def test_the_seed_of_points_is_its_own():
    first, again, other = (small(shape="blob", points_seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.coordinates, again.coordinates)
    assert not torch.equal(first.coordinates, other.coordinates)
    assert (first.target == other.target).all()


def test_the_cache_changes_nothing(tmp_path):
    path = str(write(tmp_path / "a.ply", sphere(3)))
    tasks = [small(path=path, cache=c) for c in (None, str(tmp_path / "c"), str(tmp_path / "c"))]
    scores = [task.evaluate(ball_field) for task in tasks]
    assert scores[0] == scores[1] == scores[2]
    assert torch.equal(tasks[0].coordinates, tasks[2].coordinates)
    assert tasks[0].facts == tasks[2].facts
    # Another file of the same name is another solid.
    write(tmp_path / "a.ply", trimesh.creation.box((2, 1, 1)))
    assert small(path=path, cache=str(tmp_path / "c")).facts["inside_share"] == pytest.approx(
        0.25, abs=0.02
    )


def test_the_cache_tells_the_sides_of_a_volume_apart(tmp_path):
    ball = np.linalg.norm(np.indices((32, 32, 32)) - 15.5, axis=0) < 16
    np.save(tmp_path / "a.npy", ball)
    for side in (None, 4):
        arguments = {"path": str(tmp_path / "a.npy"), "side": side}
        kept = small(**arguments, cache=str(tmp_path / "c"))
        assert (kept.target == small(**arguments).target).all()


# --- loss and metrics


def test_losses_are_sums_over_points():
    x, y = torch.randn(50, 1), (torch.rand(50, 1) < 0.5).float()
    bce = small(shape="blob").loss(x, y)
    p = x.double().sigmoid()
    assert bce.item() == pytest.approx(-(y * p.log() + (1 - y) * (1 - p).log()).sum().item(), 1e-5)
    mse = small(shape="blob", loss="mse").loss(x, y)
    assert mse.item() == pytest.approx(functional.mse_loss(x, y).item() * 50, 1e-5)


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_metrics_recomputed_independently(tmp_path, loss):
    task = small(path=str(write(tmp_path / "a.ply", sphere(5))), loss=loss, mesh_resolution=24)

    def field(x):
        return ball_field(x) if loss == "bce" else ball_field(x).sigmoid()

    metrics = task.evaluate(field)
    assert all(type(value) is float for value in metrics.values())
    axis = (np.arange(24) + 0.5) / 12 - 1
    norm = np.sqrt(sum(a**2 for a in np.meshgrid(axis, axis, axis, indexing="ij")))
    assert metrics["iou"] == pytest.approx((norm < 0.8).sum() / (norm < 1).sum(), abs=0.01)
    # The threshold of the ball of radius 1 is σ(20 · (0.8 − 1)) = 0.018.
    assert metrics["iou_best"] > 0.97
    near = np.linalg.norm(task._sets.near.points, axis=1)
    assert metrics["iou_near_surface"] == pytest.approx(
        (near < 0.8).sum() / (near < 1).sum(), abs=0.01
    )
    assert metrics["chamfer"] == pytest.approx(0.2, abs=0.01)


@pytest.mark.usefixtures("many_points")
def test_walls_within_are_no_surface_to_be_found(tmp_path):
    both = trimesh.util.concatenate([sphere(4), sphere(4).apply_translation([1, 0, 0])])
    task = small(path=str(write(tmp_path / "a.ply", both)), mesh_resolution=48)

    def field(x):
        own = 1.5 * x + torch.tensor([0.5, 0, 0])
        apart = torch.minimum(own.norm(dim=1), (own - torch.tensor([1.0, 0, 0])).norm(dim=1))
        return 20 * (1 - apart[:, None])

    assert task.evaluate(field)["chamfer"] < 0.01


@pytest.mark.usefixtures("many_points")
def test_a_perfect_field_scores_one(ball):
    metrics = ball.evaluate(partial(ball_field, radius=0.9985))
    assert min(metrics["iou"], metrics["iou_best"]) > 0.99
    assert metrics["iou_near_surface"] > 0.95 and metrics["chamfer"] < 0.02


def test_prediction_and_target_are_not_changed(ball):
    before = ball.target.copy()
    first = ball.evaluate(ball_field)
    assert ball.evaluate(ball_field) == first and (ball.target == before).all()


# --- artefacts


def test_artefacts(ball, tmp_path):
    ball.draw(ball_field, tmp_path)
    for name in ("mesh.ply", "mesh.glb"):
        mesh = trimesh.load_mesh(tmp_path / name)
        assert mesh.volume == pytest.approx(4 / 3 * math.pi * 0.8**3, rel=0.05)
    assert trimesh.load_mesh(tmp_path / "target.ply").volume > 4
    for name in ("prediction.png", "target.png", "slices.png"):
        assert iio.imread(tmp_path / name).std() > 5
    with np.load(tmp_path / "slices.npz") as slices:
        assert slices["prediction_x"].shape == (24, 24) and slices["target_z"].dtype == bool
    assert json.loads((tmp_path / "surface.json").read_text())["faces"] > 100
    assert (tmp_path / "page.html").stat().st_size > 500_000


@pytest.mark.parametrize("value", [-5.0, float("nan")])
def test_no_surface_is_recorded_and_no_crash(ball, tmp_path, value):
    def nothing(x):
        return torch.full((len(x), 1), value)

    metrics = ball.evaluate(nothing)
    assert metrics["iou"] == 0 and math.isnan(metrics["chamfer"])
    ball.draw(nothing, tmp_path)
    assert json.loads((tmp_path / "surface.json").read_text()) == {"faces": 0, "note": "no surface"}
    assert not (tmp_path / "mesh.ply").exists() and (tmp_path / "prediction.png").exists()


# --- memory, and the scans


#: The others have more faces.
SMALL_SCANS = ("bunny", "armadillo", "happy_buddha")
MEASURE = """
import re, torch
from pathlib import Path
from inr_experiments.tasks.occupancy import Occupancy
task = Occupancy(shape="blob", eval_resolution=256, mesh_resolution=128, pool=2**16, cache=None)
task.evaluate(lambda x: (0.7 - x.norm(dim=1, keepdim=True)) * 9)
# Not getrusage: its peak is handed down from the parent process.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 2**20)
"""


@pytest.mark.smoke
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_grid_of_256_takes_less_than_a_gigabyte():
    result = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True
    )
    assert float(result.stdout) < 1.0


@pytest.mark.real_data
@pytest.mark.parametrize(
    "shape", [s if s in SMALL_SCANS else pytest.param(s, marks=pytest.mark.smoke) for s in SCANS]
)
def test_scans(shape):
    if not any((data_dir() / file).is_file() for file in SCANS[shape].files):
        pytest.skip(f"{data_dir()} holds no {' or '.join(SCANS[shape].files)}; set INR_DATA")
    task = small(shape=shape, side=64)
    assert 0.01 < task.facts["inside_share"] < 0.5
    assert task.facts["ambiguous_share"] < 1e-3
    assert max(task.facts["half_extents"]) == pytest.approx(1)
