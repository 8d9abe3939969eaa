"""`inr-download` from a server of its own: layout, second time, checks, exit codes."""

import dataclasses
import gzip
import hashlib
import io
import tarfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from inr_experiments.cli.download import main
from inr_experiments.data.download.catalogue import CATALOGUE
from inr_experiments.data.download.install import install, recorded
from inr_experiments.data.images import load as images

PLY = b"ply\nformat ascii 1.0\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """A folder of archives named and built like the real ones, with small or plain content."""
    folder = tmp_path_factory.mktemp("archives")
    photograph = io.BytesIO()
    Image.new("RGB", (1200, 1100), (10, 200, 30)).save(photograph, format="PNG")
    with zipfile.ZipFile(folder / "DIV2K_valid_HR.zip", "w") as archive:
        archive.writestr("DIV2K_valid_HR/", b"")
        for name in (*images.DIV2K, "0801"):
            archive.writestr(f"DIV2K_valid_HR/{name}.png", photograph.getvalue())
    for item in CATALOGUE:
        path = folder / item.source.name
        if item.source.name.endswith(".tar.gz"):
            with tarfile.open(path, "w:gz") as archive:
                for name in ("README", *item.files):
                    info = tarfile.TarInfo(f"top/{name}")
                    info.size = len(PLY)
                    archive.addfile(info, io.BytesIO(PLY))
        elif item.source.name.endswith(".ply.gz"):
            path.write_bytes(gzip.compress(PLY))
    savemat(folder / "thai_statue.mat", {"hypercube": np.eye(8, dtype=np.uint8)[None]})
    return folder


@pytest.fixture
def catalogue(archives, monkeypatch):
    """The real table, asked of a local server, with the hashes of what lies there."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = partial(Quiet, directory=str(archives))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        here = f"http://127.0.0.1:{server.server_port}"
        yield [local(item, archives, here) for item in CATALOGUE]
        server.shutdown()
        thread.join()


def local(item, archives, here):
    content = (archives / item.source.name).read_bytes()
    source = dataclasses.replace(
        item.source,
        url=item.source.url and f"{here}/{item.source.name}",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return dataclasses.replace(item, source=source)


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("INR_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def files(folder):
    found = (p for p in folder.rglob("*") if p.is_file() and p.name != ".lock")
    return sorted(p.relative_to(folder).as_posix() for p in found)


def code(arguments, catalogue=CATALOGUE):
    """Exit code of the command."""
    with pytest.raises(SystemExit) as left:
        main(arguments, catalogue=catalogue)
    return left.value.code


def test_div2k(catalogue, data, capsys):
    main(["div2k"], catalogue=catalogue)
    crops = sorted(f"div2k/test512/{name}.png" for name in images.DIV2K)
    assert files(data) == ["SHA256SUMS", *crops]
    picture = images.load(images.div2k("0826"))
    assert picture.pixels.shape == (512, 512, 3)
    assert "academic research only" in capsys.readouterr().out
    main(["--check"], catalogue=catalogue)
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["ok"] * 16 + ["absent"] * 7
    main(["--check", "scans", "--shape", "bunny"], catalogue=catalogue)
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["absent", "bunny;"]
    ]


def test_scans(catalogue, data, capsys):
    main(["scans"], catalogue=catalogue)
    shapes = ["armadillo", "bunny", "dragon", "happy_buddha", "lucy", "thai_statue"]
    assert files(data) == ["SHA256SUMS", *(f"meshes/{shape}.ply" for shape in shapes)]
    assert (data / "meshes" / "bunny.ply").read_bytes() == PLY


def test_downloads_side_by_side_lose_no_hash_and_make_nothing_twice(catalogue, data):
    scans = [item for item in catalogue if item.group == "scans"] * 2
    with ThreadPoolExecutor(len(scans)) as several:
        made = list(several.map(lambda item: install(item, data), scans))
    assert sum(map(bool, made)) == len(scans) // 2
    assert set(recorded(data)) == {path for item in scans for path in item.files.values()}
    assert not (data / "downloads").exists()


def test_some_scans_and_the_archive_kept(catalogue, data):
    main(["scans", "--shape", "bunny", "--shape", "armadillo", "--keep"], catalogue=catalogue)
    assert files(data) == [
        "SHA256SUMS",
        "downloads/Armadillo.ply.gz",
        "downloads/bunny.tar.gz",
        "meshes/armadillo.ply",
        "meshes/bunny.ply",
    ]


def test_thai_statue_is_put_there_by_hand(catalogue, data, archives, capsys):
    assert code(["thai_statue"], catalogue) == 2
    text = capsys.readouterr().err
    wanted = data / "downloads" / "thai_statue.mat"
    assert str(wanted) in text and "put it there" in text and catalogue[-1].source.sha256 in text
    assert text.count("\n") == 1

    wanted.parent.mkdir(parents=True)
    wanted.write_bytes(b"something else")
    assert code(["thai_statue"], catalogue) == 2
    assert "expected " + catalogue[-1].source.sha256 in capsys.readouterr().err

    wanted.write_bytes((archives / "thai_statue.mat").read_bytes())
    main(["thai_statue"], catalogue=catalogue)
    assert wanted.is_file()
    with np.load(data / "volumes" / "thai_statue.npz") as arrays:
        assert arrays["occupancy"].dtype == bool and arrays["occupancy"].sum() == 8


def test_a_second_time_nothing_is_asked_for(catalogue, data, capsys):
    main(["scans", "--shape", "lucy"], catalogue=catalogue)
    gone = [
        dataclasses.replace(item, source=dataclasses.replace(item.source, url="http://127.0.0.1:9"))
        for item in catalogue
    ]
    main(["scans", "--shape", "lucy"], catalogue=gone)
    assert "there already" in capsys.readouterr().out


def test_check_finds_what_changed_and_the_command_mends_it(catalogue, data, capsys):
    main(["div2k"], catalogue=catalogue)
    (data / "div2k" / "test512" / "0826.png").write_bytes(b"?")
    (data / "div2k" / "test512" / "0831.png").unlink()
    capsys.readouterr()
    assert code(["--check"], catalogue) == 2
    said = capsys.readouterr()
    assert "changed     div2k/test512/0826.png" in said.out
    assert "gone        div2k/test512/0831.png" in said.out
    assert "get them with: inr-download div2k" in said.out
    assert said.err.count("\n") == 1
    main(["div2k"], catalogue=catalogue)
    main(["--check"], catalogue=catalogue)


def test_check_of_nothing(data, capsys):
    main(["--check"])
    states = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert states == ["absent"] * len(CATALOGUE) and not data.exists()


def test_files_brought_by_hand_are_left_alone(catalogue, data, capsys):
    mesh = data / "meshes" / "lucy.ply"
    mesh.parent.mkdir(parents=True)
    mesh.write_bytes(b"mine")
    main(["scans", "--shape", "lucy"], catalogue=catalogue)
    main(["scans", "--check"], catalogue=catalogue)
    assert "unrecorded  meshes/lucy.ply" in capsys.readouterr().out
    assert mesh.read_bytes() == b"mine"
    main(["scans", "--shape", "lucy", "--force"], catalogue=catalogue)
    assert mesh.read_bytes() == PLY


def test_an_archive_without_the_file_makes_nothing(catalogue, data, capsys):
    item = dataclasses.replace(catalogue[2], files={"lacking.ply": "meshes/bunny.ply"})
    assert code(["scans", "--shape", "bunny"], [item]) == 2
    assert "expected it to hold lacking.ply" in capsys.readouterr().err
    assert files(data) == ["downloads/bunny.tar.gz"]


def test_an_archive_that_unpacks_to_too_much_makes_nothing(catalogue, data, capsys):
    item = dataclasses.replace(catalogue[2], unpacked=3)
    assert code(["scans", "--shape", "bunny"], [item]) == 2
    assert "more than 3 bytes" in capsys.readouterr().err
    assert files(data) == ["downloads/bunny.tar.gz"]


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "expected at least one of div2k, scans, thai_statue"),
        (["div2"], "did you mean 'div2k'?"),
        (["scans", "--shape", "dragoon"], "did you mean 'dragon'?"),
        (["div2k", "--shape", "dragon"], "expected only with scans"),
    ],
)
def test_what_is_not_understood(data, capsys, arguments, said):
    assert code(arguments) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_full_disk(catalogue, data, capsys, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 0})())
    assert code(["div2k"], catalogue) == 2
    assert "0.00 GB free; expected at least" in capsys.readouterr().err
    assert files(data) == []


def test_a_missing_archive(catalogue, data, capsys):
    source = dataclasses.replace(catalogue[0].source, url=catalogue[0].source.url + "x")
    assert code(["div2k"], [dataclasses.replace(catalogue[0], source=source)]) == 2
    assert "404" in capsys.readouterr().err


def test_the_table():
    """Every item has a whole hash, an address by https, and files that no other item makes."""
    made = [path for item in CATALOGUE for path in item.files.values()]
    assert len(made) == len(set(made)) == 16 + 6 + 1
    for item in CATALOGUE:
        assert len(bytes.fromhex(item.source.sha256)) == 32
        assert item.source.url is None or item.source.url.startswith("https://")
        assert item.source.url is None or item.source.url.endswith("/" + item.source.name)
