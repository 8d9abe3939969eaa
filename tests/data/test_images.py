"""Files that are no picture or one too small or large, and names as people have them."""

import os
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from inr_experiments.checks import InputError
from inr_experiments.data.images import load as images
from inr_experiments.tasks import image
from tests.pictures import EIGHT, refusal, write_png

# --- no picture at all


def test_a_missing_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.png")


def test_a_folder(tmp_path):
    assert "a folder" in refusal(tmp_path)


def test_an_empty_file(tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    assert "an empty file" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_without_permission(tmp_path):
    path = write_png(tmp_path / "mine.png", EIGHT)
    path.chmod(0)
    assert "Permission denied" in refusal(path)


def test_a_file_that_the_disk_does_not_give(tmp_path, monkeypatch):
    path = write_png(tmp_path / "bad_sector.png", EIGHT)

    def fail(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("inr_experiments.digest.sha256_of", fail)
    assert "cannot be read (Permission denied)" in refusal(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "gif", "webp"])
@pytest.mark.parametrize("text", [b"not a picture\n", b"II*\0 nearly a TIFF", b"\x89PNG\r\n\x1a\n"])
def test_text_named_like_a_picture(tmp_path, suffix, text):
    path = tmp_path / f"text.{suffix}"
    path.write_bytes(text)
    assert "cannot be read as a picture" in refusal(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_truncated_file(tmp_path, suffix):
    path = tmp_path / f"cut.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-2000])
    assert "cannot be read as a picture" in refusal(path)


# --- sizes


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_no_pixels(tmp_path, size):
    refusal(write_png(tmp_path / "none.png", EIGHT, size=size))


def test_one_pixel(tmp_path):
    assert "1×1 pixels; expected at least 2" in refusal(
        write_png(tmp_path / "p.png", EIGHT[:1, :1])
    )


def test_one_row_is_a_picture(tmp_path):
    assert images.load(write_png(tmp_path / "row.png", EIGHT[:1])).pixels.shape == (1, 5, 3)


def test_a_huge_header_is_refused_before_decoding(tmp_path, monkeypatch):
    path = write_png(tmp_path / "bomb.png", EIGHT, size=(40_000, 40_000))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("decoded"))
    text = refusal(path)
    assert "40000×40000" in text and " pixel_limit=128000000" in text


def test_a_huge_tiff_is_refused_before_decoding(tmp_path, monkeypatch):
    path = tmp_path / "bomb.tif"
    tifffile.imwrite(path, shape=(8, 8), dtype="float32")
    whole = bytearray(path.read_bytes())
    for tag in (256, 257):  # width and height: a LONG or SHORT each, at the end of its entry
        at = whole.index(struct.pack("<H", tag) + struct.pack("<H", 4))
        whole[at + 8 : at + 12] = struct.pack("<I", 40_000)
    path.write_bytes(whole)
    monkeypatch.setattr("tifffile.TiffPage.asarray", lambda page: pytest.fail("decoded"))
    assert "40000×40000" in refusal(path)


def test_the_limit_can_be_chosen(tmp_path):
    path = write_png(tmp_path / "a.png", EIGHT)
    assert "expected at most pixel_limit=19" in refusal(path, pixel_limit=19)
    images.load(path, pixel_limit=20)
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(InputError, match=r"pixel_limit=19"):
        image.Image(path=str(path), pixel_limit=19)
    with pytest.raises(InputError, match=r"^pixel_limit=0"):
        image.Image(path=str(path), pixel_limit=0)
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_limit_above_pillows_own_is_kept(tmp_path):
    """Pillow alone refuses 180 million pixels; where a user allows them only decoding may fail."""
    path = write_png(tmp_path / "large.png", EIGHT, size=(20_000, 10_000))
    assert "cannot be read" in refusal(path, pixel_limit=300_000_000)


def test_the_limit_holds_for_the_resized_picture(tmp_path):
    path = write_png(tmp_path / "a.png", EIGHT)
    with pytest.raises(InputError, match=r"^side=1000000"):
        images.load(path, side=1_000_000)


# --- names


@pytest.mark.parametrize("name", ["photo (1).png", "naïve.png", "a=b.png", "a, b#c.PNG", "none"])
def test_names_as_people_have_them(tmp_path, name):
    assert images.load(write_png(tmp_path / name, EIGHT)).pixels.shape == (4, 5, 3)


def test_an_absent_crop_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("INR_DATA", str(tmp_path))
    with pytest.raises(InputError, match="inr-download div2k"):
        images.div2k("826")
    with pytest.raises(InputError, match="expected one of the 16 DIV2K ids"):
        images.div2k("0001")


def test_a_fit_that_does_not_fit_into_memory_is_refused_before(tmp_path, monkeypatch):
    monkeypatch.setattr("inr_experiments.memory.available", lambda device: 2**20)
    path = tmp_path / "a.png"
    Image.new("RGB", (100, 80)).save(path)
    with pytest.raises(InputError, match=r"a fit of 100×80 pixels; expected a smaller task\.side"):
        image.Image(path=str(path))
    image.Image(path=str(path), side=50)
