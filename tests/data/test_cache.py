"""What is dear is computed once."""

import logging

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.data.solids import cache
from inr_experiments.digest import file_sha256


class Counted:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return {"a": np.arange(5), "b": np.array(3.5)}


def test_computed_once_and_kept(tmp_path):
    compute = Counted()
    for _ in range(3):
        found = cache.arrays(tmp_path / "new", "grid", {"side": 4}, compute)
        assert found["a"].tolist() == [0, 1, 2, 3, 4] and found["b"] == 3.5
    assert compute.calls == 1
    cache.arrays(tmp_path / "new", "grid", {"side": 5}, compute)
    assert compute.calls == 2
    assert len(list((tmp_path / "new").iterdir())) == 2  # nothing temporary is left


def test_nothing_is_kept_without_a_folder():
    compute = Counted()
    for _ in range(2):
        cache.arrays(None, "grid", {}, compute)
    assert compute.calls == 2


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_computed_anew(tmp_path, content, caplog):
    compute = Counted()
    cache.arrays(tmp_path, "grid", {}, compute)
    next(tmp_path.iterdir()).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert cache.arrays(tmp_path, "grid", {}, compute)["b"] == 3.5
    assert compute.calls == 2 and "computed anew" in caplog.text
    cache.arrays(tmp_path, "grid", {}, compute)
    assert compute.calls == 2


def test_a_failure_leaves_nothing(tmp_path):
    def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.arrays(tmp_path, "grid", {}, fail)
    assert not list(tmp_path.iterdir())


def test_workers_may_share_a_folder(tmp_path):
    first, second = Counted(), Counted()

    def overtaken():
        assert cache.arrays(tmp_path, "grid", {}, second)["b"] == 3.5
        return first()

    assert cache.arrays(tmp_path, "grid", {}, overtaken)["b"] == 3.5
    assert (first.calls, second.calls) == (1, 1)
    assert len(list(tmp_path.iterdir())) == 1  # of the last, whole
    assert cache.arrays(tmp_path, "grid", {}, first)["b"] == 3.5 and first.calls == 1


def test_the_hash_follows_the_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    first = file_sha256(path, expected="a file")
    path.write_bytes(b"three")
    assert file_sha256(path, expected="a file") != first
    with pytest.raises(InputError, match="no such file; expected a mesh"):
        file_sha256(tmp_path / "none", expected="a mesh")
