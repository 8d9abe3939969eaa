"""Results that travel: packed, taken elsewhere, and refused where a stranger tampered with them."""

import io
import json
import os
import resource
import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir

from inr_experiments.checks import InputError
from inr_experiments.experiment import execute
from inr_experiments.paths import conf_dir
from inr_experiments.runs import foreign
from inr_experiments.runs import pack as packing
from inr_experiments.runs.collect import make_frame
from inr_experiments.runs.pack import pack, unpack
from inr_experiments.runs.store import Store, own_record, seed_folders, state
from tests.launching import SMOKE


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Runs of two models and two seeds, with pictures and spectra."""
    outputs = tmp_path_factory.mktemp("fitted")
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        for words in (["model=relu"], ["model=relu", "seed=1"], ["model=siren"]):
            execute(compose("config", [*SMOKE, "task.side=32", *words, f"outputs={outputs}"]))
    found = seed_folders(outputs)
    assert len(found) == 3 and all(list(folder.glob("weights/*")) for folder in found)
    return found


@pytest.fixture(scope="module")
def packed(folders, tmp_path_factory):
    (archive,) = pack(folders, tmp_path_factory.mktemp("packed") / "results.zip")
    return archive


@pytest.fixture
def copies(folders, tmp_path):
    """The runs again, to be meddled with."""
    shutil.copytree(folders[0].parents[1], tmp_path / "copy/runs")
    return seed_folders(tmp_path / "copy")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but locks, by name."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def members(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def write(path: Path, entries: dict) -> Path:
    """An archive of entries by name; those with a `ZipInfo` for a name are as that says."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        for name, content in entries.items():
            whole.writestr(name, content)
    return path


def test_packed_runs_make_the_same_frame_elsewhere(folders, packed, outputs):
    done = unpack([packed], outputs)
    assert done.taken == seed_folders(outputs) and len(done.taken) == 3 and not done.there
    here, there = make_frame("mine", folders), make_frame("mine", done.taken)
    pd.testing.assert_frame_equal(here.runs, there.runs)
    pd.testing.assert_frame_equal(here.steps, there.steps)
    assert here.arrays and list(here.arrays) == list(there.arrays)
    assert all((here.arrays[key] == there.arrays[key]).all() for key in here.arrays)


def test_all_but_the_weights_travels_and_everyone_may_read_it(folders, packed, outputs):
    for folder, taken in zip(folders, unpack([packed], outputs).taken, strict=True):
        kept = {n: c for n, c in contents(folder).items() if not n.startswith("weights/")}
        assert contents(taken) == kept and state(taken) == "done"
        paths = [path for path in taken.rglob("*") if path.is_file()]
        assert {p.stat().st_mode for p in paths} == {(folder / "DONE").stat().st_mode}
        assert taken.stat().st_mode == folder.stat().st_mode
    assert sorted(path.name for path in outputs.iterdir()) == ["runs"]
    assert not list((outputs / "runs").glob(".unpack*")), "nothing is left in between"


def test_what_is_there_is_left_as_it_is(packed, outputs):
    first = unpack([packed, packed], outputs)
    assert len(first.taken) == 3 and not first.there, "each once"
    (first.taken[0] / "record.json").write_text("mine")
    before = contents(outputs)
    again = unpack([packed], outputs)
    assert again.there == first.taken and not again.taken
    assert contents(outputs) == before


def test_a_run_that_is_worked_on_is_not_touched_and_a_dead_part_stays(packed, folders, outputs):
    key = folders[0].parent.name
    part = outputs / "runs" / key / "seed-001.part"
    part.mkdir(parents=True)
    (part / "error.txt").write_text("it broke")
    with Store(outputs).working(key, 0):
        done = unpack([packed], outputs)
        assert done.there == [outputs / "runs" / key / "seed-000"] and not done.there[0].exists()
    assert len(done.taken) == 2 and (part / "error.txt").read_text() == "it broke"


def test_a_folder_that_is_no_finished_run_gives_way(packed, folders, outputs):
    half = outputs.joinpath("runs", *folders[0].parts[-2:])
    half.mkdir(parents=True)
    (half / "history.csv").write_text("half a copy")
    assert half in unpack([packed], outputs).taken and state(half) == "done"


def test_one_archive_is_named_as_asked_and_several_are_numbered(folders, tmp_path, outputs):
    (one,) = pack(folders, tmp_path / "results.zip")
    assert one == tmp_path / "results.zip"
    most = one.stat().st_size - 1
    several = pack(folders, tmp_path / "few.zip", most=most)
    assert several == [tmp_path / "few-1.zip", tmp_path / "few-2.zip"]
    assert all(archive.stat().st_size <= most for archive in several)
    whole = [len(unpack([archive], outputs).taken) for archive in several]
    assert sum(whole) == 3 and 0 not in whole, "each archive stands for itself"
    assert pack(folders, tmp_path / "exact.zip", most=most + 1) == [tmp_path / "exact.zip"]
    assert not list(tmp_path.glob(".*"))


def test_no_archive_has_more_than_is_unpacked(folders, tmp_path, outputs, monkeypatch):
    files = len(members(pack(folders[:1], tmp_path / "one.zip")[0]))
    for module in (packing, foreign):
        monkeypatch.setattr(module, "MOST_MEMBERS", files + 1)
    several = pack(folders, tmp_path / "few.zip")
    assert len(several) == 3 and len(unpack(several, outputs).taken) == 3


def test_the_same_runs_are_the_same_bytes(packed, copies, tmp_path):
    for path in copies[0].rglob("*"):
        os.utime(path, (1e9, 1e9))
    (again,) = pack([*reversed(copies), copies[0]], tmp_path / "results.zip")
    assert again.read_bytes() == packed.read_bytes()


def test_what_is_not_of_a_run_stays_behind(packed, copies, tmp_path):
    (copies[0] / ".DS_Store").write_text("a file manager's")
    (copies[0] / "link.json").symlink_to("/etc/passwd")
    (again,) = pack(copies, tmp_path / "results.zip")
    assert members(again) == members(packed)


def test_a_large_run_goes_without_its_meshes(copies, tmp_path, outputs, caplog):
    noise = np.random.default_rng(0).bytes(100_000)
    for name in ("mesh.ply", "mesh.glb", "target.ply", "page.html"):
        (copies[0] / name).write_bytes(noise)
    (whole,) = pack(copies[:1], tmp_path / "whole.zip")
    names = {Path(name).name for name in members(whole)}
    assert "mesh.ply" in names and "page.html" not in names
    (light,) = pack(copies[:1], tmp_path / "light.zip", most=100_000)
    assert light.stat().st_size <= 100_000 and str(copies[0]) in caplog.text
    (taken,) = unpack([light], outputs).taken
    assert not [p for p in taken.iterdir() if p.suffix in (".ply", ".glb", ".html")]
    (copies[0] / "target.png").write_bytes(noise)
    with pytest.raises(InputError) as refused:
        pack(copies, tmp_path / "no" / "none.zip", most=100_000)
    assert str(copies[0]) in str(refused.value) and "at most 100000" in str(refused.value)
    assert not (tmp_path / "no").exists()


def test_what_cannot_be_packed_is_one_sentence(folders, packed, copies, tmp_path):
    with pytest.raises(InputError, match=r"results.tar: expected a name that ends in .zip"):
        pack(folders, tmp_path / "results.tar")
    with pytest.raises(InputError, match=r"results.zip: no finished run to pack"):
        pack([], tmp_path / "results.zip")
    (copies[0] / "DONE").unlink()
    with pytest.raises(InputError, match="seed-000: no finished run"):
        pack(copies, tmp_path / "results.zip")
    (tmp_path / "results.zip").write_text("mine")
    with pytest.raises(InputError, match=r"results.zip: is there already"):
        pack(folders, tmp_path / "results.zip")
    assert (tmp_path / "results.zip").read_text() == "mine"
    (tmp_path / "few-2.zip").write_text("mine too")
    with pytest.raises(InputError, match=r"few-2.zip: is there already"):
        pack(folders, tmp_path / "few.zip", most=packed.stat().st_size - 1)
    with pytest.raises(InputError, match=r"most=0: expected an integer"):
        pack(folders, tmp_path / "none.zip", most=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy", "few-2.zip", "results.zip"]


def test_a_full_disk_leaves_nothing_half(packed, outputs):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(InputError, match=r"results.zip: cannot be unpacked"):
            unpack([packed], outputs)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not outputs.exists()


def test_numbers_that_are_none_are_taken(packed, outputs, tmp_path):
    entries = members(packed)
    name = next(name for name in entries if name.endswith("record.json"))
    record = json.loads(entries[name])
    record["metrics"]["psnr"] = float("nan")
    archive = write(tmp_path / "x.zip", {**entries, name: json.dumps(record)})
    assert len(unpack([archive], outputs).taken) == 3


def refusal(bad: Path, good: Path, outputs: Path) -> str:
    """The sentence; nothing is taken, of the good archive neither, with runs there or without."""
    for prepared in (False, True):
        before = contents(outputs)
        with pytest.raises(InputError) as refused:
            unpack([good, bad], outputs)
        assert contents(outputs) == before
        assert outputs.exists() == prepared, "a folder that was made for it is gone"
        if not prepared:
            (outputs / "runs/other/seed-000").mkdir(parents=True)
            (outputs / "runs/other/seed-000/record.json").write_text("{}")
    assert str(refused.value).startswith(f"{bad}: ")
    assert str(refused.value).isprintable() and len(str(refused.value)) < 700
    assert ".unpack" not in str(refused.value), "the user knows no such folder"
    return str(refused.value)


NAMES = [
    *("/etc/passwd", "../evil", "C:/evil", "evil", "runs/evil", "runs/k/evil", "runs/k/seed-0/a"),
    *("runs/../runs/k/seed-000/a", "runs/k/seed-000/../../../evil", "runs/k/seed-000/./a"),
    *("runs/k/seed-000/a\\..\\b", "runs\\k\\seed-000\\a", "runs/k/seed-000/a\nb"),
    *("runs/k/seed-000/\u202egnp.a", "runs/.k/seed-000/a", "runs/k k/seed-000/a"),
    *("runs/k/seed-0000/DONE", "runs/k/seed-٠٠٠/DONE", "runs/k/seed-000.part/a"),
    *("runs/k/seed-000.lease", "runs/k/seed-000/weights/0.safetensors", "runs/k/seed-000/a.lease"),
    *("runs/k/seed-000/Weights/a", "runs/k/seed-000/a.part/b", "runs/k/seed-000/.hidden"),
    *("runs/k/seed-000/", "runs/k/seed-000//a", "runs//seed-000/a", "runs/k/.lock"),
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_are_no_file_of_a_run(packed, outputs, tmp_path, name):
    bad = write(tmp_path / "bad.zip", {**members(packed), name: b"1"})
    assert f"its member {name!r} is no file of a run" in refusal(bad, packed, outputs)


def test_a_name_cut_by_a_zero_byte(packed, outputs, tmp_path):
    bad = write(tmp_path / "bad.zip", {**members(packed), "runs/k/seed-000/a#b": b"1"})
    bad.write_bytes(bad.read_bytes().replace(b"a#b", b"a\0b"))
    assert "a\\x00b' is no file of a run" in refusal(bad, packed, outputs)


def saved(**arrays) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=True, **arrays)
    return out.getvalue()


def header(text: str) -> bytes:
    """An .npz of one array, of which there is a header and nothing else."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        whole.writestr(
            "000000/a.npy", b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text.encode()
        )
    return out.getvalue()


def changed(**values):
    return lambda old: json.dumps({**json.loads(old), **values})


OBJECTS = saved(**{"000000/a": np.array([{"run": "me"}], dtype=object)})
HUGE = header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }\n")
#: What becomes of one file of a run (None: it is left out), and what the sentence says.
CONTENTS = {
    "no DONE": ("DONE", None, "DONE is missing"),
    "no record": ("record.json", None, "record.json is missing"),
    "no history": ("history.csv", None, "history.csv"),
    "cut record": ("record.json", lambda old: old[:50], "record.json cannot be read"),
    "record of another kind": ("record.json", "[]", "record of schema"),
    "another schema": ("record.json", changed(schema=1), "record of schema"),
    "another key": ("record.json", changed(key="other"), "holds the run other"),
    "a key that paints": ("record.json", changed(key="\x1b[2J" * 999), "holds the run ?[2J"),
    "another seed": ("record.json", changed(seed=7), "seed 7"),
    "true for a seed": ("record.json", changed(seed=False), "seed=False; expected an integer"),
    "status of another kind": ("record.json", changed(status=["done"]), "status="),
    "status that paints": ("record.json", changed(status="failed: \x1b[2J"), "status="),
    "record that frames cannot read": ("record.json", changed(config={}), "cannot be read"),
    "deep record": ("record.json", "[" * 10**5, "record.json cannot be read"),
    "bytes for a record": ("record.json", b"\xff\xfe", "record.json cannot be read"),
    "broken names": ("names.json", "{", "names.json cannot be read"),
    "broken diagnostic": ("diagnostics/spectra.json", "", "spectra.json cannot be read"),
    "rows of another kind": ("diagnostics/spectra.json", '{"rows": [1]}', "cannot be read"),
    "deep surface": ("surface.json", '{"a":' * 10**5, "surface.json cannot be read"),
    "broken arrays": ("diagnostics/spectra.npz", lambda old: old[:99], "npz cannot be read"),
    "arrays that are code": ("diagnostics/spectra.npz", OBJECTS, "allow_pickle=False"),
    "slices that are code": ("slices.npz", OBJECTS, "allow_pickle=False"),
    "a huge array": ("diagnostics/spectra.npz", HUGE, "spectra.npz cannot be read"),
    "arrays of no step": ("diagnostics/spectra.npz", saved(a=np.arange(3)), "cannot be read"),
    "a file where a folder is": ("diagnostics", "", "bad.zip"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "new", "says"), CONTENTS.values(), ids=CONTENTS)
def test_runs_that_cannot_be_read(packed, folders, outputs, tmp_path, name, new, says):
    run = "/".join(("runs", *folders[0].parts[-2:]))
    entries = members(packed)
    old = entries.pop(f"{run}/{name}", b"")
    if new is not None:
        entries[f"{run}/{name}"] = new(old) if callable(new) else new
    sentence = refusal(write(tmp_path / "bad.zip", entries), packed, outputs)
    assert says in sentence
    assert run in sentence or name == "diagnostics"


def info(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    return made


MODES = [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR, stat.S_IFSOCK]


@pytest.mark.parametrize("mode", MODES)
def test_links_and_devices(packed, outputs, tmp_path, mode):
    entries = {**members(packed), info("runs/k/seed-000/a", mode | 0o777): "/etc/passwd"}
    sentence = refusal(write(tmp_path / "bad.zip", entries), packed, outputs)
    assert "'runs/k/seed-000/a' is a link or device" in sentence


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_also_in_other_letters(packed, outputs, tmp_path):
    for again in ("target.png", "Target.PNG"):
        names = (info("runs/k/seed-000/target.png"), info(f"runs/k/seed-000/{again}"))
        bad = write(tmp_path / f"{again}.zip", {**members(packed), names[0]: "1", names[1]: "2"})
        sentence = refusal(bad, packed, tmp_path / f"o-{again}")
        assert f"'runs/k/seed-000/{again}' occurs twice" in sentence


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_method(packed, outputs, tmp_path, method):
    odd = info("runs/k/seed-000/a")
    odd.compress_type = method
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as whole:
        whole.writestr(odd, b"1", method)
    assert "another way than deflate" in refusal(tmp_path / "bad.zip", packed, outputs)


def zeros(count: int) -> dict[str, bytes]:
    return {f"runs/k/seed-000/{i}": b"\0" * 10**6 for i in range(count)}


@pytest.mark.parametrize("lie", [False, True])
def test_a_bomb(packed, outputs, tmp_path, monkeypatch, lie):
    monkeypatch.setattr(foreign, "MOST_UNPACKED", 5 * 10**6)
    bad = write(tmp_path / "bad.zip", {**members(packed), **zeros(6)})
    if lie:  # every header says one byte
        size, one = (n.to_bytes(4, "little") for n in (10**6, 1))
        bad.write_bytes(bad.read_bytes().replace(size, one))
    assert bad.stat().st_size < 200_000
    sentence = refusal(bad, packed, outputs)
    assert ("runs/k/seed-000/0" if lie else "more than 5000000 bytes") in sentence


def test_a_bomb_in_arrays(packed, folders, outputs, tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "MOST_UNPACKED", 5 * 10**6)
    run = "/".join(("runs", *folders[0].parts[-2:]))
    each = saved(**{"000000/a": np.zeros(500_000)})
    bad = write(tmp_path / "one.zip", {**members(packed), f"{run}/slices.npz": each})
    assert len(unpack([bad], tmp_path / "o").taken) == 3
    extra = {f"{run}/slices.npz": each, f"{run}/more.npz": each}
    bad = write(tmp_path / "bad.zip", {**members(packed), **extra})
    assert "in all of at most 5000000 bytes" in refusal(bad, packed, outputs)


def test_a_text_too_large_to_parse(packed, outputs, tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "MOST_TEXT", 10**5)
    bad = write(tmp_path / "bad.zip", {**members(packed), "runs/k/seed-000/a.json": b" " * 10**6})
    assert "a.json' is a text of more than 100000 bytes" in refusal(bad, packed, outputs)


def test_too_much_of_anything(packed, outputs, tmp_path, monkeypatch):
    bad = write(tmp_path / "many.zip", {**members(packed), **zeros(1)})
    with monkeypatch.context() as less:
        less.setattr(foreign, "MOST_MEMBERS", len(members(packed)))
        assert "members; expected 1 to" in refusal(bad, packed, outputs)
    bad = write(tmp_path / "large.zip", {info("runs/k/seed-000/a"): np.random.bytes(10**6)})
    monkeypatch.setattr(foreign, "MOST_PACKED", 10**6)
    assert "more than 1000000 bytes" in refusal(bad, packed, tmp_path / "o")


def flipped(whole: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]


def encrypted(whole: bytes) -> bytes:
    """The flag that says so, in the archive's list."""
    at = whole.index(b"PK\x01\x02") + 8
    return whole[:at] + b"\x01" + whole[at + 1 :]


def other_list(whole: bytes) -> bytes:
    """A list that calls the first member by another name than the member itself does."""
    at = whole.index(b"PK\x01\x02")
    return whole[:at] + whole[at:].replace(b"/DONE", b"/GONE", 1)


DAMAGE = {
    "empty": lambda whole: b"",
    "text": lambda whole: b"<html>404</html>",
    "cut": lambda whole: whole[: len(whole) // 2],
    "flipped": flipped,
    "encrypted": encrypted,
    "another list": other_list,
    "nothing in it": lambda whole: b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_archives(packed, outputs, tmp_path, damage):
    bad = tmp_path / "bad.zip"
    bad.write_bytes(damage(packed.read_bytes()))
    refusal(bad, packed, outputs)


def test_any_flipped_byte_is_refused_or_does_no_harm(packed, folders, tmp_path):
    whole, outputs = packed.read_bytes(), tmp_path / "o"
    kept = {folder.parent.name + "/" + folder.name: own_record(folder) for folder in folders}
    for at in range(len(whole) - 3000, len(whole), 61):  # in the list, which no checksum guards
        (tmp_path / "x.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            done = unpack([tmp_path / "x.zip"], outputs)
        except InputError:
            assert not outputs.exists()
            continue
        for folder in done.taken:
            assert own_record(folder) == kept[f"{folder.parent.name}/{folder.name}"]
        shutil.rmtree(outputs)


def test_what_is_no_zip_file(packed, outputs, tmp_path):
    shutil.copy(packed, tmp_path / "results.tgz")
    (tmp_path / "folder.zip").mkdir()
    for name in ("results.tgz", "folder.zip", "missing.zip"):
        assert "expected a .zip file of runs" in refusal(
            tmp_path / name, packed, tmp_path / f"o{name}"
        )
