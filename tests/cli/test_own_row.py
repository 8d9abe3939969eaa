"""A method of one's own, added as the README says: its row stands beside the others with its p."""

import re

from tests.launching import inr

CODE = '''
import torch
from torch import nn


class Sinc(nn.Module):
    """sin(ωa) / (ωa), elementwise."""

    def __init__(self, *, omega):
        super().__init__()
        self.omega = omega

    def forward(self, a):
        return torch.sinc(self.omega * a / torch.pi)
'''
YAML = """
defaults: [relu, _self_]
name: sinc
label: Sinc
colour: "#123456"
lr: 1e-3
inlet_activation: {_target_: mine.Sinc, omega: 30.0}
hidden_activation: ${.inlet_activation}
"""
WORDS = (
    *("--config-dir", "conf", "trusted=[mine]", "scale=smoke", "task.side=16", "outputs=o"),
    *("model=relu,siren,sinc", "model.match=relu", "diagnostic=none"),
    "task.image=astronaut,coffee",
)


def test_a_method_that_is_not_in_the_tree_has_a_row_with_its_p(tmp_path):
    (tmp_path / "mine.py").write_text(CODE)
    (tmp_path / "conf/model").mkdir(parents=True)
    (tmp_path / "conf/model/sinc.yaml").write_text(YAML)
    done = inr("-m", *WORDS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = inr(*WORDS, cwd=tmp_path, module="table")
    assert shown.returncode == 0, shown.stderr
    lines = {line.split("  ")[0]: line for line in shown.stdout.splitlines()}
    assert {"ReLU (default)", "SIREN", "Sinc"} <= set(lines)
    assert re.search(r"\[[+-][\d.]+, [+-][\d.]+\] +(0?\.\d+|1)$", lines["Sinc"]), lines["Sinc"]
