"""Archives that a stranger tampered with: each is refused in one sentence."""

import io
import json
import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.runs import foreign
from inr_experiments.runs.pack import unpack
from inr_experiments.runs.store import own_record
from tests.archives import contents, members, write


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
    "a label that is a number": (
        "record.json",
        lambda old: old.replace(b'"label": "', b'"label": 7, "no": "'),
        "label=7; expected one line",
    ),
    "an item that paints": ("names.json", '[{"item": "\\u001b[2J"}]', "expected one line"),
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
