"""Where runs go: keys, servers and W&B's own variables, decided within seconds."""

import json
import os
import shutil
import socket
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inr_experiments.checks import InputError
from inr_experiments.experiment import execute
from inr_experiments.tracking import destination as places
from inr_experiments.tracking.destination import asked_mode, destination, has_key, unreachable
from inr_experiments.tracking.wandb_mirror import WandbMirror
from tests.fields import cfg_of


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("WANDB_") and name != "WANDB_SERVICE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    places._given_up.clear()
    destination.cache_clear()
    yield
    destination.cache_clear()


@pytest.mark.parametrize(
    ("mode", "environment", "expected"),
    [
        ("auto", {}, "auto"),
        ("auto", {"WANDB_MODE": "dryrun"}, "offline"),
        ("auto", {"WANDB_MODE": "run"}, "online"),
        ("offline", {"WANDB_MODE": "online"}, "offline"),
        ("online", {"WANDB_MODE": "disabled"}, "disabled"),
        ("online", {"WANDB_DISABLED": "true"}, "disabled"),
        ("auto", {"WANDB_DISABLED": "False", "WANDB_MODE": "offline"}, "offline"),
        ("disabled", {}, "disabled"),
    ],
)
def test_what_is_switched_off_stays_off(mode, environment, expected):
    assert asked_mode(mode, environment) == expected


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"WANDB_MODE": "shared"}, "WANDB_MODE='shared': expected online, offline or disabled"),
        ({"WANDB_DISABLED": "maybe"}, "WANDB_DISABLED='maybe': expected true or false"),
    ],
)
def test_a_variable_that_is_not_understood_is_refused_by_name(environment, says):
    with pytest.raises(InputError, match=says):
        asked_mode("auto", environment)


WORDS = st.one_of(
    st.sampled_from(["", "online", "offline", "disabled", "dryrun", "true", "False", "1", "0"]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6),
)


@given(WORDS, WORDS, st.sampled_from(places.MODES))
def test_any_environment_gives_a_mode_or_a_sentence(said, off, mode):
    try:
        found = asked_mode(mode, {"WANDB_MODE": said, "WANDB_DISABLED": off})
    except InputError as error:
        assert "WANDB_" in str(error) and len(str(error).splitlines()) == 1
    else:
        assert found in places.MODES and not (off == "true" and found != "disabled")


@given(st.one_of(st.binary(max_size=40), WORDS.map(lambda w: f"machine {w} password".encode())))
@settings(max_examples=25, deadline=None)
def test_any_netrc_has_a_key_or_none(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("netrc") / "netrc"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE"):
            patch.delenv(name, raising=False)
        patch.setenv("NETRC", str(path))
        assert has_key("https://api.wandb.ai") is False


def test_a_folder_of_wandb_that_cannot_be_written_is_refused_by_name(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"WANDB_DIR='.*file': no folder to write to"):
        WandbMirror(mode="offline")
    WandbMirror(mode="disabled")


def test_a_server_that_says_nothing_is_not_waited_for():
    with socket.socket() as deaf:  # takes the connection, and never answers
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        started = time.perf_counter()
        why = unreachable(f"http://127.0.0.1:{deaf.getsockname()[1]}", patience=0.5)
        assert why is not None and time.perf_counter() - started < 2


def test_a_key_is_found_where_wandb_looks(tmp_path, monkeypatch):
    server = "https://api.wandb.ai"
    assert not has_key(server)
    file = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(file))
    file.write_text("machine api.wandb.ai login user password secret\n")
    file.chmod(0o600)
    assert has_key(server) and not has_key("https://elsewhere.org")
    assert has_key("https://api.forge.coreweave.com"), "W&B's own, under another name"
    file.write_text("machine localhost:8080 login user password secret\n")
    assert has_key("http://localhost:8080") and not has_key(server)
    file.write_text("machine machine machine")
    assert not has_key(server)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert has_key(server)


@pytest.fixture
def run(tmp_path):
    words = ("fit.steps=2", "model=relu", "diagnostic=none", f"outputs={tmp_path}")
    return execute(cfg_of(*words)).folder


def written(run) -> list[str]:
    return [path.name for path in run.parents[2].glob("wandb/offline-run-*")]


def test_disabled_writes_nothing(run, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    WandbMirror().mirror(run)
    assert not (run / "wandb.json").exists() and not (run.parents[2] / "wandb").exists()


def test_what_was_deleted_or_came_later_is_sent_again(run, tmp_path):
    mirror = WandbMirror(mode="offline")
    mirror.mirror(run)
    first = written(run)
    mirror.mirror(run)
    assert written(run) == first and len(first) == 1, "nothing new"
    shutil.rmtree(run.parents[2] / "wandb")
    mirror.mirror(run)
    assert len(written(run)) == 1, "deleted"
    words = ("fit.steps=2", "model=relu", "diagnostic=spectra", f"outputs={tmp_path}")
    assert execute(cfg_of(*words)).folder == run
    before = json.loads((run / "wandb.json").read_text())["sent"]
    mirror.mirror(run)
    after = json.loads((run / "wandb.json").read_text())["sent"]
    assert set(after) - set(before) == {"diagnostics/spectra.json"} and len(written(run)) == 1


def test_the_variables_of_wandb_are_honoured(run, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("WANDB_DIR", str(elsewhere))
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    monkeypatch.setenv("WANDB_RUN_GROUP", "together")
    monkeypatch.setenv("WANDB_TAGS", "a,b")
    WandbMirror(mode="offline").mirror(run)
    (sent,) = (elsewhere / "wandb").glob("offline-run-*")
    (log,) = sent.glob("*.wandb")
    for _ in range(50):  # W&B's service writes when it comes to it
        if b"together" in (told := log.read_bytes()):
            break
        time.sleep(0.2)
    assert b"mine" in told and b"together" in told
    assert json.loads((run / "wandb.json").read_text())["project"] == "mine"
    assert WandbMirror(mode="offline", project="given").project == "given"
