"""Pixels that broken, large or odd surroundings must not decide over."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from inr_experiments.checks import InputError
from inr_experiments.data.images.load import load
from inr_experiments.data.images.metadata import without_metadata

PIXELS = (np.arange(20 * 30 * 3).reshape(20, 30, 3) % 251).astype(np.uint8)
#: EXIF whose directory begins where it cannot.
GARBAGE = b"Exif\0\0II*\0\xff\xff\xff\x7f" + bytes(range(64))
LEFT_OUT = "metadata left out, as they cannot be read"


def encoded(kind: str, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, kind, **options)
    return out.getvalue()


def read(folder, name: str, content: bytes):
    path = folder / name
    path.write_bytes(content)
    return load(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [GARBAGE, b"Exif\0\0garbage!", b"Exif\0\0II*\0"])
def test_a_broken_exif_does_not_decide_over_pixels(tmp_path, kind, exif):
    options = {"lossless": True} if kind == "WEBP" else {}
    plain = read(tmp_path, f"a.{kind}", encoded(kind, **options)).pixels
    found = read(tmp_path, f"b.{kind}", encoded(kind, exif=exif, **options))
    assert np.array_equal(found.pixels, plain)
    assert set(found.notes) <= {LEFT_OUT, "metadata but EXIF left out, as they cannot be read"}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(70 * 2**20))),
        chunk(b"iCCP", b"profile\0\0" + b"no deflate"),
        chunk(b"tEXt", b"k\0v")[:-4] + b"\0\0\0\0",
        chunk(b"gAMA", b""),
    ],
)
def test_png_chunks_that_are_no_pixels_may_be_anything(tmp_path, extra):
    whole = encoded("PNG")
    found = read(tmp_path, "a.png", whole[:33] + extra + whole[33:])
    assert np.array_equal(found.pixels, PIXELS.astype(np.float32) / 255)


def test_a_bad_chunk_does_not_turn_a_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = encoded("PNG", exif=exif.tobytes())
    expected = read(tmp_path, "a.png", whole).pixels
    assert expected.shape == (30, 20, 3)
    bad = chunk(b"tEXt", b"k\0v")[:-4] + b"\0\0\0\0"
    for extra in (bad, chunk(b"pHYs", b"x")):
        found = read(tmp_path, "b.png", whole[:33] + extra + whole[33:])
        assert np.array_equal(found.pixels, expected)


def test_what_is_cut_off_stays_refused(tmp_path):
    for kind in ("PNG", "JPEG"):
        with pytest.raises(InputError):
            read(tmp_path, f"a.{kind}", encoded(kind, exif=GARBAGE)[:-400])


def test_stripping_keeps_what_is_pixels(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("k", "v" * 1000)
    for kind, options in {
        "PNG": {"pnginfo": text, "icc_profile": b"x" * 200},
        "JPEG": {"exif": GARBAGE, "comment": b"hello", "icc_profile": b"x" * 200},
        "WEBP": {"exif": GARBAGE, "lossless": True, "icc_profile": b"x" * 201},
    }.items():
        whole = encoded(kind, **options)
        bare = without_metadata(whole, exif=False)
        assert len(bare) < len(whole) - 200
        with Image.open(io.BytesIO(bare)) as a, Image.open(io.BytesIO(whole)) as b:
            assert np.array_equal(np.asarray(a), np.asarray(b))
    assert without_metadata(b"GIF89a...", exif=True) == b"GIF89a..."


def grey(width: int, height: int, kind=np.uint8) -> np.ndarray:
    return (np.arange(width * height).reshape(height, width) % 200 + 20).astype(kind)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("within", [True, False])
def test_behind_a_thumbnail_the_picture_is_taken(tmp_path, kind, within):
    path, whole = tmp_path / "a.tif", grey(64, 48, kind)
    with tifffile.TiffWriter(path) as file:
        file.write(grey(16, 12), subfiletype=1, subifds=1 if within else 0)
        file.write(whole, subfiletype=0)
    found = load(path)
    assert np.array_equal(found.pixels[:, :, 0], whole / np.float32(np.iinfo(kind).max))
    assert found.notes[0] == "a smaller picture comes first (16×12); the largest is taken"


def test_a_cameras_raw_behind_a_thumbnail_is_refused_by_name(tmp_path):
    path = tmp_path / "a.dng"
    with tifffile.TiffWriter(path) as file:
        file.write(grey(16, 12), subfiletype=1, subifds=1)
        file.write(grey(64, 48, np.uint16), photometric="CFA", subfiletype=0)
    with pytest.raises(InputError, match="expected one grey or RGB picture, got CFA"):
        load(path)


def test_a_stack_of_one_size_gives_its_first_page(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([grey(30, 20), grey(30, 20) + 1]))
    found = load(tmp_path / "a.tif")
    assert found.pixels[0, 0, 0] == np.float32(20 / 255) and found.notes == (
        "first frame of several",
    )


@pytest.mark.parametrize(
    ("top", "said"), [(4095, True), (8191, True), (8192, False), (65535, False)]
)
def test_16_bits_that_end_far_below_the_maximum_are_told(tmp_path, top, said):
    values = np.linspace(0, top, 600).reshape(20, 30).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "b.tif", np.stack([values] * 3, axis=2), photometric="rgb")
    for name in ("a.png", "b.tif"):
        found = load(tmp_path / name)
        assert any(f"end at {top} of 65535" in note for note in found.notes) == said
        assert found.pixels.max() == np.float32(top / 65535), "nothing is stretched"


KINDS = {
    "png": encoded("PNG", exif=GARBAGE),
    "jpg": encoded("JPEG", exif=GARBAGE, icc_profile=b"x" * 50),
    "webp": encoded("WEBP", exif=GARBAGE),
    "gif": encoded("GIF"),
    "bmp": encoded("BMP"),
    "tif": encoded("TIFF"),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_picture_cut_or_changed_anywhere_is_read_or_refused(tmp_path_factory, kind, data):
    content = bytearray(KINDS[kind])
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    content += data.draw(st.binary(max_size=8))
    try:
        found = read(tmp_path_factory.mktemp("fuzz"), f"a.{kind}", bytes(content))
    except InputError as error:
        assert f"a.{kind}" in str(error) and "\n" not in str(error)
    else:
        assert found.pixels.min() >= 0 and found.pixels.max() <= 1
