"""Weights & Biases as a mirror of the disk: a finished run folder goes in."""

import csv
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..checks import InputError
from ..digest import file_sha256
from ..runs.measured import diagnostic_names, read_arrays, read_diagnostic
from ..runs.store import may_be_passed_on, read_record
from .destination import Destination, asked_mode, destination, give_up

log = logging.getLogger(__name__)

PROJECT = "inr_experiments"
#: Seconds that W&B may take to begin a run online.
PATIENCE = 10
#: Points of the loss curve that are sent at the most.
CURVE = 1000
MARKER, RECORD = "wandb.json", "record.json"


class WandbMirror:
    """Send finished runs to Weights & Biases, one W&B run each.

    History: the loss curve, and at every milestone its metrics and the scalars of every
    diagnostic. Arrays of a diagnostic are tables, one row a value, in order. Pictures are images,
    but for those that may not be passed on, which stay here.
    The W&B id is made of key and seed, so that sending twice makes no second run. A marker in the
    run's folder says what was sent where: what has come since is sent later.

    W&B's own variables count: WANDB_MODE, WANDB_DISABLED, and for what is not given here
    WANDB_PROJECT, WANDB_ENTITY, WANDB_RUN_GROUP, WANDB_JOB_TYPE, WANDB_TAGS and WANDB_DIR.

    Args:
        mode: `auto` (WANDB_MODE if set, else online where a key is found and the server answers,
            else offline), `offline`, `online` or `disabled`.
        project, entity: where the runs go; None for the variables', or inr_experiments.

    Raises:
        InputError: if one of the variables is not understood, or WANDB_DIR is no folder to write
            to: W&B would write somewhere else, and runs would be sent again at every call.
    """

    def __init__(
        self, *, mode: str = "auto", project: str | None = None, entity: str | None = None
    ) -> None:
        self.mode = asked_mode(mode, os.environ)
        self.project = project or os.environ.get("WANDB_PROJECT") or PROJECT
        self.entity = entity or os.environ.get("WANDB_ENTITY")
        if self.mode != "disabled" and (named := os.environ.get("WANDB_DIR")):
            try:
                Path(named).mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=named).close()
            except OSError as error:
                raise InputError(
                    f"WANDB_DIR={named!r}: no folder to write to ({error.strerror}); expected one"
                ) from error

    def mirror(self, folder: Path) -> None:
        """Send what a run folder has and was not sent; a failure is logged and fails no run."""
        try:
            self._mirror(folder)
        except Exception as error:
            log.warning("W&B: %s is on disk but was not mirrored (%s)", folder, error)

    def _mirror(self, folder: Path) -> None:
        to = destination(self.mode)
        if to.mode == "disabled":
            return
        record, marker, has = read_record(folder), read_marker(folder), contents(folder)
        place = {"server": to.server, "project": self.project, "entity": self.entity}
        online = marker.get("mode") == "online"
        kept = online or (to.mode == "offline" and offline_runs(folder, record))
        there = kept and all(marker.get(name) == value for name, value in place.items())
        sent = marker.get("sent", {}) if there else {}
        if new := {name for name in has if sent.get(name) != has[name]}:
            mode = self._send(folder, record, to, new)
            files.write_json(folder / MARKER, {"mode": mode, **place, "sent": has})

    def _send(self, folder: Path, record: dict[str, Any], to: Destination, new: set[str]) -> str:
        """Send the run, or of one that the server has the diagnostics that are new."""
        run, mode = self._begin(record, folder, to)
        with run:
            whole = RECORD in new or mode == "offline"
            names = [n for n in diagnostic_names(folder) if whole or of_diagnostic(n) in new]
            run.define_metric("*", step_metric="step")
            _log_history(run, folder, record if whole else None, names)
            pictures = may_be_passed_on(record)
            _log_arrays(run, folder, names, pictures=pictures)
            if whole:
                if pictures:
                    _log_pictures(run, folder)
                run.summary.update({"status": record["status"], **record["metrics"]})
        return mode

    def _begin(self, record: dict[str, Any], folder: Path, to: Destination) -> tuple[Any, str]:
        """Start a W&B run, offline where that fails online; say which."""
        import wandb

        config = record["config"]
        arguments: dict[str, Any] = {
            "project": self.project,
            "entity": self.entity,
            "id": run_id(record),
            "name": f"{config['model']['name']}-{record['item']}-{record['seed']}",
            "config": config,
            "resume": "allow",
            "dir": str(wandb_dir(folder)),
            "reinit": "finish_previous",
        }
        own = {"group": ("WANDB_RUN_GROUP", record["key"])}
        own |= {"job_type": ("WANDB_JOB_TYPE", config["task"]["name"])}
        arguments |= {name: os.environ.get(var) or value for name, (var, value) in own.items()}
        settings: dict[str, Any] = {"console": "off", "silent": True, "x_disable_stats": True}
        if to.mode == "online":
            try:
                quick = wandb.Settings(**settings, init_timeout=PATIENCE)
                return wandb.init(mode="online", settings=quick, **arguments), "online"
            except Exception as error:
                log.warning("W&B: no answer (%s); writing offline", " ".join(str(error).split()))
                # Else the failed attempt keeps the id, in a parent process's W&B service too.
                wandb.teardown()
                os.environ.pop("WANDB_SERVICE", None)
                give_up(to.server)
        for old in offline_runs(folder, record):  # what is written now holds all of it
            shutil.rmtree(old)
        arguments["resume"] = None  # an offline run has nothing to resume
        return wandb.init(
            mode="offline", settings=wandb.Settings(**settings), **arguments
        ), "offline"


def of_diagnostic(name: str) -> str:
    """The file by which a diagnostic of a run is known."""
    return f"diagnostics/{name}.json"


def contents(folder: Path) -> dict[str, str]:
    """The hashes of what a run has to be sent: its record and its diagnostics."""
    names = [RECORD, *map(of_diagnostic, diagnostic_names(folder))]
    return {name: file_sha256(folder / name, expected="a run") for name in names}


def read_marker(folder: Path) -> dict[str, Any]:
    """The marker of what was sent where; empty where nothing was, or where it cannot be read."""
    try:
        found = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def run_id(record: dict[str, Any]) -> str:
    """The id of a run at W&B."""
    return f"{record['key']}-{record['seed']:03d}"


def wandb_dir(folder: Path) -> Path:
    """The folder that holds W&B's own, `wandb`: WANDB_DIR, or the outputs folder of a run."""
    named = os.environ.get("WANDB_DIR")
    return Path(named) if named else folder.parents[2]


def offline_runs(folder: Path, record: dict[str, Any]) -> list[Path]:
    """The offline runs of a run that are on disk."""
    return sorted((wandb_dir(folder) / "wandb").glob(f"offline-run-*-{run_id(record)}"))


def _log_history(
    run: Any, folder: Path, record: dict[str, Any] | None, names: Sequence[str]
) -> None:
    """All scalars of the milestones, and of a record the loss curve, thinned, in order of steps."""
    rows: dict[int, dict[str, float]] = {}
    if record is not None:
        with open(folder / "history.csv", encoding="utf-8") as handle:
            read = csv.DictReader(handle)
            curve = [(int(r["step"]), float(r["loss"]), float(r["lr"])) for r in read]
        for step, loss, rate in curve[:: max(1, -(-len(curve) // CURVE))]:
            rows.setdefault(step, {}).update({"loss": loss, "lr": rate})
        for milestone in record["milestones"]:
            rows.setdefault(milestone["step"], {}).update(milestone)
    for name in names:
        for scalars in read_diagnostic(folder, name) or []:
            named = {f"{name}/{k}": v for k, v in scalars.items() if k != "step"}
            rows.setdefault(int(scalars["step"]), {}).update(named)
    for step in sorted(rows):
        # W&B takes no step that lies behind those it has.
        run.log({**rows[step], "step": step}, step=None if run.resumed else step)


def _log_arrays(run: Any, folder: Path, names: Sequence[str], *, pictures: bool) -> None:
    """Every array of every diagnostic as a table, index and value, in order; pictures if asked."""
    import wandb

    for diagnostic in names:
        for step, arrays in read_arrays(folder, diagnostic).items():
            for name, values in arrays.items():
                if name.endswith("reconstruction") and not pictures:
                    continue
                rows = [[i, v] for i, v in enumerate(np.ravel(values).tolist())]
                table = wandb.Table(columns=["index", "value"], data=rows)
                run.log({f"{diagnostic}/{step:06d}/{name}": table})


def _log_pictures(run: Any, folder: Path) -> None:
    import wandb

    for path in sorted(folder.glob("*.png")):
        run.log({path.stem: wandb.Image(str(path))})
    for path in sorted(folder.glob("*.glb")):
        run.log({path.stem: wandb.Object3D(str(path))})
