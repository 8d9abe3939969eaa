"""A network and an optimiser from outside the tree: a file and a yaml each."""

import json

import numpy as np
import pytest

from tests.launching import inr

CODE = '''
import torch
from torch import nn
from inr_experiments.models.network import Network


class CoordinateCnn(Network):
    """Convolutions over the whole grid, read off at the points asked for."""

    couples_samples = True

    def __init__(self, *, domain, out_features, stream, width):
        super().__init__()
        self.axes = [torch.tensor(axis) for axis in domain.axes]
        grid = torch.stack(torch.meshgrid(*self.axes, indexing="ij"))
        self.register_buffer("grid", grid[None].float())
        self.inlet = nn.Sequential(nn.Conv2d(2, width, 3, padding=1), nn.ReLU())
        self.hidden = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU())
        self.head = nn.Conv2d(width, out_features, 1)

    def stages(self):
        yield from (("inlet", self.inlet), ("hidden.0", self.hidden), ("head", self.head))

    def forward(self, x):
        z = self.grid.to(x)
        for _, stage in self.stages():
            z = stage(z)
        rows, columns = ((a.to(x) - c[:, None]).abs().argmin(1) for a, c in zip(self.axes, x.T))
        return z[0, :, rows, columns].T


class SignDescent(torch.optim.Optimizer):
    def __init__(self, params, *, lr, shrink):
        super().__init__(params, {"lr": lr, "shrink": shrink})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(1 - group["shrink"]).sub_(group["lr"] * p.grad.sign())
'''
YAMLS = {
    "model/cnn": "_target_: mynets.CoordinateCnn\nname: cnn\nlabel: CNN\ncolour: '#123456'\n"
    "lr: 1e-2\nwidth: 12\n",
    "fit/signs": "defaults: [standard, _self_]\n"
    "optimiser: {_target_: mynets.SignDescent, shrink: 1e-6}\nlr: 2e-3\n",
}
COMMON = ("--config-dir", "conf", "trusted=[mynets]", "scale=smoke", "task.side=16", "outputs=o")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mynets.py").write_text(CODE)
    for name, text in YAMLS.items():
        path = tmp_path / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_network_and_an_optimiser_are_a_file_and_a_yaml_each(folder):
    words = ("model=cnn,relu", "fit=standard,signs", "fit.steps=40", "diagnostic=[spectra]")
    done = inr("-m", *words, *COMMON, cwd=folder)
    assert done.returncode == 0, done.stderr
    again = inr("-m", *words, *COMMON, cwd=folder)
    assert "4 cells, all done" in again.stdout
    records = [json.loads(p.read_text()) for p in (folder / "o/runs").glob("*/*/record.json")]
    assert len(records) == 4
    for record in records:
        first, *_, last = record["milestones"]
        assert last["psnr"] > first["psnr"] and "psnr_heldout" in last
    first = {r["metrics"]["psnr"] for r in records}
    assert inr("-m", *words, *COMMON, "force=true", cwd=folder).returncode == 0
    records = [json.loads(p.read_text()) for p in (folder / "o/runs").glob("*/*/record.json")]
    assert {r["metrics"]["psnr"] for r in records} == first, "torch's own draws are of the seed"
    shown = inr(*words, *COMMON, cwd=folder, module="table")
    assert shown.returncode == 0 and "CNN" in shown.stdout, shown.stderr
    for spectra in (folder / "o/runs").glob("cnn-*/*/diagnostics/spectra*.npz"):
        with np.load(spectra) as stored:
            lengths = {len(stored[key]) for key in stored.files if "inlet/singular_values" in key}
        assert lengths == {12}
