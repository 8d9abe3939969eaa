"""A sweep as a user follows it: what it says, what it leaves, what becomes of a failure."""

import re
import subprocess

import pytest

from inr_experiments.data.images import load as images
from inr_experiments.reporting.comparison import compare_rows
from inr_experiments.runs.frame import read_frame
from inr_experiments.runs.lease import Lease
from inr_experiments.sweep import launchers
from inr_experiments.sweep.cells import find_cells
from inr_experiments.sweep.job import Result
from tests.launching import SMOKE, command, inr, records

QUICK = (*SMOKE, "diagnostic=none", "outputs=o")


def test_a_sweep_says_what_it_does_and_ends_in_a_table(tmp_path):
    words = ("-m", *QUICK, "model=relu,pe", "task.image=coffee,rocket", "seed=0,1")
    done = inr(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    assert re.fullmatch(r"8 cells, 0 done, 8 to do, about \d+ s", first)
    told = [line for line in lines if re.match(r"\d of 8, about \d+ s left: ", line)]
    assert [line.split()[0] for line in told] == list("12345678")
    assert "seed=1 task.image=rocket model=pe: psnr " in told[-1]
    assert "HYDRA" not in done.stdout and "resized to 64×43" in done.stdout
    values = {
        name: [
            sum(r["metrics"]["psnr"] for r in records(tmp_path)
                if (r["config"]["model"]["name"], r["item"]) == (name, item)) / 2
            for item in ("coffee", "rocket")
        ]
        for name in ("relu", "pe")
    }  # fmt: skip
    (row,) = (line for line in lines if line.startswith("PE "))
    gains = [pe - relu for pe, relu in zip(values["pe"], values["relu"], strict=True)]
    assert f"{sum(values['pe']) / 2:.2f} ± " in row and f"{sum(gains) / 2:+.2f}" in row
    assert "against ReLU (default)" in done.stdout

    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = inr(*words, cwd=tmp_path)
    assert again.stdout.splitlines()[0] == "8 cells, all done" and row in again.stdout
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == stamps
    reader = subprocess.Popen(
        command("--outputs", "o", module="table"), cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    reader.stdout.close()  # as `| head` does, which has read enough
    assert reader.stderr.read() == "" and reader.wait(timeout=60) == 1
    more = inr(*words[:-1], "seed=0,1,2", cwd=tmp_path)
    assert more.stdout.startswith("12 cells, 8 done, 4 to do")
    assert len(records(tmp_path)) == 12


#: Where Hydra is told to put what it writes of a sweep.
LAYOUTS = {
    "nested": (
        "hydra.sweep.dir=here/${now:%Y}/${now:%H-%M-%S-%f}/x",
        *("hydra.sweep.subdir=a/b", "hydra.job.chdir=true"),
    ),
    "fixed": ("hydra.sweep.dir=fixed", "hydra.sweep.subdir=all"),
    "no_number": ("hydra.sweep.dir=named", "hydra.sweep.subdir=${hydra.job.override_dirname}"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_bad_picture_fails_alone_wherever_jobs_are_put(tmp_path, layout):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("coffee", "rocket"):
        (folder / f"{name}.png").write_bytes(images.bundled(name).read_bytes())
    (folder / "bad.png").write_bytes(b"no picture")
    words = ("-m", *QUICK, "task.path=photos", *LAYOUTS[layout])
    done = inr(*words, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    head, line = done.stderr.strip().splitlines()[-2:]
    assert "1 of 3 runs failed, the others are done:" in head
    assert line.startswith("  task.path=photos/bad.png: ")
    assert {record["item"] for record in records(tmp_path)} == {"coffee", "rocket"}
    if layout == "fixed":  # where an old failure lies
        (folder / "bad.png").unlink()
        good = inr(*words, cwd=tmp_path)
        assert good.returncode == 0 and good.stdout.startswith("2 cells, all done"), good.stderr


def test_equal_names_and_equal_bytes(tmp_path, monkeypatch):
    for folder, source in (("a", "coffee"), ("b", "rocket"), ("c", "coffee")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(images.bundled(source).read_bytes())
    words = ("-m", *QUICK, "task.path=*/1.png", "model=relu,pe", "hydra.job.chdir=true")
    done = inr(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(records(tmp_path)) == 4, "a and c are one run"
    assert "c/1.png holds the same bytes as a/1.png: one run" in done.stdout
    (tmp_path / "elsewhere").mkdir()
    collected = inr("--outputs", "../o", cwd=tmp_path / "elsewhere", module="collect")
    assert collected.returncode == 0, collected.stderr
    frame = read_frame(tmp_path / "o/frames/all")
    assert sorted(frame.runs["item"]) == ["a/1 = c/1"] * 2 + ["b/1"] * 2
    table = inr(*words[:-1], cwd=tmp_path, module="table").stdout
    assert re.search(r"^PE +2 ", table, re.MULTILINE), "two pictures, however often they lie there"
    two = inr("task.path=a/1.png,b/1.png", *QUICK, "model=relu,pe", cwd=tmp_path, module="table")
    assert re.search(r"^PE +2 ", two.stdout, re.MULTILINE), two.stdout


def test_a_killed_process_fails_its_run_alone(tmp_path, monkeypatch):
    killed, do = Result("its process was killed", failed=True), launchers.run_task

    def run_task(number, words, *rest):
        return killed if "fit.steps=5" in words else do(number, words, *rest)

    monkeypatch.setattr(launchers, "run_task", run_task)
    done = inr("-m", *QUICK, "fit.steps=5,4", cwd=tmp_path)
    assert done.returncode == 1
    head, line = done.stderr.strip().splitlines()[-2:]
    assert "1 of 2 runs failed, the other is done" in head
    assert line == "  fit.steps=5: its process was killed"
    assert [record["status"] for record in records(tmp_path)] == ["done"]


def test_commands_look_where_the_overrides_say(tmp_path, monkeypatch):
    words = (*SMOKE, "diagnostic=none", "model=relu,pe", "seed=0", "fit.lr=1e-3,1e30")
    done = inr("-m", *words, "outputs=my o", cwd=tmp_path)
    assert done.returncode == 1 and "2 of 4 runs failed, the others are done" in done.stderr
    monkeypatch.setenv("PLACE", "my o")
    for place in ("outputs=my o", "outputs=${oc.env:PLACE}", '++outputs="my o"'):
        assert re.search(r"^PE ", inr(place, cwd=tmp_path, module="table").stdout, re.MULTILINE)
        found = inr(*words[:-1], "fit.lr=1e-3", place, cwd=tmp_path, module="collect")
        assert found.stdout.endswith("my o/frames/chosen\n") and not found.stderr, found
    more = [word.replace("diagnostic=none", "diagnostic=spectra") for word in words[:-1]]
    found = inr(*more, "fit.lr=1e-3", "outputs=my o", cwd=tmp_path, module="collect")
    assert "2 of 2 runs lack diagnostics that are asked for; measure them with: inr" in found.stderr
    some = inr(*words, "task.path=a b.png", "outputs=my o", cwd=tmp_path, module="table")
    assert some.returncode == 2 and "a b.png: no such file" in some.stderr
    lacking = inr(*words, "outputs=my o", cwd=tmp_path, module="collect")
    assert lacking.returncode == 2 and "2 of 4 runs are not done" in lacking.stderr
    assert lacking.stderr.endswith("'outputs=my o', with force=true for the 2 that failed\n")
    both = inr("outputs=my o", "--pack", "x.zip", "--wandb", cwd=tmp_path, module="collect")
    assert both.returncode == 2 and "--pack: expected alone" in both.stderr
    again = inr("outputs=my o", "--pack", "x.zip", cwd=tmp_path, module="collect")
    assert again.returncode == 0
    taken = inr("--unpack", "x.zip", "--outputs", "new", cwd=tmp_path, module="collect")
    assert taken.stdout == "2 taken, 0 already there\n"
    typo = inr("--outputs", "mi o", cwd=tmp_path, module="collect")
    assert typo.returncode == 2 and "mi o: no finished run" in typo.stderr
    assert not (tmp_path / "mi o").exists()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"my o", "x.zip", "new"}, "nothing lies in a folder by a wrong name"


def test_what_another_worker_does_is_not_called_done(tmp_path):
    words = ("-m", *QUICK, "model=relu,pe")
    (cell,) = find_cells([*QUICK, "model=pe"], outputs=tmp_path / "o")
    lease = cell.folder.with_name(f"{cell.folder.name}.lease")
    lease.parent.mkdir(parents=True)
    held = Lease.take(lease)
    done = inr(*words, cwd=tmp_path)
    assert done.returncode == 0 and "another worker is on it" in done.stdout
    assert "1 of 2 runs are with another worker; once they are done" in done.stdout
    held.release()


def test_cells_that_are_one_run_are_said_to_be(tmp_path):
    cells = find_cells([*QUICK, "model=relu", "model.label=a,b"], outputs=tmp_path)
    assert [cell.note for cell in cells] == ["", "model.label=b and model.label=a are one run"]
    assert cells[0].folder == cells[1].folder


def test_a_run_is_told_by_the_value_that_a_sweep_refers_to(tmp_path):
    words = ("experiment=budget", "scale=smoke", "items=1", "model=siren", "fit.lr=1e-3")
    named = [cell.name for cell in find_cells(words, outputs=tmp_path)]
    assert named == ["model.width=4", "model.width=9", "model.width=16"]
    added = ("model=rank_expanding", "+model.inlet_init.points=${model.width}")
    (cell,) = find_cells(added, outputs=tmp_path)
    assert cell.name == "model=rank_expanding +model.inlet_init.points=144"


def test_a_wrong_name_is_refused_before_anything_runs(tmp_path):
    done = inr("-m", *QUICK, "model=relu,sirn", cwd=tmp_path)
    assert done.returncode == 2 and "did you mean 'siren'?" in done.stderr
    assert not (tmp_path / "o/runs").exists()


def test_every_command_takes_what_inr_takes(tmp_path, monkeypatch):
    (tmp_path / "my conf/model").mkdir(parents=True)
    (tmp_path / "my conf/model/mine.yaml").write_text("defaults: [relu, _self_]\nname: mine\n")
    pictures = tmp_path / "my pictures [1]"
    pictures.mkdir()
    for name in ("coffee", "rocket"):
        (pictures / f"{name}.png").write_bytes(images.bundled(name).read_bytes())
    env = {"PICTURES": str(pictures)}
    words = (*QUICK, "model=glob([mine,pe])", "task.path=${oc.env:PICTURES}/*.png", "seed=range(2)")
    conf = ("--config-dir", "my conf")
    done = inr("-m", *conf, *words, cwd=tmp_path, env=env)
    assert done.returncode == 0 and done.stdout.startswith("8 cells, 0 done"), done.stderr
    path = f"file://{tmp_path}/my conf"
    for given in (conf, (f"hydra.searchpath=['{path}']",)):
        words = words if given == conf else [w.replace("glob([mine,pe])", "mine,pe") for w in words]
        if given != conf:
            again = inr("-m", *given, *words, cwd=tmp_path, env=env)
            assert again.stdout.startswith("8 cells, all done"), again.stderr
        monkeypatch.setenv("PICTURES", str(pictures))
        for module, expected in (
            ("collect", "^8 done$"), ("plan", r"^total +8 +8 +0\.0$"), ("table", "^mine +2 ")
        ):  # fmt: skip
            answer = inr(*given, *words, cwd=tmp_path, module=module)
            assert re.search(expected, answer.stdout, re.MULTILINE), (module, answer)


def test_the_table_answers_whether_a_row_is_better(tmp_path):
    words = ("-m", *QUICK, "model=relu,siren,pe", "task.image=coffee,rocket,chelsea")
    assert inr(*words, cwd=tmp_path).returncode == 0
    text = inr("--outputs", "o", "--metrics", "psnr,ssim", cwd=tmp_path, module="table")
    rows = re.findall(r"^(psnr \(dB\)|ssim) +(\w+)", text.stdout, re.MULTILINE)
    assert len(rows) == 8 and rows[-2:] == [("ssim", "bilinear"), ("ssim", "bicubic")], text
    csv = inr(
        "--outputs", "o", "--format", "csv", "--against", "SIREN", cwd=tmp_path, module="table"
    )
    rows = [line.split(",") for line in csv.stdout.splitlines()]
    inr("--outputs", "o", cwd=tmp_path, module="collect")
    compared = compare_rows(read_frame(tmp_path / "o/frames/all"), reference="SIREN")
    by_name = {row.name: row for row in compared.rows}
    assert [cells[1] for cells in rows[1:]] == ["ReLU (default)", "PE", "SIREN"]
    for cells in rows[1:]:
        named = dict(zip(rows[0], cells, strict=True))
        row = by_name[named["model"]]
        assert float(named["mean"]) == pytest.approx(row.mean.mean)
        gain = row.against.mean if row.against else None
        assert (float(named["difference"]) if named["difference"] else None) == pytest.approx(gain)
    wrong = inr("--outputs", "o", "--against", "SIRN", cwd=tmp_path, module="table")
    assert wrong.returncode == 2 and "did you mean 'SIREN'?" in wrong.stderr
    none = inr("--outputs", "elsewhere", cwd=tmp_path, module="table")
    assert none.returncode == 2 and "no finished run" in none.stderr
    part = inr(*words, "seed=0,1", cwd=tmp_path, module="table")
    assert part.returncode == 0 and "9 of 18 runs are not done" in part.stderr


def test_a_terminal_that_is_not_utf8_gets_plain_text(tmp_path):
    (tmp_path / "Fjällräven σ.png").write_bytes(images.bundled("coffee").read_bytes())
    files = "task.path=Fjällräven σ.png,größe σ.png"
    words = ("-m", *SMOKE, "outputs=o", files, "model=relu,siren")
    done = inr(*words, cwd=tmp_path, encoding="ascii")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    for expected in ("effective rank of Z0", "->", "+-", "groesse sigma.png: no such file"):
        assert expected in said, said


def test_what_a_terminal_lacks_is_written_plainly():
    assert "größe → σ ±".encode("latin-1", errors="inr_plain").decode("latin-1") == (
        "größe -> sigma ±"
    )
    assert "é Ü".encode("ascii", errors="inr_plain") == b"e Ue"
    assert "写 \udcff Z₀".encode("ascii", errors="inr_plain") == b"? ? Z0"
