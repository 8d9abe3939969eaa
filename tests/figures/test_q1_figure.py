"""The figure of CNNs and Transformers shows what was measured, from real runs of smoke scale."""

import pytest

from inr_experiments.experiment import execute
from inr_experiments.runs.collect import make_frame
from inr_experiments.sweep.compose import configs
from tests.scripts import drawn

#: The arms of each experiment that are fitted here.
ARMS = {
    "q1_cnn": "coordinate_cnn,cnn_rei",
    "q1_transformer": "transformer_relu,transformer_rei",
    "q1_vit": "vit_patches,vit_orthogonal",
}


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder, found = tmp_path_factory.mktemp("q1"), []
    for name, models in ARMS.items():
        words = [f"experiment={name}", f"model={models}", "scale=smoke", "items=1"]
        cfgs = configs([*words, f"outputs={folder}"])
        found.append(make_frame(name, [execute(cfg).folder for cfg in cfgs]))
    return found


def test_q1(frames):
    figure = drawn("fig_q1", *frames)
    cnn, transformer, vit = frames
    ranks = [figure.axes[3 * row].lines for row in range(3)]
    assert [len(lines) for lines in ranks] == [2, 4, 2]
    for line, model in zip(ranks[0], ARMS["q1_cnn"].split(","), strict=True):
        own = cnn.where(model=model).value("spectra/inlet/effective_rank", "first")
        assert line.get_ydata()[0] == pytest.approx(own.mean())
    assert ranks[1][2].get_ydata()[-1] == pytest.approx(1, abs=0.05), "without skips"
    shown = figure.axes[4].lines[0].get_xdata()[0]
    few = transformer.where(**{"model": "transformer_relu", "model.hidden_layers": 2})
    assert shown == pytest.approx(few.value("psnr").mean())
    assert [text.get_text() for text in figure.axes[7].get_yticklabels()] == ["ViT", "orthogonal"]
    assert vit.runs["accuracy"].mean() < 1 and figure.axes[7].lines[0].get_xdata()[0] > 1
