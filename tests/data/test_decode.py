"""What values, colours and orientation of a picture file become."""

import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from inr_experiments.data.images import load as images
from tests.pictures import EIGHT, RAMP, SIXTEEN, block, refusal, write_png, write_tiff

# --- values


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


@pytest.mark.parametrize(("bits", "shown"), [(2, 85), (4, 17)])
def test_a_transparent_grey_of_few_bits(tmp_path, bits, shown):
    rows = np.array([[1, 2, 3, 0]] * 4, dtype=np.uint8)
    packed = b"".join(
        b"\0" + bytes(int("".join(f"{v:0{bits}b}" for v in row), 2).to_bytes(bits // 2, "big"))
        for row in rows
    )
    header = struct.pack(">IIBBBBB", 4, 4, bits, 0, 0, 0, 0)
    path = tmp_path / "a.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + block(b"IHDR", header) + block(b"tRNS", b"\0\1")
        + block(b"IDAT", zlib.compress(packed)) + block(b"IEND", b"")
    )  # fmt: skip
    picture = images.load(path)
    assert picture.notes == ("transparency composited on white",)
    assert picture.pixels[0, :, 0] * 255 == pytest.approx([255, 2 * shown, 3 * shown, 0], abs=0.01)


def test_sixteen_bits_of_a_ppm_are_said_to_be_lost(tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6\n4 4\n65535\n" + np.arange(48, dtype=">u2").tobytes())
    assert images.load(path).notes == ("16-bit colour read at 8 bits",)


def test_a_grey_gif_with_a_transparent_level(tmp_path):
    path = tmp_path / "grey.gif"
    Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8), mode="L").save(path, transparency=1)
    picture = images.load(path)
    assert picture.notes == ("transparency composited on white",)
    assert picture.pixels[0, :, 0] * 255 == pytest.approx([0, 255])


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
    assert len(picture.notes) == (orientation != 1)


def test_a_nonsense_orientation_is_ignored(tmp_path):
    exif = Image.Exif()
    exif[274] = 99
    Image.fromarray(EIGHT).save(tmp_path / "a.png", exif=exif)
    assert images.load(tmp_path / "a.png").pixels.shape == (4, 5, 3)
