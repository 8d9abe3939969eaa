"""The crop rule and the conversion of WIRE's volume."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from inr_experiments.checks import InputError
from inr_experiments.data.download import recipes


@pytest.mark.parametrize(
    "height, width, top, left",
    [(1024, 1024, 0, 0), (1356, 2040, 166, 508), (2041, 1025, 508, 0), (1027, 1030, 1, 3)],
)
def test_the_crop_is_central(tmp_path, height, width, top, left):
    """Pixels carry their own place: 2 × 2 of them, averaged, tell where the crop began."""
    down, right = np.mgrid[:height, :width]
    planes = [(down - top) // 8 % 128, (right - left) // 8 % 128, np.zeros_like(down)]
    Image.fromarray(np.stack(planes, axis=2).astype(np.uint8)).save(tmp_path / "in.png")
    recipes.crop(tmp_path / "in.png", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as image:
        assert (image.mode, image.size, image.format) == ("RGB", (512, 512), "PNG")
        made = np.asarray(image).astype(int)
    steps = np.arange(512) // 4
    assert np.abs(made[:, 256, 0] - steps).max() <= 1
    assert np.abs(made[256, :, 1] - steps).max() <= 1


def test_the_crop_is_bicubic(tmp_path):
    """Against Pillow's own resize of the slice, in 8 bits."""
    noise = np.random.default_rng(0).integers(0, 256, (1100, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "in.png", compress_level=1)
    recipes.crop(tmp_path / "in.png", tmp_path / "out.png")
    middle = Image.fromarray(np.ascontiguousarray(noise[38:1062, 88:1112]))
    expected = np.asarray(middle.resize((512, 512), Image.Resampling.BICUBIC))
    with Image.open(tmp_path / "out.png") as image:
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_a_photograph_too_small_to_crop(tmp_path):
    Image.new("RGB", (1200, 1023)).save(tmp_path / "in.png")
    with pytest.raises(InputError, match="1200×1023 pixels; expected at least 1024"):
        recipes.crop(tmp_path / "in.png", tmp_path / "out.png")


def test_no_photograph(tmp_path):
    (tmp_path / "in.png").write_text("text")
    with pytest.raises(InputError, match=r"in\.png: cannot be read as a picture"):
        recipes.crop(tmp_path / "in.png", tmp_path / "out.png")


@pytest.mark.parametrize("top", [1, 255])
def test_a_volume_becomes_an_occupancy(tmp_path, top):
    inside = np.random.default_rng(0).random((8, 9, 10)) > 0.7
    savemat(tmp_path / "in.mat", {"hypercube": inside.astype(np.uint8) * np.uint8(top)})
    recipes.occupancy(tmp_path / "in.mat", tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as arrays:
        assert list(arrays) == ["occupancy"] and arrays["occupancy"].dtype == bool
        np.testing.assert_array_equal(arrays["occupancy"], inside)


def test_other_volumes_are_refused(tmp_path):
    path = tmp_path / "in.mat"
    for content in ({"cube": np.ones(3)}, {"hypercube": np.zeros((2, 2, 2))}, {"hypercube": 1.0}):
        savemat(path, content)
        with pytest.raises(InputError, match=r"in\.mat: expected"):
            recipes.occupancy(path, tmp_path / "out.npz")
    path.write_text("text")
    with pytest.raises(InputError, match="key hypercube"):
        recipes.occupancy(path, tmp_path / "out.npz")
