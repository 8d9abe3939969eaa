"""Weights & Biases as a mirror of the disk: a finished run folder goes in."""

import csv
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..checks import choice
from ..runs import files
from ..runs.store import diagnostic_names, read_arrays, read_diagnostic, read_record

log = logging.getLogger(__name__)

MODES = ("auto", "offline", "online")
#: Seconds to wait for the server before going on without it.
PATIENCE = 10
#: Points of the loss curve that are sent at the most.
CURVE = 1000


class WandbMirror:
    """Send finished runs to Weights & Biases, one W&B run each.

    History: the loss curve, and at every milestone its metrics and the scalars of every
    diagnostic. Arrays of a diagnostic are tables, one row a value, in order. Pictures are images.
    The W&B id is made of key and seed, so that sending twice makes no second run.

    Args:
        mode: `auto` (WANDB_MODE if set, else online where a key is found, else offline),
            `offline` or `online`.
        project, entity: where the runs go.
    """

    def __init__(self, *, mode: str, project: str, entity: str | None, **_: Any) -> None:
        self.mode = choice("mode", mode, MODES)
        self.project = project
        self.entity = entity

    def mirror(self, folder: Path) -> None:
        """Send one run folder; a failure is logged and is no failure of the run."""
        marker = folder / "wandb.json"
        if marker.exists():
            return
        try:
            mode = self._send(folder)
        except Exception as error:
            log.warning("W&B: %s is on disk but was not mirrored (%s)", folder, error)
        else:
            files.write_json(marker, {"mode": mode, "project": self.project})

    def _send(self, folder: Path) -> str:
        record = read_record(folder)
        run, mode = self._begin(record, folder)
        with run:
            _log_history(run, folder, record)
            _log_arrays(run, folder)
            _log_pictures(run, folder)
            run.summary.update({"status": record["status"], **record["metrics"]})
        return mode

    def _begin(self, record: dict[str, Any], folder: Path) -> tuple[Any, str]:
        """Start a W&B run, offline where the server does not answer; say which."""
        import wandb

        config = record["config"]
        arguments: dict[str, Any] = {
            "project": self.project,
            "entity": self.entity,
            "id": f"{record['key']}-{record['seed']:03d}",
            "name": f"{config['model']['name']}-{record['item']}-{record['seed']}",
            "group": record["key"],
            "job_type": config["task"]["name"],
            "config": config,
            "resume": "allow",
            "dir": str(folder.parents[2]),
            "reinit": "finish_previous",
        }
        settings: dict[str, Any] = {"console": "off", "silent": True, "x_disable_stats": True}
        mode = self._mode()
        if mode == "online":
            try:
                quick = wandb.Settings(**settings, init_timeout=PATIENCE)
                return wandb.init(mode="online", settings=quick, **arguments), "online"
            except Exception as error:
                log.warning("W&B: no answer (%s); writing offline", " ".join(str(error).split()))
                # Else the failed attempt keeps the id, in a parent process's W&B service too.
                wandb.teardown()
                os.environ.pop("WANDB_SERVICE", None)
        arguments["resume"] = None  # an offline run has nothing to resume
        return wandb.init(
            mode="offline", settings=wandb.Settings(**settings), **arguments
        ), "offline"

    def _mode(self) -> str:
        if self.mode != "auto":
            return self.mode
        if os.environ.get("WANDB_MODE"):
            return os.environ["WANDB_MODE"]
        import wandb

        return "online" if wandb.login(prompt=False) else "offline"


def _log_history(run: Any, folder: Path, record: dict[str, Any]) -> None:
    """The loss curve, thinned, and all scalars of the milestones, in the order of steps."""
    with open(folder / "history.csv", encoding="utf-8") as handle:
        curve = [(int(r["step"]), float(r["loss"]), float(r["lr"])) for r in csv.DictReader(handle)]
    rows: dict[int, dict[str, float]] = {}
    for step, loss, rate in curve[:: max(1, -(-len(curve) // CURVE))]:
        rows.setdefault(step, {}).update({"loss": loss, "lr": rate})
    for milestone in record["milestones"]:
        rows.setdefault(milestone["step"], {}).update(milestone)
    for name in diagnostic_names(folder):
        for scalars in read_diagnostic(folder, name) or []:
            named = {f"{name}/{k}": v for k, v in scalars.items() if k != "step"}
            rows.setdefault(int(scalars["step"]), {}).update(named)
    for step in sorted(rows):
        run.log({**rows[step], "step": step}, step=step)


def _log_arrays(run: Any, folder: Path) -> None:
    """Every array of every diagnostic as a table: index and value, in order."""
    import wandb

    for diagnostic in diagnostic_names(folder):
        for step, arrays in read_arrays(folder, diagnostic).items():
            for name, values in arrays.items():
                rows = [[i, v] for i, v in enumerate(np.ravel(values).tolist())]
                table = wandb.Table(columns=["index", "value"], data=rows)
                run.log({f"{diagnostic}/{step:06d}/{name}": table})


def _log_pictures(run: Any, folder: Path) -> None:
    import wandb

    for path in sorted(folder.glob("*.png")):
        run.log({path.stem: wandb.Image(str(path))})
    for path in sorted(folder.glob("*.glb")):
        run.log({path.stem: wandb.Object3D(str(path))})
