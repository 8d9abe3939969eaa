"""The long frame: every number of every run, one a row."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .store import read_losses, read_record

COLUMNS = (
    "key", "model", "task", "item", "seed", "scale", "step", "last", "metric", "value", "folder",
)  # fmt: skip
#: What a sweep varied in a run, by key: columns of their own after the others.
Swept = Mapping[Path, Mapping[str, str]]

#: By the precision that a record names, the implicit bit counted; older records have fp32.
SIGNIFICAND_BITS = {"fp32": 24, "tf32": 11, "bf16": 8}


def seed_folders(outputs: Path) -> list[Path]:
    """Every `seed-NNN` under an outputs folder, finished or not, in order."""
    found = set()
    for path in (outputs / "runs").glob("*/seed-*"):
        found.add(path.with_name(path.name.split(".")[0]))
    return sorted(found)


def rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of one finished run: metrics and diagnostics at milestones, and what has no step.

    `last` marks the final milestone. Quantities of the whole run (`psnr_best`, `seconds`,
    `parameters`, `early_slope`, and `significand_bits` for the precision of its products) are rows
    of the last step. A failed run has no rows.
    """
    record = read_record(folder)
    if record["status"] != "done":
        return
    config = record["config"]
    common = {
        "key": record["key"],
        "model": config["model"]["name"],
        "task": config["task"]["name"],
        "item": record["item"],
        "seed": record["seed"],
        "scale": config["scale"]["name"],
        "folder": str(folder),
    }
    final = record["milestones"][-1]["step"]

    def row(step: int, metric: str, value: float) -> dict[str, Any]:
        return {**common, "step": step, "last": step == final, "metric": metric, "value": value}

    for milestone in record["milestones"]:
        for metric, value in milestone.items():
            if metric != "step":
                yield row(milestone["step"], metric, value)
    whole = {
        name: v for name, v in record["metrics"].items() if name not in record["milestones"][-1]
    }
    whole |= {
        "seconds": record["seconds"]["total"],
        "parameters": record["parameters"],
        "early_slope": early_slope(read_losses(folder)),
        "significand_bits": SIGNIFICAND_BITS[record.get("precision", "fp32")],
    }
    for metric, value in whole.items():
        yield row(final, metric, value)
    for path in sorted((folder / "diagnostics").glob("*.json")):
        for scalars in json.loads(path.read_text(encoding="utf-8")):
            for name, value in scalars.items():
                if name != "step":
                    yield row(scalars["step"], f"{path.stem}/{name}", value)


def early_slope(losses: Sequence[float]) -> float:
    """d ln(loss) / d step over the first tenth of the steps, by least squares; below 0 it falls.

    At least two steps are taken; NaN for a run of one, or where the loss is 0.
    """
    first = np.asarray(losses[: max(2, len(losses) // 10)])
    if len(first) < 2 or not (first > 0).all():
        return float("nan")
    step = np.arange(len(first)) - (len(first) - 1) / 2
    return float(step @ np.log(first) / (step @ step))


def frame(folders: Iterable[Path], swept: Swept | None = None) -> pd.DataFrame:
    """The long frame of finished runs, in the order of `folders`."""
    swept = swept or {}
    keys = dict.fromkeys(key for values in swept.values() for key in values)
    table = [{**row, **swept.get(folder, {})} for folder in folders for row in rows(folder)]
    return pd.DataFrame(table, columns=[*COLUMNS, *keys])


def write_frame(table: pd.DataFrame, path: Path) -> None:
    """Write a frame as csv, whole or not at all."""
    from . import files

    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, lambda part: table.to_csv(part, index=False))


def read_frame(path: Path) -> pd.DataFrame:
    """Read a frame that `write_frame` wrote; names stay text (`0826` is no number)."""
    text = dict.fromkeys(("key", "model", "task", "item", "scale", "metric", "folder"), str)
    return pd.read_csv(path, dtype=text)
