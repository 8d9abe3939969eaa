"""Learning rates by model, every cell shown: `tune.py FRAME OUT`."""

import sys
from pathlib import Path

import pandas as pd

from inr_experiments.checks import InputError
from inr_experiments.commands.door import door
from inr_experiments.reporting import tables
from inr_experiments.reporting.labels import in_order, method
from inr_experiments.reporting.sweeps import per_item, runs
from inr_experiments.runs.frame import read_frame
from inr_experiments.runs.store import read_record


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    if "div2k" in set(frame["task"]):
        raise InputError(f"{frame_path}: rates are not tuned on the 16 pictures of the tables")
    table = runs(frame, last=["psnr", "psnr_heldout"])
    fitted, held_out = (per_item(table, m, ["model", "fit.lr"]) for m in ("psnr", "psnr_heldout"))
    rates = sorted(table["fit.lr"].unique())
    header = ["method", *(f"{rate:g}" for rate in rates), "best", "best, held out", "yaml"]
    body = []
    for model in in_order(set(table["model"])):
        own = fitted.loc[model].mean(axis=1)
        body.append(
            [
                method(model).label,
                *(f"{own[rate]:.2f}" for rate in rates),
                f"{own.idxmax():g}",
                f"{held_out.loc[model].mean(axis=1).idxmax():g}",
                f"{yaml_rate(table, model):g}",
            ]
        )
    tables.write(Path(out), header, body, note(frame, table))


def yaml_rate(table: pd.DataFrame, model: str) -> float:
    """`model.lr` as its yaml had it when the runs were made."""
    folder = table.loc[table["model"] == model, "folder"].iloc[0]
    return float(read_record(Path(folder))["config"]["model"]["lr"])


def note(frame: pd.DataFrame, table: pd.DataFrame) -> str:
    scale = ", ".join(sorted(frame["scale"].unique()))
    items = ", ".join(sorted(table["item"].unique()))
    return (
        f"PSNR (dB, fitted pixels) by learning rate, mean over {items}; {len(table)} fits, scale "
        f"{scale}, {table['seed'].nunique()} seed(s). best: by fitted PSNR; best, held out: by "
        "held-out PSNR; yaml: what conf/model has. None of the pictures is among the 16."
    )


if __name__ == "__main__":
    with door("tune"):
        main(*sys.argv[1:])
