"""Every kind of volume file that a stranger may hand over."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from inr_experiments.checks import InputError
from inr_experiments.data.solids import volumes
from inr_experiments.data.solids.matlab import stored_arrays

from ..reference.volume import majority_naive

RNG = np.random.default_rng(0)
#: A block with a corner off, off-centre in an empty array.
BLOCK = np.zeros((10, 12, 14), dtype=bool)
BLOCK[2:8, 3:11, 5:9] = True
BLOCK[2, 3, 5] = False


def refusal(path: Path, **options) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(InputError) as refused:
        volumes.load(path, **options)
    text = str(refused.value)
    assert str(path) in text and "\n" not in text
    return text


def saved(folder: Path, values: np.ndarray, name: str = "a.npy") -> Path:
    np.save(folder / name, values)
    return folder / name


def test_every_format_gives_the_same_solid(tmp_path):
    np.save(tmp_path / "a.npy", BLOCK)
    np.savez_compressed(tmp_path / "a.npz", occupancy=BLOCK, other=np.zeros(3))
    savemat(tmp_path / "a.mat", {"hypercube": BLOCK.astype(np.uint8)})
    x = RNG.uniform(-1, 1, (5000, 3))
    labels = []
    for name in ("a.npy", "a.npz", "a.mat"):
        volume = volumes.load(tmp_path / name)
        assert volume.facts["shape"] == [6, 8, 4]
        assert volume.facts["half_extents"] == [0.75, 1.0, 0.5]
        assert volume.facts["notes"] == []
        labels.append(volume.label(x).inside)
    assert (labels[0] == labels[1]).all() and (labels[0] == labels[2]).all()
    # Independently: voxels are cubes of 1/4, the cropped block in the middle.
    index = [np.floor((x[:, i] + h) * 4).astype(int) for i, h in enumerate((0.75, 1.0, 0.5))]
    held = (np.abs(x) < [0.75, 1.0, 0.5]).all(axis=1)
    expected = held & ~np.all([i == 0 for i in index], axis=0)
    assert (labels[0] == expected).all()
    assert volume.facts["radius"] == pytest.approx(np.sqrt(0.75**2 + 1.0**2 + 0.5**2))


def test_the_surface_lies_around_the_voxels(tmp_path):
    surface = volumes.load(saved(tmp_path, BLOCK)).surface()
    assert np.abs(surface.vertices).max(axis=0) == pytest.approx([0.75, 1.0, 0.5])


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 9])
def test_majority_vote_against_its_twin(side):
    occupied = RNG.random((9, 7, 5)) < 0.5
    assert (volumes.majority(occupied, side) == majority_naive(occupied, side)).all()


def test_downsampling_stays_in_or_out_and_is_said(tmp_path):
    ball = np.linalg.norm(np.indices((64, 64, 64)) - 31.5, axis=0) < 30
    whole, small = (volumes.load(saved(tmp_path, ball), side=side) for side in (None, 16))
    assert small.facts["shape"] == [15, 15, 15] and "majority" in small.facts["notes"][0]
    x = RNG.uniform(-1, 1, (20_000, 3))
    assert (whole.label(x).inside != small.label(x).inside).mean() < 0.06
    assert abs(whole.label(x).inside.mean() - np.pi / 6) < 0.01


def test_another_key_is_taken_where_it_is_the_only_one(tmp_path):
    np.savez(tmp_path / "a.npz", solid=BLOCK)
    assert volumes.load(tmp_path / "a.npz").facts["notes"] == ["array 'solid' taken, the only one"]


def test_objects_are_no_numbers(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, BLOCK.astype(object), allow_pickle=True)
    assert "holds objects; expected numbers" in refusal(path)


def test_several_keys_must_be_told_apart(tmp_path):
    np.savez(tmp_path / "a.npz", one=BLOCK, two=BLOCK)
    assert "expected key=NAME, one of one, two" in refusal(tmp_path / "a.npz")
    assert "no array 'three'" in refusal(tmp_path / "a.npz", key="three")
    np.savez(tmp_path / "b.npz")
    assert "holds no array" in refusal(tmp_path / "b.npz")
    with pytest.raises(InputError, match=r"^key='two': .*a\.npy is one array"):
        volumes.load(saved(tmp_path, BLOCK), key="two")
    assert volumes.load(tmp_path / "a.npz", key="two").facts["notes"] == []


def test_a_volume_with_more_than_two_values_needs_a_threshold(tmp_path):
    path = saved(tmp_path, BLOCK * RNG.uniform(0.5, 1, BLOCK.shape))
    assert "not binary" in refusal(path) and " threshold=NUMBER" in refusal(path)
    volume = volumes.load(path, threshold=0.25)
    assert volume.facts["shape"] == [6, 8, 4]
    assert volume.facts["notes"][0].startswith("inside is above 0.25")
    assert refusal(path, threshold=7.0).startswith("threshold=7.0: ")
    for value in (float("nan"), "half", True):
        with pytest.raises(InputError, match=r"^threshold=.*: expected a finite number"):
            volumes.load(path, threshold=value)  # type: ignore[arg-type]


def test_two_values_other_than_0_and_1(tmp_path):
    volume = volumes.load(saved(tmp_path, np.where(BLOCK, 255, 7).astype(np.uint8)))
    assert volume.facts["notes"] == ["two values, 7 and 255; the larger is inside"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.ones((5, 5), bool), "got shape (5, 5)"),
        (np.zeros((0, 3, 3)), "(X, Y, Z)"),
        (np.ones((4, 4, 4), bool), "every voxel"),
        (np.zeros((4, 4, 4)), "every voxel"),
        (np.where(BLOCK, np.nan, 0), "NaN"),
        (np.where(BLOCK, 1j, 0), "complex"),
        (np.full((2, 2, 2), "a"), "expected numbers"),
        (np.array([{}] * 8).reshape(2, 2, 2), "cannot be read"),
    ],
)
def test_arrays_that_are_no_volume(tmp_path, values, said):
    path = tmp_path / "a.npy"
    np.save(path, values, allow_pickle=True)
    assert said in refusal(path)


@pytest.mark.parametrize("name", ["a.npz", "a.npy", "a.mat"])
@pytest.mark.parametrize("content", [b"", b"words " * 99])
def test_no_volume_at_all(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refusal(tmp_path / name)


def test_a_missing_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.npz")


def test_a_header_that_announces_more_than_the_file_holds(tmp_path):
    whole = saved(tmp_path, BLOCK).read_bytes()
    path = tmp_path / "b.npy"
    path.write_bytes(whole.replace(b"(10, 12, 14), }", b"(99, 99, 99), }"))
    assert "announces shape (99, 99, 99)" in refusal(path)
    path.write_bytes(whole.replace(b"(10, 12, 14), } ", b"(-10, 12, 14), }"))
    assert "announces shape (-10, 12, 14)" in refusal(path)


@pytest.mark.parametrize(
    ("shape", "kind", "said"),
    [
        ((99, 99, 99), "|b1", "announces shape (99, 99, 99)"),
        ((9999, 9999, 9999), "|b1", "voxels"),
        ((1000, 1000, 1000), "<f8", "8000000000 bytes"),
    ],
)
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_a_huge_array_is_refused_before_it_is_read(tmp_path, name, shape, kind, said):
    with io.BytesIO() as header:
        described = {"descr": kind, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, described)
        content = header.getvalue() + bytes(99)
    if name == "a.npy":
        (tmp_path / name).write_bytes(content)
    else:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("occupancy.npy", content)
    assert said in refusal(tmp_path / name)


def test_a_mat_that_announces_more_than_it_holds(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"hypercube": BLOCK.astype(np.uint8)})
    whole, shape = path.read_bytes(), struct.pack("<3i", *BLOCK.shape)
    for claimed, said in (((999, 999, 999), "a.mat"), ((-10, -12, 14), "(-10, -12, 14)")):
        path.write_bytes(whole.replace(shape, struct.pack("<3i", *claimed)))
        assert said in refusal(path)
    savemat(path, {"hypercube": BLOCK.astype(float)})
    path.write_bytes(path.read_bytes().replace(shape, struct.pack("<3i", 1000, 1000, 1000)))
    assert "8000000000 bytes" in refusal(path)


@pytest.mark.parametrize("packed", [False, True])
def test_matlabs_arrays_are_those_of_another_reader(tmp_path, packed):
    path, some = tmp_path / "a.mat", RNG.random((3, 4, 5))
    whole = {"i8": np.int8, "u2": np.uint16, "i8_": np.int64, "f4": np.float32, "b": bool}
    arrays = {name: (some * 99).astype(kind) for name, kind in whole.items()}
    arrays |= {"f8": some, "one": np.uint8(3), "none": np.zeros((0, 3)), "complex": some * 1j}
    beside = {"text": "x", "struct": {"x": 1}, "cell": np.array([1, "a"], dtype=object)}
    savemat(path, arrays | beside, do_compression=packed)
    found, expected = stored_arrays(path), loadmat(path)
    assert found.keys() == arrays.keys() - {"complex"}
    for name, array in found.items():
        assert array.shape == expected[name].shape and array.dtype == expected[name].dtype
        np.testing.assert_array_equal(array.read(), expected[name])


def test_matlab_7_3_says_how_to_save(tmp_path):
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    (tmp_path / "a.mat").write_bytes(header + bytes(400))
    assert "-v7" in refusal(tmp_path / "a.mat")


def test_nothing_left_after_downsampling(tmp_path):
    thin = np.zeros((64, 64, 64), dtype=bool)
    thin[32, 32] = thin[0, 0, 0] = True
    assert " side=4;" in refusal(saved(tmp_path, thin), side=4)


def test_inside_may_be_below(tmp_path):
    x = np.linspace(-1, 1, 24)
    distance = np.sqrt(sum(a**2 for a in np.meshgrid(x, x, x))) - 0.6
    path = saved(tmp_path, distance.astype(np.float32))
    below = volumes.load(path, threshold=0.0, inside="below")
    assert [note[:26] for note in below.facts["notes"]] == ["inside is below 0 of value"]
    assert below.label(np.zeros((1, 3))).inside.all()
    above = volumes.load(path, threshold=0.0)
    assert above.facts["notes"][-1] == (
        "100% of the border of the volume is inside: is task.inside=below meant?"
    )
    two = saved(tmp_path, (distance > 0).astype(np.uint8), "two.npy")
    solid = volumes.load(two, inside="below")
    assert solid.facts["notes"] == ["two values, 0 and 1; the smaller is inside"]
    assert solid.facts["shape"] == below.facts["shape"]
    for threshold, inside in ((float(distance.min()), "below"), (float(distance.max()), "above")):
        assert refusal(path, threshold=threshold, inside=inside).startswith("threshold=")
    with pytest.raises(InputError, match="inside='under': expected one of above, below"):
        volumes.load(path, threshold=0.0, inside="under")


@pytest.mark.parametrize("suffix", volumes.SUFFIXES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_volume_cut_or_changed_anywhere_is_read_or_refused(tmp_path_factory, suffix, data):
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, BLOCK)
    elif suffix == ".npz":
        np.savez_compressed(path, occupancy=BLOCK, more=np.arange(3))
    else:
        savemat(path, {"hypercube": BLOCK.astype(np.uint8)})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    path.write_bytes(content + data.draw(st.binary(max_size=8)))
    try:
        volume = volumes.load(path)
    except InputError as error:
        assert f"a{suffix}" in str(error) and "\n" not in str(error)
    else:
        assert np.isfinite(volume.surface().vertices).all()
