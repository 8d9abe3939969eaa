"""The frame of a bench: steps of two models in turn, a round of them a unit."""

import json
from pathlib import Path

import pandas as pd

from ..checks import InputError
from ..runs.frame import Frame

#: What a test of conf/claims.yaml names in place of an experiment; `make bench` makes it.
BENCH = "bench"
#: The row of fit.jsonl, as scripts/benches/fit.py writes it.
ROW = "fit/rei_in_turn"
#: Whose steps are the subject and the reference of the row.
SIDES = {"rank_expanding": "subject_rounds_s", "relu": "reference_rounds_s"}


def bench_frame(folder: Path) -> Frame | None:
    """The rounds of the row, a run each model and round, its metric `step_s`; None without them.

    Raises:
        InputError: if the file is there and is not what the bench writes.
    """
    path = folder / "fit.jsonl"
    if not path.is_file():
        return None
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        row = next((row for row in rows if row["name"] == ROW), None)
        return None if row is None else _frame(row)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: expected the rows of `make bench` ({error!r})") from error


def _frame(row: dict) -> Frame:
    cells = [
        {
            "run": f"{model}/{i}", "model": model, "item": f"round {i}", "seed": 0,
            "noun": "round", "scale": row["scale"], "step_s": seconds,
        }
        for model, key in SIDES.items()
        for i, seconds in enumerate(row[key])
    ]  # fmt: skip
    steps = pd.DataFrame(columns=["run", "step", "metric", "value"])
    return Frame(BENCH, pd.DataFrame(cells).set_index("run"), steps, {})
