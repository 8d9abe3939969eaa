"""Every kind of picture file that a stranger may hand over."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from inr_experiments.checks import InputError
from inr_experiments.data import images
from inr_experiments.tasks.image_fit import ImageFit

RAMP = np.linspace(0, 1, 60).reshape(4, 5, 3)
EIGHT = np.round(RAMP * 255).astype(np.uint8)
SIXTEEN = np.round(RAMP * 65535).astype(np.uint16)
#: PNG's colour types by the number of channels.
COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}


def block(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def write_png(path: Path, pixels: np.ndarray, *, size=None, key: bytes = b"") -> Path:
    """A PNG of 8 or 16 bits that may lie about its `size`; written by hand, as Pillow writes 8."""
    height, width, channels = pixels.shape
    bits = 8 * pixels.dtype.itemsize
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in pixels)
    header = struct.pack(
        ">IIBBBBB", *(size or (width, height)), bits, COLOUR_TYPE[channels], 0, 0, 0
    )
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + block(b"IHDR", header)
        + (block(b"tRNS", key) if key else b"")
        + block(b"IDAT", zlib.compress(rows))
        + block(b"IEND", b"")
    )
    return path


def refusal(path: Path, **options) -> str:
    """The one sentence with which a file is refused; it names the file."""
    with pytest.raises(InputError) as refused:
        images.load(path, **options)
    text = str(refused.value)
    assert str(path) in text and "\n" not in text
    return text


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

    monkeypatch.setattr(images, "sha256_of", fail)
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
    assert "40000×40000" in text and "task.pixel_limit=64000000" in text


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
    assert "expected at most task.pixel_limit=19" in refusal(path, pixel_limit=19)
    images.load(path, pixel_limit=20)
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(InputError, match=r"pixel_limit=19"):
        ImageFit(path=str(path), pixel_limit=19)
    with pytest.raises(InputError, match=r"task\.pixel_limit=0"):
        ImageFit(path=str(path), pixel_limit=0)
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_limit_above_pillows_own_is_kept(tmp_path):
    """Pillow alone refuses 180 million pixels; where a user allows them only decoding may fail."""
    path = write_png(tmp_path / "large.png", EIGHT, size=(20_000, 10_000))
    assert "cannot be read" in refusal(path, pixel_limit=300_000_000)


def test_the_limit_holds_for_the_resized_picture(tmp_path):
    path = write_png(tmp_path / "a.png", EIGHT)
    with pytest.raises(InputError, match=r"task\.side=1000000"):
        images.load(path, side=1_000_000)


# --- values


def write_tiff(path: Path, values: np.ndarray, **options) -> Path:
    grey = values.shape[-1] != 3
    tifffile.imwrite(path, values, **{"photometric": "minisblack" if grey else "rgb", **options})
    return path


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [slice(0, 3), 0])
def test_not_finite(tmp_path, bad, channels):
    values = RAMP.astype(np.float32)
    values[2, 3, 0] = bad
    text = refusal(write_tiff(tmp_path / "f.tif", values[:, :, channels]))
    assert "1 of" in text and "NaN or infinite" in text


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("channels", [slice(0, 3), 0])
def test_floats_in_the_unit_interval_are_kept(tmp_path, dtype, channels):
    values = RAMP.astype(dtype)[:, :, channels]
    picture = images.load(write_tiff(tmp_path / "f.tif", values))
    assert picture.notes == ()
    np.testing.assert_array_equal(picture.pixels.squeeze(), values.astype(np.float32))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_floats_are_kept(tmp_path, compression):
    values = RAMP[:, :, 0].astype(np.float32)
    Image.fromarray(values).save(tmp_path / "f.tif", compression=compression)
    np.testing.assert_array_equal(images.load(tmp_path / "f.tif").pixels[:, :, 0], values)


@pytest.mark.parametrize("scale, offset", [(255, 0), (1, 0.001), (1, -0.001)])
def test_floats_outside_it_are_refused(tmp_path, scale, offset):
    values = (RAMP * scale + offset).astype(np.float32)
    text = refusal(write_tiff(tmp_path / "f.tif", values))
    assert "expected all in [0, 1]" in text and f"{values.max():g}" in text


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint32"])
def test_other_depths_are_refused(tmp_path, dtype):
    assert "expected 8- or 16-bit" in refusal(
        write_tiff(tmp_path / "deep.tif", EIGHT[:, :, 0].astype(dtype))
    )


# --- colours


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("values", [EIGHT, SIXTEEN], ids=["8", "16"])
def test_png_keeps_its_bits(tmp_path, values, channels):
    values = values[:, :, :channels]
    picture = images.load(write_png(tmp_path / "a.png", values))
    assert picture.notes == ()
    top = np.iinfo(values.dtype).max
    np.testing.assert_array_equal(picture.pixels, (values / top).astype(np.float32))


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("values", [EIGHT, SIXTEEN], ids=["8", "16"])
def test_png_with_alpha_on_white(tmp_path, values, channels):
    values = np.concatenate([values[:, :, : channels - 1], values[::-1, :, :1]], axis=2)
    picture = images.load(write_png(tmp_path / "a.png", values))
    unit = values / np.iinfo(values.dtype).max
    colour, alpha = unit[:, :, :-1], unit[:, :, -1:]
    assert picture.notes == ("transparency composited on white",)
    np.testing.assert_allclose(picture.pixels, colour * alpha + 1 - alpha, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("values", [EIGHT, SIXTEEN], ids=["8", "16"])
def test_png_with_one_colour_transparent(tmp_path, values, channels):
    values = values[:, :, :channels]
    key = struct.pack(f">{channels}H", *(int(v) for v in values[1, 2]))
    picture = images.load(write_png(tmp_path / "a.png", values, key=key))
    expected = values / np.iinfo(values.dtype).max
    expected[1, 2] = 1
    assert picture.notes == ("transparency composited on white",)
    np.testing.assert_allclose(picture.pixels, expected, atol=1e-6)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_tiff_keeps_16_bits(tmp_path, planar, byteorder):
    values = SIXTEEN if planar == "contig" else SIXTEEN.transpose(2, 0, 1)
    path = write_tiff(
        tmp_path / "a.tif", values, photometric="rgb", planarconfig=planar, byteorder=byteorder
    )
    np.testing.assert_array_equal(images.load(path).pixels, (SIXTEEN / 65535).astype(np.float32))


def test_tiff_where_white_is_zero(tmp_path):
    path = write_tiff(tmp_path / "a.tif", SIXTEEN[:, :, 0], photometric="miniswhite")
    expected = 1 - SIXTEEN[:, :, 0] / 65535
    np.testing.assert_allclose(images.load(path).pixels[:, :, 0], expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_tiff_with_alpha(tmp_path, kind):
    alpha = np.full((4, 5, 1), 0.5)
    colour = RAMP * alpha if kind == "assocalpha" else RAMP
    values = np.concatenate([colour, alpha], axis=2).astype(np.float32)
    path = write_tiff(tmp_path / "a.tif", values, photometric="rgb", extrasamples=[kind])
    np.testing.assert_allclose(images.load(path).pixels, RAMP * 0.5 + 0.5, atol=1e-6)


def test_tiff_channels_beyond_colour_are_dropped(tmp_path):
    values = np.concatenate([SIXTEEN, SIXTEEN[:, :, :2]], axis=2)
    path = write_tiff(
        tmp_path / "a.tif", values, photometric="rgb", planarconfig="contig", extrasamples=[0, 0]
    )
    picture = images.load(path)
    assert picture.notes == ("2 extra channels dropped",)
    np.testing.assert_allclose(picture.pixels, SIXTEEN / 65535, atol=1e-6)


def test_tiff_in_cmyk_of_16_bits_is_refused(tmp_path):
    values = np.concatenate([SIXTEEN, SIXTEEN[:, :, :1]], axis=2)
    path = write_tiff(tmp_path / "a.tif", values, photometric="separated")
    assert "expected one grey or RGB picture, got SEPARATED" in refusal(path)


def test_16_bit_grey(tmp_path):
    for name in ("grey.png", "grey.tif", "grey.pgm"):
        Image.fromarray(SIXTEEN[:, :, 0]).save(tmp_path / name)
        picture = images.load(tmp_path / name)
        np.testing.assert_allclose(picture.pixels[:, :, 0], SIXTEEN[:, :, 0] / 65535, atol=1e-6)


def test_cmyk(tmp_path):
    path = tmp_path / "print.jpg"
    Image.fromarray(np.full((8, 8, 3), (200, 30, 90), np.uint8)).convert("CMYK").save(
        path, quality=95
    )
    picture = images.load(path)
    assert picture.notes == ("converted from CMYK to RGB",)
    assert picture.pixels.shape == (8, 8, 3)
    np.testing.assert_allclose(picture.pixels[4, 4] * 255, (200, 30, 90), atol=6)


def test_a_palette(tmp_path):
    path = tmp_path / "palette.png"
    Image.fromarray(EIGHT).quantize(60).save(path)
    picture = images.load(path)
    assert picture.notes == ()
    np.testing.assert_allclose(picture.pixels, EIGHT / 255, atol=0.05)


def test_a_palette_with_transparency(tmp_path):
    path = tmp_path / "palette.png"
    indices = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), mode="P")
    indices.putpalette([255, 0, 0, 0, 0, 255])
    indices.save(path, transparency=bytes([255, 0]))
    picture = images.load(path)
    assert picture.notes == ("transparency composited on white",)
    np.testing.assert_array_equal(picture.pixels[0], [[1, 0, 0], [1, 1, 1]])


def test_one_bit(tmp_path):
    path = tmp_path / "bits.png"
    bits = np.array([[0, 1, 1], [1, 0, 0]], bool)
    Image.fromarray(bits).save(path)
    np.testing.assert_array_equal(images.load(path).pixels[:, :, 0], bits)


def test_an_animation_gives_its_first_frame(tmp_path):
    path = tmp_path / "moving.gif"
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    picture = images.load(path)
    assert picture.notes == ("first frame of several",)
    np.testing.assert_array_equal(picture.pixels, np.broadcast_to([1, 0, 0], (4, 6, 3)))


def test_a_stack_of_float_pages_gives_its_first(tmp_path):
    stack = np.stack([RAMP[:, :, 0], RAMP[:, :, 1]]).astype(np.float32)
    picture = images.load(write_tiff(tmp_path / "stack.tif", stack))
    assert picture.notes == ("first frame of several",)
    np.testing.assert_array_equal(picture.pixels[:, :, 0], stack[0])


# --- orientation

#: Where a camera held so puts the picture that should be seen: how the stored array was made.
STORED = {
    1: lambda seen: seen,
    2: lambda seen: seen[:, ::-1],
    3: lambda seen: seen[::-1, ::-1],
    4: lambda seen: seen[::-1],
    5: lambda seen: seen.swapaxes(0, 1),
    6: lambda seen: seen.swapaxes(0, 1)[::-1],
    7: lambda seen: seen.swapaxes(0, 1)[::-1, ::-1],
    8: lambda seen: seen.swapaxes(0, 1)[:, ::-1],
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", ["png", "tif", "16.tif"])
def test_orientation_is_applied(tmp_path, orientation, suffix):
    path = tmp_path / f"held.{suffix}"
    if suffix == "16.tif":
        seen, stored = SIXTEEN / 65535, STORED[orientation](SIXTEEN)
        tifffile.imwrite(path, stored, extratags=[(274, 3, 1, orientation, True)])
    else:
        seen, stored = EIGHT / 255, np.ascontiguousarray(STORED[orientation](EIGHT))
        exif = Image.Exif()
        exif[274] = orientation
        Image.fromarray(stored).save(path, exif=exif)
    picture = images.load(path)
    np.testing.assert_allclose(picture.pixels, seen, atol=1e-6)
    if suffix == "16.tif":
        assert len(picture.notes) == (orientation != 1)


def test_a_nonsense_orientation_is_ignored(tmp_path):
    exif = Image.Exif()
    exif[274] = 99
    Image.fromarray(EIGHT).save(tmp_path / "a.png", exif=exif)
    assert images.load(tmp_path / "a.png").pixels.shape == (4, 5, 3)


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
