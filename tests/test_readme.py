"""The README, followed: its shell lines at smoke scale, and its Python block."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import trimesh

from inr_experiments.data.images import load as images

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
#: Commands that fit or look for what was fitted, to which a small scale is given.
SCALED = ("inr", "inr-table")
#: Lines that this run of the tests stands for.
LEFT_OUT = ("make test", "source .venv/bin/activate")


def blocks(language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", TEXT)


def shell_lines() -> list[list[str]]:
    """The commands, without comments."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [w for w in words if " ".join(w) not in LEFT_OUT]


@pytest.mark.smoke
def test_the_shell_lines_do_what_they_say(tmp_path):
    for name in ("coffee", "rocket"):
        (tmp_path / "photos").mkdir(exist_ok=True)
        (tmp_path / f"photos/{name}.png").write_bytes(images.bundled(name).read_bytes())
    (tmp_path / "me.png").write_bytes(images.bundled("chelsea").read_bytes())
    trimesh.creation.icosphere().export(tmp_path / "me.ply")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    said = []
    for line in shell_lines():
        small = ["scale=smoke"] if line[0] in SCALED else []
        if line[0] == "make":
            small = ["-C", str(ROOT), "SCALE=smoke", f"OUTPUTS={tmp_path / 'paper'}"]
        done = subprocess.run(
            [*line, *small],
            cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stderr)
        said.append(done.stdout)
    everything = "\n".join(said)
    assert "REI" in everything and "iou" in everything and "p (max-T)" in everything
    assert (tmp_path / "results.zip").is_file()
    assert len(list(tmp_path.glob("outputs/runs/*/*/DONE"))) == 2 * 2 * 3 + 2


def test_the_python_block_runs(capsys):
    (block,) = blocks("python")
    exec(block, {})
    assert "rank" in capsys.readouterr().out


def test_the_remedy_is_what_the_yamls_say():
    (block,) = blocks("diff")
    for sign, name in (("-", "relu"), ("+", "rank_expanding")):
        text = (ROOT / f"conf/model/{name}.yaml").read_text(encoding="utf-8")
        for line in block.splitlines():
            if line.startswith(sign):
                assert line[1:] in text.splitlines(), line
