"""What stands in a checkout and cannot be read is told with its file."""

import pytest

from inr_experiments import config
from inr_experiments.checks import InputError
from inr_experiments.reporting.options import filled
from inr_experiments.reporting.pieces import find_pieces


@pytest.mark.parametrize(
    "text", ['"""A."""\nREADS = (', '"""A."""\nREADS = (A,)', "READS = ('a',)", '"""A."""\n']
)
def test_a_figure_that_cannot_be_read_is_named(tmp_path, text):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/mine.py").write_text(text)
    with pytest.raises(InputError, match=r"figures/mine\.py: "):
        find_pieces(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [("sweep: []\n", "no comment"), ("# a command · a question\n", "command · cost · question")],
)
def test_a_yaml_that_does_not_say_what_it_is_for_is_named(tmp_path, text, said):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment/mine.yaml").write_text(text)
    with pytest.raises(InputError, match=rf"mine\.yaml: .*{said}"):
        filled("<!-- generated: experiments -->\n<!-- end -->", tmp_path)


def test_a_model_without_a_label_goes_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/mine.yaml").write_text("name: mine\n")
    (tmp_path / "model/empty.yaml").write_text("")
    monkeypatch.setattr(config, "conf_dir", lambda: tmp_path)
    monkeypatch.setattr(config, "labels", config.labels.__wrapped__)  # as they are now
    assert config.labels() == {} and config.looks({"name": "mine"})["label"] == "mine"
