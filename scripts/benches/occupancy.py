"""3D occupancy: labelling, a fit, and a dense evaluation."""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch

from inr_experiments.data.solids.meshes import load
from inr_experiments.data.solids.points import uniform
from inr_experiments.fit.loop import accumulate_gradients
from inr_experiments.fit.snapshot import Snapshot
from inr_experiments.models.network import Network
from inr_experiments.seeding import generator
from inr_experiments.tasks.task import Task

from .fit import setting
from .sizes import bumpy_sphere
from .timing import Row, median, peak

BATCH, CHUNK = 8192, 2048
#: Share of faces taken out of the holed mesh.
HOLES = 0.02
RUNS = 3


def prepared(side: int, mesh_side: int) -> tuple[Network, Task]:
    """The default ReLU field at laptop scale and a solid, evaluated on side³ points."""
    network, task, _ = setting(
        "model=relu", "task=occupancy", "task.shape=blob", "task.cache=null", f"task.pool={2**16}",
        f"task.eval_resolution={side}", f"task.mesh_resolution={mesh_side}",
    )  # fmt: skip
    return network, task


def evaluation(side: int) -> Callable[[], object]:
    """A dense evaluation with side³ points, all of its memory still to be taken."""
    network, task = prepared(side, 64)
    snapshot = Snapshot(0, network.eval(), task.coordinates)
    return lambda: task.evaluate(snapshot.predict)


def labelling(quick: bool) -> Iterator[Row]:
    """Labelling on a closed and on a holed mesh, with the wrong share of the latter."""
    subdivisions, count = (4, 20_000) if quick else (6, 2**20)
    points = uniform(count, np.random.default_rng(0))
    truth = None
    for name, holes in (("closed", 0.0), ("holed", HOLES)):
        with tempfile.TemporaryDirectory() as folder:
            mesh = load(bumpy_sphere(Path(folder) / "ball.ply", subdivisions, holes=holes))
        found = mesh.label(points)
        truth = found.inside if truth is None else truth
        seconds = median(partial(mesh.label, points), runs=RUNS, warm=False)
        more = {
            "faces": mesh.facts["faces"],
            "points_per_s": count / seconds,
            "wrong_share": float((found.inside != truth).mean()),
            "ambiguous_share": found.ambiguous / count,
        }
        yield Row(f"occupancy/label/{name}", seconds, more=more)


def rows(*, quick: bool) -> Iterator[Row]:
    """Labelling, steps of a fit, a grid through the field, and the peak of an evaluation."""
    yield from labelling(quick)
    net, task = prepared(32, 32)
    draw = generator(0, "bench")
    optimiser = torch.optim.Adam(net.parameters())

    def step() -> None:
        x, y = task.batch(BATCH, draw)
        optimiser.zero_grad()
        accumulate_gradients(net, task, x, y, chunk=CHUNK)
        optimiser.step()

    seconds = median(step, runs=3 if quick else 20)
    yield Row(f"occupancy/fit/{net.width}", seconds, more={"points_per_s": BATCH / seconds})

    side = 32 if quick else 96
    snapshot = Snapshot(0, net.eval(), task.coordinates)
    grid = torch.from_numpy(uniform(side**3, np.random.default_rng(1)))
    seconds = median(lambda: snapshot.predict(grid), runs=RUNS)
    yield Row(f"occupancy/grid/{side}", seconds, more={"points_per_s": side**3 / seconds})

    side = 32 if quick else 256
    start = time.perf_counter()
    gib = peak(evaluation, side)
    # Once is enough for a peak, and 256³ points take minutes; the start of the process is included.
    seconds = time.perf_counter() - start
    more = {"points_per_s": side**3 / seconds, "peak_gib": gib}
    yield Row(f"occupancy/evaluate/{side}", seconds, more=more)
