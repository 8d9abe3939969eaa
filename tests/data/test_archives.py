"""Archives made by somebody who means harm, or by a disk that was full."""

import gzip
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from inr_experiments.checks import InputError
from inr_experiments.data.download import archives
from inr_experiments.data.download.archives import extract
from tests.archives import write as make_zip

LIMIT = 1_000_000


def make_tar(path: Path, members: dict[str, bytes], **odd) -> Path:
    """A .tar.gz; `odd` are fields of its last member, such as its type."""
    with tarfile.open(path, "w:gz") as archive:
        for index, (name, content) in enumerate(members.items()):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if index == len(members) - 1:
                for field, value in odd.items():
                    setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return path


MAKE = {"zip": make_zip, "tar.gz": make_tar, "tgz": make_tar}


def refusal(archive: Path, **options) -> str:
    """The sentence; nothing may be left, beside the folder neither."""
    before = set(archive.parent.rglob("*"))
    with pytest.raises(InputError) as refused:
        extract(archive, archive.parent / "out", **{"limit": LIMIT, **options})
    assert set(archive.parent.rglob("*")) == before
    assert str(archive) in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("suffix", MAKE)
def test_all_members_are_unpacked(tmp_path, suffix):
    members = {"a/b/one.txt": b"1", "./two.txt": b"22", "empty": b""}
    files = extract(MAKE[suffix](tmp_path / f"x.{suffix}", members), tmp_path / "out", limit=LIMIT)
    assert [file.relative_to(tmp_path / "out").as_posix() for file in files] == [
        "a/b/one.txt",
        "two.txt",
        "empty",
    ]
    assert [file.read_bytes() for file in files] == [b"1", b"22", b""]


@pytest.mark.parametrize("suffix", MAKE)
def test_only_what_is_wanted(tmp_path, suffix):
    archive = MAKE[suffix](tmp_path / f"x.{suffix}", {"a/one": b"1", "a/two": b"2" * LIMIT})
    files = extract(archive, tmp_path / "out", limit=1, wanted=["one"])
    assert files == [tmp_path / "out" / "a" / "one"]


def test_a_plain_gz(tmp_path):
    (tmp_path / "Scan.ply.gz").write_bytes(gzip.compress(b"ply"))
    (file,) = extract(tmp_path / "Scan.ply.gz", tmp_path / "out", limit=3)
    assert (file.name, file.read_bytes()) == ("Scan.ply", b"ply")


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
@pytest.mark.parametrize(
    "name",
    [
        *("../evil", "a/../../evil", "/tmp/evil", "//host/share/evil", "a/.."),
        *("..\\evil", "a\\..\\..\\evil", "C:\\evil", "C:evil", "\\evil"),
    ],
)
def test_names_that_lead_out(tmp_path, suffix, name):
    archive = MAKE[suffix](tmp_path / f"x.{suffix}", {"good": b"1", name: b"2"})
    assert "leads out of the folder" in refusal(archive)
    assert "leads out of the folder" in refusal(archive, wanted=["good"])


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar(tmp_path, kind):
    archive = make_tar(
        tmp_path / "x.tar.gz", {"good": b"1", "link": b""}, type=kind, linkname="/etc/passwd"
    )
    assert "'link' is a link or device" in refusal(archive)


def test_a_link_in_a_zip(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("good", b"1")
        archive.writestr(info, "/etc/passwd")
    assert "'link' is a link or device" in refusal(tmp_path / "x.zip")


def test_writing_through_a_link_of_the_same_archive(tmp_path):
    """A folder that is a link to elsewhere, and then a file in it."""
    archive = make_tar(tmp_path / "x.tar.gz", {"good": b"1", "d": b""}, type=tarfile.SYMTYPE)
    with tarfile.open(archive, "w:gz") as whole:
        link = tarfile.TarInfo("d")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        whole.addfile(link)
        info = tarfile.TarInfo("d/evil")
        info.size = 1
        whole.addfile(info, io.BytesIO(b"1"))
    refusal(archive)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "gz"])
def test_a_bomb(tmp_path, suffix):
    path, content = tmp_path / f"bomb.{suffix}", b"\0" * (LIMIT + 1)
    if suffix == "gz":
        path.write_bytes(gzip.compress(content))
    else:
        MAKE[suffix](path, {"zeros": content})
    assert path.stat().st_size < LIMIT / 100
    assert f"more than {LIMIT} bytes" in refusal(path)


def test_a_bomb_of_many_members(tmp_path):
    archive = make_zip(tmp_path / "x.zip", {f"{i}": b"\0" * (LIMIT // 10) for i in range(11)})
    assert f"more than {LIMIT} bytes" in refusal(archive)


def test_a_zip_whose_header_lies_about_the_size(tmp_path):
    """The header of ten times the limit says one byte: the count of what comes out decides."""
    path = make_zip(tmp_path / "x.zip", {"zeros": b"\0" * 10 * LIMIT})
    whole = path.read_bytes()
    path.write_bytes(whole.replace((10 * LIMIT).to_bytes(4, "little"), (1).to_bytes(4, "little")))
    refusal(path)


def test_a_gz_whose_trailer_lies_about_the_size(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"\0" * 10 * LIMIT)[:-4] + (1).to_bytes(4, "little"))
    assert f"more than {LIMIT} bytes" in refusal(path)


def test_too_many_members(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 5)
    archive = make_zip(tmp_path / "x.zip", {f"{i}": b"" for i in range(6)})
    assert "more than 5 members" in refusal(archive)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("one", b"1")
        archive.writestr("one", b"2")
    assert "'one' occurs twice" in refusal(tmp_path / "x.zip")


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "gz"])
@pytest.mark.parametrize("damage", ["cut", "text", "empty", "flipped"])
def test_damaged(tmp_path, suffix, damage):
    path, content = tmp_path / f"x.{suffix}", bytes(range(256)) * 100
    if suffix == "gz":
        path.write_bytes(gzip.compress(content))
    else:
        MAKE[suffix](path, {"one": content})
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]
    path.write_bytes({"cut": whole[:middle], "text": b"<html>", "empty": b""}.get(damage, flipped))
    if (suffix, damage) == ("gz", "empty"):  # what gzip itself makes of no bytes
        assert extract(path, tmp_path / "out", limit=LIMIT)[0].read_bytes() == b""
    else:
        refusal(path)


def test_another_suffix(tmp_path):
    (tmp_path / "x.rar").write_bytes(b"Rar!")
    assert "expected a .zip, .tar.gz, .tgz or .gz file" in refusal(tmp_path / "x.rar")


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(InputError, match="File exists"):
        extract(make_zip(tmp_path / "x.zip", {"a": b""}), tmp_path / "out", limit=LIMIT)
    assert (tmp_path / "out" / "mine").exists()
