"""The two-way table of experiment spectrum_span: inlets' spans by inlets' spectra."""

import pandas as pd

from ..runs.frame import Frame
from ..statistics import Estimate, summarise
from .gains import per_item

#: Labels of the cells, by span and then by spectrum.
CELLS = {
    "default": {
        "default": "default span, own spectrum",
        "REI": "default span, REI's spectrum",
        "flat": "default span, flat spectrum",
    },
    "REI": {
        "default": "REI span, default's spectrum",
        "REI": "REI span, own spectrum",
        "flat": "REI span, flat spectrum",
    },
}
#: The cell that others are held against.
FIRST = CELLS["default"]["default"]
#: Effects as weights of cells, by what they are of.
EFFECTS = {
    "REI's gain": {("REI", "REI"): 1.0, ("default", "default"): -1.0},
    "of it the spectrum": {
        ("default", "REI"): 0.5,
        ("default", "default"): -0.5,
        ("REI", "REI"): 0.5,
        ("REI", "default"): -0.5,
    },
    "of it the span": {
        ("REI", "REI"): 0.5,
        ("default", "REI"): -0.5,
        ("REI", "default"): 0.5,
        ("default", "default"): -0.5,
    },
    "interaction": {
        ("REI", "REI"): 1.0,
        ("REI", "default"): -1.0,
        ("default", "REI"): -1.0,
        ("default", "default"): 1.0,
    },
    "flattening, default span": {("default", "flat"): 1.0, ("default", "default"): -1.0},
    "flattening, REI span": {("REI", "flat"): 1.0, ("REI", "REI"): -1.0},
    "REI's span, flat spectrum": {("REI", "flat"): 1.0, ("default", "flat"): -1.0},
}


def effects(frame: Frame, metric: str) -> dict[str, Estimate]:
    """The main effects of spectrum and span, their interaction, and the gains that they are of.

    With Y[span, spectrum] of a picture: spectrum ½ (Y[d, R] − Y[d, d] + Y[R, R] − Y[R, d]), span
    ½ (Y[R, R] − Y[d, R] + Y[R, d] − Y[d, d]); the two add up to REI's gain Y[R, R] − Y[d, d].

    Raises:
        InputError: if the frame lacks a cell, or a cell a picture.
    """
    values = cells(frame, metric)
    return {
        name: summarise(sum(w * values.loc[CELLS[a][b]] for (a, b), w in weights.items()))
        for name, weights in EFFECTS.items()
    }


def cells(frame: Frame, metric: str, at: str = "last") -> pd.DataFrame:
    """A metric by cell: labels × pictures, in the order of the sweep.

    Raises:
        InputError: if the frame lacks a cell of the two-way table, or a cell a picture.
    """
    frame.where(label=[label for own in CELLS.values() for label in own.values()])
    return per_item(frame, metric, at=at)
