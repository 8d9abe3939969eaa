"""The wheel by itself: built, unpacked elsewhere, run from a folder that is not the checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launching import SMOKE, started

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the wheel was installed."""
    if not (CHECKOUT / "pyproject.toml").is_file():
        pytest.skip("needs the checkout that the wheel is built from")
    pytest.importorskip("hatchling", reason="hatchling builds the wheel; pip install -e '.[dev]'")
    wheels, folder = (tmp_path_factory.mktemp(name) for name in ("wheels", "installed"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    # Neither asks a package registry: hatchling is a dev dependency, the others are installed.
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels)]
    subprocess.run([*pip, *build, str(CHECKOUT)], check=True)
    (wheel,) = wheels.glob("inr_experiments-*.whl")
    install = ["install", "--no-deps", "--no-index", "--target", str(folder), str(wheel)]
    subprocess.run([*pip, *install], check=True)
    return folder


@pytest.fixture
def env(installed: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(installed)}


def test_the_wheel_is_what_is_imported(installed, env, tmp_path):
    probe = (
        "import inr_experiments; from inr_experiments.paths import conf_dir\n"
        "print(inr_experiments.__file__); print(conf_dir())"
    )
    said = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=tmp_path, env={**os.environ, **env}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    package, conf = said.stdout.split()
    assert Path(package).is_relative_to(installed)
    assert Path(conf) == installed / "inr_experiments/conf"
    ours, theirs = (
        sorted(p.relative_to(c) for p in c.rglob("*.yaml")) for c in (CHECKOUT / "conf", Path(conf))
    )
    assert theirs == ours


def test_the_config_is_found(env, tmp_path):
    done = started("model=siren", "--cfg", "job", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert "name: siren" in done.stdout


def test_a_run_lies_under_the_folder_it_was_started_from(env, tmp_path):
    done = started(*SMOKE, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    (marker,) = (tmp_path / "outputs/runs").glob("*/seed-000/DONE")
    assert str(marker.parent.relative_to(tmp_path)) in done.stdout
