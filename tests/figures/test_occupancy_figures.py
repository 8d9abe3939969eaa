"""Tables and figures of 3D occupancy, from real runs on small solids."""

from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch
import trimesh
from matplotlib.colors import to_rgb

from inr_experiments.commands.cells import cells
from inr_experiments.experiment import execute
from inr_experiments.reporting import style
from inr_experiments.reporting.readings import readings
from inr_experiments.runs.frame import frame, read_frame, write_frame
from inr_experiments.runs.store import read_diagnostic, read_record
from tests.fields import field_and_task
from tests.scripts import load
from tests.solids import sphere, write

DIAGNOSTICS = (
    "inlet_spectrum", "activation_pattern", "layer_spectra", "layer_ntk", "ntk_convergence",
    "training_rank",
)  # fmt: skip
SMALL = ("scale=smoke", "fit.steps=40", "fit.lr=0.01", "task.near_points=1000", "task.pool=4096")


def run(folder: Path, *words: str) -> list[Path]:
    return [execute(cfg).folder for cfg in cells([*SMALL, f"outputs={folder}", *words])]


@pytest.fixture(scope="module")
def solids(tmp_path_factory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("solids")
    bar = trimesh.creation.box((0.5, 1.0, 0.7))
    return folder, [str(write(folder / "ball.ply", sphere(3))), str(write(folder / "bar.ply", bar))]


@pytest.fixture(scope="module")
def table1(solids) -> Path:
    folder, paths = solids
    words = ("experiment=table1_occupancy", "seed=0", "model=relu,rank_expanding,siren")
    runs = [f for p in paths for f in run(folder, *words, "task.shape=blob", f"task.path={p}")]
    write_frame(frame(runs), folder / "table1.csv")
    return folder / "table1.csv"


@pytest.fixture(scope="module")
def rei(solids) -> Path:
    folder, (_, bar) = solids
    words = ("experiment=fig_rei_3d", "model=rei_box,siren", "model.width=8,27")
    write_frame(frame(run(folder, *words, f"task.path={bar}")), folder / "rei.csv")
    return folder / "rei.csv"


def drawn(stem: str, table: Path, folder: Path, monkeypatch) -> list:
    """The axes of the figure that a script saves."""
    figures = []
    save = style.save
    monkeypatch.setattr(style, "save", lambda f, out: (figures.append(f), save(f, out)))
    load(f"figures/{stem}").main(str(table), str(folder / f"{stem}.png"))
    assert (folder / f"{stem}.png").stat().st_size > 10_000
    assert (folder / f"{stem}.pdf").is_file()
    return figures[0].axes


def test_table_of_iou(table1, tmp_path):
    load("tables/table1_occupancy").main(str(table1), str(tmp_path / "t.txt"))
    runs = read_frame(table1)
    last = runs[runs["last"]].set_index(["model", "metric", "item"])["value"].sort_index()
    lines = {line.split("  ")[0]: line.split() for line in (tmp_path / "t.txt").open()}
    for label, model in (("ReLU (default)", "relu"), ("SIREN", "siren")):
        iou, near = last[model, "iou"], last[model, "iou_near_surface"]
        for value in (iou["ball"], iou["bar"], iou.mean(), near.mean()):
            assert f"{100 * value:.2f}" in lines[label]
    text = (tmp_path / "t.txt").read_text()
    assert "90.98" in text and "95.75" in text and "96.36" in text
    assert "saw 4.1e+04 points" in text  # 40 steps of 1024


def test_gallery(table1, tmp_path, monkeypatch):
    axes = drawn("fig_occupancy_gallery", table1, tmp_path, monkeypatch)
    assert [axis.get_title() for axis in axes[::4]] == ["ball", "bar"]
    assert all("IoU 0." in axis.get_title() for axis in axes[1:4])
    script = load("figures/fig_occupancy_gallery")
    row = [np.ones((60, 60, 3)) for _ in range(4)]
    row[2][30:40, 12:22] = 0
    top, left = script.most_different(row, 10)
    assert (top, left) == (30, 12)


def test_slices_are_those_of_the_grid(table1, tmp_path, monkeypatch):
    axes = drawn("fig_occupancy_slices", table1, tmp_path, monkeypatch)
    assert len(axes) == 3 * 2 * 3
    runs = read_frame(table1)
    chosen = runs[(runs["model"] == "relu") & (runs["item"] == "bar")]
    with np.load(Path(chosen["folder"].iloc[0]) / "slices.npz") as slices:
        found, wanted = slices["prediction_z"] > 0.5, slices["target_z"]
    image = np.swapaxes(axes[5].images[0].get_array(), 0, 1)
    missing = (image == to_rgb((0.0, 0.45, 0.7))).all(axis=2)
    assert (missing == (wanted & ~found)).all()
    # The bar is longest along y, and y is up.
    assert np.argwhere(np.swapaxes(image, 0, 1).min(axis=2) < 1)[:, 0].min() == 0


def test_readings_of_rei(rei, tmp_path, monkeypatch):
    table = readings(read_frame(rei)).set_index(["model", "width"])
    assert list(table.index.unique("model")) == ["rei_box", "siren"]
    field, task = field_and_task(
        "task=occupancy", "model=rei_box", "model.width=27", f"task.path={rei.parent / 'bar.ply'}",
        "task.pool=4096", "task.near_points=1000",
    )  # fmt: skip
    with torch.no_grad():
        share = (field.inlet(task.coordinates) > 0).double().mean(dim=0)
    assert table.loc[("rei_box", 27), "dead"] == (share == 0).sum()
    assert table.loc[("rei_box", 27), "rare"] == ((share > 0) & (share < 0.01)).sum()
    assert np.isnan(table.loc[("siren", 27), "dead"])
    load("tables/table_rei_3d").main(str(rei), str(tmp_path / "t.txt"))
    assert f"{table.loc[('siren', 8), 'effective']:.1f}" in (tmp_path / "t.txt").read_text()
    axes = drawn("fig_rei_3d", rei, tmp_path, monkeypatch)
    labels = [label.get_text() for label in axes[0].get_yticklabels()]
    assert labels == ["REI, tight box", "SIREN"]
    marks = axes[0].collections[0].get_offsets()
    assert sorted(marks[:, 0]) == pytest.approx(sorted(100 * table["iou"]))


def test_every_diagnostic_on_a_solid(solids):
    folder, (_, bar) = solids
    chosen = f"diagnostic=[{','.join(DIAGNOSTICS)}]"
    (done,) = run(folder, "task=occupancy", f"task.path={bar}", "model=pe", chosen)
    assert read_record(done)["status"] == "done"
    for name in DIAGNOSTICS:
        rows = read_diagnostic(done, name)
        assert [row["step"] for row in rows] == [0, 40]
        assert all(np.isfinite(value) for row in rows for value in row.values()), name
    assert iio.imread(done / "prediction.png").std() > 0
