"""The archives that `make paper` leaves: in the place of those before, once they are whole."""

import pytest

import paper
from inr_experiments.checks import InputError
from tests.launching import fit


def test_an_archive_takes_the_place_of_the_one_before(tmp_path):
    run = fit("scale=smoke", "fit.steps=2", "diagnostic=none", cwd=tmp_path).folder
    packs = tmp_path / "packs"
    packs.mkdir()
    for name in ("smoke-real-1.zip", "smoke-real-items-8.zip"):
        (packs / name).write_bytes(b"")
    paper.packed([tmp_path / run], packs, "smoke-real")
    assert sorted(p.name for p in packs.iterdir()) == ["smoke-real-items-8.zip", "smoke-real.zip"]
    before = (packs / "smoke-real.zip").read_bytes()
    with pytest.raises(InputError, match="no finished run"):
        paper.packed([tmp_path / run, tmp_path / "runs/no/seed-000"], packs, "smoke-real")
    assert (packs / "smoke-real.zip").read_bytes() == before, "until there are new ones"
    paper.packed([], packs, "smoke-real")
    assert [p.name for p in packs.iterdir()] == ["smoke-real-items-8.zip"]
