"""Tables and figures of 3D occupancy, from real runs on small solids."""

from collections.abc import Collection
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch
import trimesh
from matplotlib.colors import to_rgb

from inr_experiments.diagnostics import activation_pattern
from inr_experiments.experiment import execute
from inr_experiments.reporting.lattice_variants import RARE, UNITS, inlets
from inr_experiments.runs.collect import make_frame
from inr_experiments.runs.frame import Frame
from inr_experiments.runs.measured import read_diagnostic
from inr_experiments.runs.store import read_record
from inr_experiments.statistics import spearman
from inr_experiments.sweep.compose import configs
from tests.fields import field_and_task
from tests.scripts import drawn, load
from tests.solids import sphere, write

DIAGNOSTICS = ("spectra", "activation_pattern", "layer_ntk", "ntk_convergence")
FEW = ("diagnostic.layer_ntk.points=60", "diagnostic.layer_ntk.rank_points=30",
       "diagnostic.ntk_convergence.points=60")  # fmt: skip
SMALL = (
    "scale=smoke", "task=occupancy", "fit.steps=40", "fit.lr=0.01", "task.near_points=1000",
    "task.pool=4096",
)  # fmt: skip
NEAREST = "nearest labelled point"
TABLE1 = ("ReLU (default)", "REI", "REI, ball", "SIREN")


def run(folder: Path, *words: str, labels: Collection[str] = ()) -> dict[Path, dict]:
    """Do the runs of a sweep, those with these labels or all; give how they look by folder."""
    swept = configs([*SMALL, f"outputs={folder}", *words])
    chosen = [cfg for cfg in swept if not labels or cfg.model.label in labels]
    return {execute(cfg).folder: cfg.model for cfg in chosen}


@pytest.fixture(scope="module")
def solids(tmp_path_factory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("solids")
    bar = trimesh.creation.box((0.5, 1.0, 0.7))
    return folder, [str(write(folder / "ball.ply", sphere(3))), str(write(folder / "bar.ply", bar))]


@pytest.fixture(scope="module")
def table1(solids) -> Frame:
    folder, paths = solids
    words = ("experiment=table1_occupancy", "seed=0", "task.shape=blob")
    looks = run(folder, *words, f"task.path={','.join(paths)}", labels=TABLE1)
    return make_frame("table1_occupancy", list(looks), looks=looks)


@pytest.fixture(scope="module")
def variants(solids) -> Frame:
    folder, paths = solids
    words = ("experiment=lattice_3d", "task.shape=blob", f"task.path={','.join(paths)}")
    looks = run(folder, *words, labels=("ReLU (default)", "REI", "REI, tight box"))
    return make_frame("lattice_3d", list(looks), looks=looks)


def test_table_of_iou(table1):
    table = load("tables/table1_occupancy").rows(table1)
    assert [line[0] for line in table.body] == [*TABLE1, NEAREST]
    assert all(len(line) == len(table.header) for line in table.body)
    by_label = {line[0]: dict(zip(table.header, line, strict=True)) for line in table.body}
    last = table1.runs.set_index(["label", "item"])
    for label in TABLE1:
        iou, near = last.loc[label, "iou"], last.loc[label, "iou_near_surface"]
        cells_of = by_label[label]
        assert cells_of["ball"] == f"{100 * iou['ball']:.2f}"
        assert cells_of["bar"] == f"{100 * iou['bar']:.2f}"
        assert cells_of["mean ± std"].startswith(f"{100 * iou.mean():.2f} ±")
        assert cells_of["near surface ± std"].startswith(f"{100 * near.mean():.2f} ±")
    limit = last.loc["SIREN", f"data.without_network.{NEAREST}.iou"]
    assert by_label[NEAREST]["ball"] == f"{100 * limit['ball']:.2f}"
    assert by_label[NEAREST]["mean ± std"].startswith(f"{100 * limit.mean():.2f} ±")
    published = [by_label[label]["published"] for label in TABLE1]
    assert published == ["90.98", "95.75", "–", "96.36"]
    assert "saw 4.1e+04 points" in table.note  # 40 steps of 1024


def test_points_of_full_batches(table1):
    script = load("tables/table1_occupancy")
    batches = ["full", *table1.runs["fit.batch"].astype(str)[1:]]
    some = Frame("", table1.runs.assign(**{"fit.batch": batches}), table1.steps, {})
    seen = script.points_seen(some)
    assert seen.iloc[0] == 40 * table1.runs["data.fitted"].iloc[0]
    assert (seen[1:] == 40 * 1024).all()


def test_gallery(table1):
    axes = drawn("fig_occupancy_gallery", table1).axes
    assert [axis.get_title() for axis in axes[::4]] == ["ball", "bar"]
    titles = [axis.get_title() for axis in axes[1:4]]
    assert [title.split(",")[0] for title in titles] == ["ReLU (default)", "REI", "SIREN"]
    assert all("IoU 0." in title for title in titles)
    script = load("figures/fig_occupancy_gallery")
    row = [np.ones((60, 60, 3)) for _ in range(4)]
    row[2][30:40, 12:22] = 0
    top, left = script.most_different(row, 10)
    assert (top, left) == (30, 12)


def test_slices_are_those_of_the_grid(table1, solids):
    axes = drawn("fig_occupancy_slices", table1).axes
    assert len(axes) == len(TABLE1) * 2 * 3
    assert [axis.get_ylabel() for axis in axes[::6]] == list(TABLE1)
    folder = solids[0] / table1.where(model="relu", item="bar").runs["folder"].iloc[0]
    with np.load(folder / "slices.npz") as slices:
        found, wanted = slices["prediction_z"] > 0.5, slices["target_z"]
    image = np.swapaxes(axes[5].images[0].get_array(), 0, 1)
    missing = (image == to_rgb((0.0, 0.45, 0.7))).all(axis=2)
    assert (missing == (wanted & ~found)).all()
    # The bar is longest along y, and y is up.
    assert np.argwhere(np.swapaxes(image, 0, 1).min(axis=2) < 1)[:, 0].min() == 0


def test_readings_of_the_lattice(variants, solids):
    labels = ["ReLU (default)", "REI", "REI, tight box"]
    table = inlets(variants)
    assert list(table.index) == labels
    silent = []
    for path in solids[1]:
        field, task = field_and_task(
            "task=occupancy", "model=rank_expanding", "+model.inlet_init.over=box",
            f"task.path={path}", "task.pool=4096", "task.near_points=1000",
        )  # fmt: skip
        with torch.no_grad():
            share = (field.inlet(task.coordinates) > 0).double().mean(dim=0)
        silent.append([int((share == 0).sum()), int(((share > 0) & (share < RARE)).sum())])
    assert table.loc["REI, tight box", list(UNITS)].tolist() == np.mean(silent, axis=0).tolist()
    assert activation_pattern.RARE == RARE
    written = load("tables/table_rei_3d").rows(variants)
    assert [line[0] for line in written.body] == labels
    box = dict(zip(written.header, written.body[2], strict=True))
    iou = 100 * variants.runs.set_index(["label", "item"])["iou"]
    gain = (iou["REI, tight box"] - iou["ReLU (default)"]).mean()
    assert box["against ReLU, 95 %"].startswith(f"{gain:+.2f} [")
    rank = table.loc["REI, tight box", "spectra/inlet/effective_rank"]
    assert box["effective rank"] == f"{rank:.1f}"
    dead = variants.value("activation_pattern/inlet/dead_units", "first")
    by_item = variants.runs.assign(dead=dead).groupby("item")[["dead", "iou"]]
    rho = np.mean([spearman(own["dead"], own["iou"]) for _, own in by_item])
    assert f"dead {rho:+.2f} [" in written.note
    axes = drawn("fig_rei_3d", variants).axes
    assert [label.get_text() for label in axes[0].get_yticklabels()] == labels
    assert axes[0].lines[2].get_xdata()[0] == pytest.approx(gain)


def test_every_diagnostic_on_a_solid(solids):
    folder, (_, bar) = solids
    chosen = f"diagnostic=[{','.join(DIAGNOSTICS)}]"
    (done,) = run(folder, f"task.path={bar}", "model=pe", chosen, *FEW)
    assert read_record(done)["status"] == "done"
    for name in DIAGNOSTICS:
        rows = read_diagnostic(done, name)
        assert [row["step"] for row in rows] == [0, 40]
        assert all(np.isfinite(value) for row in rows for value in row.values()), name
    assert iio.imread(done / "prediction.png").std() > 0
