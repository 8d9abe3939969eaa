"""Spectrum × span as numbers: PSNR of every cell, ranks of Z₀, and the effects."""

from inr_experiments.checks import counted
from inr_experiments.reporting.gains import per_item, signed
from inr_experiments.reporting.spectrum_span import FIRST, cells, effects
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import summarise

READS = ("spectrum_span",)

METRICS = {"fitted": "psnr", "held out": "psnr_heldout"}
RANKS = {
    "rank": "spectra/inlet/centred_effective_rank",
    "rank, held out": "spectra/inlet/heldout_centred_effective_rank",
    "negative": "spectra/inlet/negative_share",
}
#: Steps at which PSNR is shown: the first milestone and the end.
AT = ("early", "last")


def rows(spectrum_span: Frame) -> Table:
    early = int(spectrum_span.steps["step"].loc[lambda s: s > 0].min())
    header = ["cell", "rate"]
    for name in METRICS:
        header += [f"{name}, step {early}", name, "gain"]
    header += list(RANKS)
    values = {(m, at): cells(spectrum_span, m, at) for m in METRICS.values() for at in AT}
    ranks = [per_item(spectrum_span, m, at="first").mean(axis=1) for m in RANKS.values()]
    rates = spectrum_span.runs.groupby("label", sort=False)["fit.lr"].unique()
    body = []
    for label in spectrum_span.labels:
        line = [label, ", ".join(f"{rate:g}" for rate in rates[label])]
        for metric in METRICS.values():
            last = values[metric, "last"]
            gain = signed(summarise(last.loc[label] - last.loc[FIRST])) if label != FIRST else "–"
            line += [f"{values[metric, at].loc[label].mean():.2f}" for at in AT] + [gain]
        rank, heldout, negative = (own[label] for own in ranks)
        body.append([*line, f"{rank:.1f}", f"{heldout:.1f}", f"{100 * negative:.0f} %"])
    return Table(header, body, note(spectrum_span))


def note(frame: Frame) -> str:
    """The effects, and what the columns are."""
    told = [
        f"{name}: "
        + "; ".join(f"{of} {signed(effect)}" for of, effect in effects(frame, metric).items())
        + " dB."
        for name, metric in METRICS.items()
    ]
    items, seeds = (counted(frame.runs[name].nunique(), name) for name in ("item", "seed"))
    return " ".join(
        [
            f"PSNR (dB) at the last step, mean over {items}, {seeds} averaged within each; scale "
            f"{frame.words('scale')}. gain: over the first row, paired; Student's t over items. "
            "rank: effective rank of the centred Z₀ at initialisation; negative: the share of "
            "negative entries of Z₀ as it is.",
            *told,
        ]
    )
