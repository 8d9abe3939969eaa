"""Rank correlations of measures of the inlet's rank with early loss and PSNR.

Every knob apart, then all together on the pictures that they share.
"""

from inr_experiments.checks import counted
from inr_experiments.reporting.ablation import knob_of, pooled, with_early_fall
from inr_experiments.reporting.gains import correlation, signed
from inr_experiments.reporting.looks import MEASURES
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("rank_ablation",)

HEADER = ("knob", "runs", "pictures", "measure", "ρ, early fall of the loss", "ρ, PSNR")
SHOWN = (
    "effective_rank", "rank_0.01", "rank_0.001", "numerical_rank", "stable_rank",
    "participation_ratio", "centred_effective_rank", "centred_rank_0.01", "centred_stable_rank",
)  # fmt: skip


def rows(rank_ablation: Frame) -> Table:
    frame = with_early_fall(rank_ablation)
    body = [row for label in knob_of(frame) for row in block(label, frame.where(label=label))]
    body += block("pooled", pooled(frame))
    note = (
        "Spearman's ρ of a measure of the rank of Z₀ at step 0 with minus the early slope of ln "
        "loss and with the PSNR of the last step, within each picture over a knob's levels; mean "
        "over pictures and Student's t interval over them; "
        f"{counted(frame.runs['seed'].nunique(), 'seed')} averaged; scale {frame.words('scale')}. "
        "Pooled: on the pictures that all knobs have. A measure that a knob does not move has no ρ."
    )
    return Table(HEADER, body, note)


def block(name: str, frame: Frame) -> list[list[str]]:
    """A row a measure."""
    size = [str(len(frame.runs)), str(frame.runs["item"].nunique())]
    return [
        [
            name,
            *size,
            MEASURES[measure].name,
            *(
                signed(correlation(frame, f"spectra/inlet/{measure}", outcome))
                for outcome in ("early_fall", "psnr")
            ),
        ]
        for measure in SHOWN
    ]
