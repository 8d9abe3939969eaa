"""The frame of an experiment: all that its figures, tables and claims need.

    runs.csv      one row a run: what it is, every config value in which the runs differ, where it
                  ran and how long, its final metrics
    config.yaml   the config values that all runs share
    steps.csv.xz  run, step, metric, value to nine digits; a diagnostic's metric is
                  <diagnostic>/<stage>/<measure>
    arrays-1.npz  … what figures draw: <run>/<step>/<diagnostic>/<stage>/<name>, spectra, thinned,
                  of the first and the last step, pictures of every milestone where a
                  diagnostic draws them; <run>/<name>, pictures and slices of one seed

A frame can be carried anywhere: nothing that reads it opens a run folder. Arrays are spread over
files of less than 1 MB, and the same frame is written as the same bytes, so that it can be kept
under version control. In memory, values that all runs share are columns as well. `collect.py` makes
frames.
"""

import os
import shutil
import uuid
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from .. import files
from ..checks import InputError, nearest

Array = npt.NDArray[Any]
#: Pandas 3 reads floats to the last bit, and warns of the option that pandas 2 needs for it.
EXACT: dict[str, Any] = {} if pd.__version__ >= "3" else {"float_precision": "round_trip"}

#: The files of a frame.
FILES = ("runs.csv", "config.yaml", "steps.csv.xz", "arrays-*.npz")
#: Bytes of arrays in a file, about.
PART = 900_000
#: Digits of a value at a step: more than float32 has, and a third less on disk.
DIGITS = "%.9g"
#: Columns that are text also where they look like numbers.
TEXT = (
    *("run", "key", "model", "label", "colour", "task", "item", "scale", "folder"),
    *("processor", "platform", "commit", "versions", "noun", "metric"),
)


@dataclass(frozen=True, eq=False)
class Frame:
    """The runs of an experiment. None changes what it holds; what is taken of it may be kept.

    Attributes:
        name: of the experiment.
        runs: one row a run, by `run`, in the order of the sweep.
        steps: `run`, `step`, `metric`, `value`.
        arrays: by the names above.
    """

    name: str
    runs: pd.DataFrame
    steps: pd.DataFrame
    arrays: Mapping[str, Array]

    @property
    def labels(self) -> list[str]:
        """The labels of the runs, in the order of the sweep."""
        return list(self.runs["label"].unique())

    def where(self, **values: Any) -> "Frame":
        """The runs with these values in these columns; `where(label=["REI", "PE"])` takes several.

        Raises:
            InputError: if there is no such run or column.
        """
        kept = pd.Series(True, index=self.runs.index)
        for column, wanted in values.items():
            several = wanted if isinstance(wanted, list | tuple | set) else [wanted]
            there = self.column(column).map(word)
            for value in several:
                if not (there == word(value)).any():
                    raise InputError(f"frame {self.name}: no run with {column}={value}")
            kept &= there.isin(list(map(word, several)))
        asked = ", ".join(f"{column}={wanted}" for column, wanted in values.items())
        return self.only(kept, asked)

    def only(self, kept: pd.Series, asked: str) -> "Frame":
        """The runs at which `kept` is true.

        Args:
            asked: what is asked for, in words.

        Raises:
            InputError: if it is true at none.
        """
        if not kept.any():
            raise InputError(f"frame {self.name}: no run with {asked}")
        runs = self.runs[kept]
        return replace(self, runs=runs, steps=self.steps[self.steps["run"].isin(runs.index)])

    def column(self, name: str) -> pd.Series:
        """A column of `runs`.

        Raises:
            InputError: if there is none of that name.
        """
        if name not in self.runs:
            raise InputError(
                f"frame {self.name}: no column {name!r}{nearest(name, self.runs.columns)}"
            )
        return self.runs[name]

    def words(self, column: str) -> str:
        """All values of a column, in the order of the sweep: `smoke, laptop`.

        Raises:
            InputError: as for `column`.
        """
        return ", ".join(map(str, self.column(column).unique()))

    def value(self, metric: str, at: str = "last") -> pd.Series:
        """A metric of every run that has it, by run.

        Args:
            metric: of `steps`, or at the last step a column of `runs`.
            at: `first`, the initialisation; `early`, the first step after it at which anything
                was measured; or `last`, where the run ends. Who lacks the metric there has no
                value.

        Raises:
            InputError: if no run has it.
        """
        own = self.steps[self.steps["metric"] == metric]
        if own.empty and at == "last" and metric in self.runs.select_dtypes("number"):
            return self.runs[metric]
        if own.empty:
            names = list(self.steps["metric"].unique())
            plain = ", ".join(name for name in names if "/" not in name)
            hint = nearest(metric, names) or f"; expected one of {plain}"
            raise InputError(f"frame {self.name}: no metric {metric!r}{hint}")
        chosen = own[own["step"] == own["run"].map(self._due[at])].set_index("run")["value"]
        if chosen.empty:
            raise InputError(f"frame {self.name}: no {metric} at the {at} step of a run")
        return chosen.reindex([run for run in self.runs.index if run in chosen.index])

    @cached_property
    def _due(self) -> Mapping[str, pd.Series]:
        """The step of each run that `value` takes."""
        steps = self.steps.groupby("run")["step"]
        after = self.steps[self.steps["step"] > 0].groupby("run")["step"]
        return {"first": steps.min(), "early": after.min(), "last": steps.max()}

    def course(self, metric: str) -> pd.DataFrame:
        """A metric through training: runs × steps.

        Raises:
            InputError: if no run has it.
        """
        self.value(metric)
        own = self.steps[self.steps["metric"] == metric]
        return own.pivot(index="run", columns="step", values="value")

    def last_step(self) -> int:
        """The step at which all runs end.

        Raises:
            InputError: if they do not end at the same.
        """
        ends = self.steps.groupby("run")["step"].max().unique()
        if len(ends) != 1:
            raise InputError(
                f"frame {self.name}: runs end at steps {', '.join(map(str, sorted(ends)))}; "
                "expected runs of one length"
            )
        return int(ends[0])

    def array(self, run: str, name: str, step: int | None = None) -> Array | None:
        """An array of a run, at a step or of the run as a whole; None where it has none."""
        return self.arrays.get(f"{run}/{name}" if step is None else f"{run}/{step:06d}/{name}")

    def picture(self, run: str, name: str) -> Array:
        """A picture of a run, (H, W) or (H, W, C) uint8.

        Raises:
            InputError: if it has none, or one that may not be passed on.
        """
        found = self.array(run, name)
        if found is not None:
            return _decoded(found)
        if not self.runs.loc[run, "redistributable"]:
            raise NotShownError(
                f"frame {self.name}: pictures of {self.runs.loc[run, 'item']} may not be passed "
                "on, so that no frame holds them; data=bundled has pictures that may"
            )
        raise InputError(f"frame {self.name}: no {name} of run {run}")


def word(value: Any) -> str:
    """A config value as text, the same before and after a frame was written: 144.0 is `144`."""
    plain = value.item() if isinstance(value, np.generic) else value
    return str(int(plain)) if isinstance(plain, float) and plain.is_integer() else str(plain)


class NotShownError(InputError):
    """A figure of pictures that may not be passed on."""


def write_frame(frame: Frame, folder: Path) -> None:
    """Write a frame's files, all or none; a frame that was there goes.

    Raises:
        InputError: if something else is there.
    """
    folder = Path(os.path.abspath(folder))
    if not is_replaceable(folder):
        raise InputError(f"{folder}: is there and is no frame; expected a new folder, or a frame's")
    part = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    part.mkdir(parents=True)
    try:
        _write_files(frame, part)
        files.exchange(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def is_replaceable(folder: Path) -> bool:
    """True where nothing is, or a folder of no files but a frame's."""
    try:
        entries = list(folder.iterdir())
    except NotADirectoryError:
        return False
    except FileNotFoundError:  # or another writer is just exchanging it
        return not os.path.lexists(folder) or folder.is_dir()
    known = all(any(entry.match(own) for own in FILES) for entry in entries)
    return known and not folder.is_symlink()


def _write_files(frame: Frame, folder: Path) -> None:
    runs = frame.runs.reset_index()
    shared = {
        column: runs[column].iloc[0]
        for column in runs
        if "." in column and runs[column].map(repr).nunique() == 1
    }
    plain = {key: v.item() if isinstance(v, np.generic) else v for key, v in shared.items()}
    text = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)
    files.write_text(folder / "config.yaml", text)
    # In one order, so that what is read and written again is the same file.
    arrays = dict(sorted(frame.arrays.items()))
    for number, part in enumerate(files.parts(arrays, PART), 1):
        files.write_arrays(folder / f"arrays-{number}.npz", part)
    frame.steps.to_csv(folder / "steps.csv.xz", index=False, float_format=DIGITS)
    runs.drop(columns=list(shared)).to_csv(folder / "runs.csv", index=False)


def read_frame(folder: str | Path) -> Frame:
    """Read the frame that `write_frame` wrote.

    Raises:
        InputError: if it is not there, or not whole.
    """
    folder = Path(folder)
    try:
        runs = _read_csv(folder / "runs.csv", TEXT)
        steps = _read_csv(folder / "steps.csv.xz", ("run", "metric"))
        shared = files.read_yaml(folder / "config.yaml")
        parts = sorted(folder.glob("arrays-*.npz")) or [folder / "arrays-1.npz"]
        arrays = ChainMap(*map(np.load, parts))  # read when they are asked for
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no frame ({Path(error.filename).name} is missing)") from error
    if runs.empty:
        raise InputError(f"{folder}: the frame has no run")
    own = pd.DataFrame({key: [value] * len(runs) for key, value in shared.items()})
    joined = pd.concat([runs, own], axis=1) if len(own.columns) else runs
    return Frame(folder.name, joined.set_index("run"), steps, arrays)


def _read_csv(path: Path, text: Sequence[str]) -> pd.DataFrame:
    """A table as it was written: text is text, as of a picture that is called NA."""
    table = pd.read_csv(
        path,
        dtype=dict.fromkeys(text, str),
        keep_default_na=False,
        na_values=[""],
        **EXACT,
    )
    return table.fillna({column: "" for column in text if column in table})


def _decoded(file: Array) -> Array:
    import imageio.v3 as iio

    return np.asarray(iio.imread(file.tobytes()))
