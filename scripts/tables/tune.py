"""Learning rates by model, every cell shown."""

from inr_experiments.checks import InputError
from inr_experiments.reporting import tables
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("tune",)

RATE = "fit.lr"


def rows(tune: Frame) -> Table:
    if "div2k" in set(tune.runs["task"]):
        raise InputError(f"frame {tune.name}: rates are not tuned on the 16 pictures of the tables")
    fitted, held_out = (
        per_item(tune, metric, ["label", RATE]).mean(axis=1).unstack(RATE)
        for metric in ("psnr", "psnr_heldout")
    )
    header = ["method", *(f"{rate:g}" for rate in fitted), "best", "best, held out", "yaml"]
    body = [
        [
            label,
            *(f"{value:.2f}" for value in fitted.loc[label]),
            f"{fitted.loc[label].idxmax():g}",
            f"{held_out.loc[label].idxmax():g}",
            f"{tune.where(label=label).column('model.lr').iloc[0]:g}",
        ]
        for label in tune.labels
    ]
    note = (
        "PSNR (dB, fitted pixels) by learning rate, mean over "
        f"{', '.join(sorted(tune.runs['item'].unique()))}; {len(tune.runs)} fits, scale "
        f"{tables.several(tune, 'scale')}, {tune.runs['seed'].nunique()} seed(s). best: by fitted "
        "PSNR; best, held out: by held-out PSNR; yaml: what conf/model has. None of the pictures "
        "is among the 16."
    )
    return Table(header, body, note)
