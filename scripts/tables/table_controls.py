"""REI and its controls in pairs: what of the gain is rank, what scale, what geometry."""

from inr_experiments.checks import counted
from inr_experiments.reporting.gains import per_item, signed
from inr_experiments.reporting.looks import label_of
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame
from inr_experiments.statistics import max_t, summarise

READS = ("controls",)

METRICS = {"fitted": "psnr", "held out": "psnr_heldout"}
RANK = "spectra/inlet/centred_effective_rank"
RANKS = {"rank of Z₀": "first", "after training": "last"}
HEADER = ("pair", *RANKS, *(name for m in METRICS for name in (f"{m} (dB)", "p (max-T)")))
#: Models whose coordinates are those of the tables, each against another.
PAIRS = (
    ("rank_expanding", "relu"), ("rei_matched", "relu"), ("rei_frozen", "relu_frozen"),
    ("random_thresholds", "relu"), ("rank_expanding", "random_thresholds"),
    ("pe_rei", "pe"), ("siren_rei", "siren"),
)  # fmt: skip
#: Labels with fewer directions than the default, each against it and against REI.
LOW = ("REI, r = 4", "REI, r = 8", "SIREN, ω₀ = 1", "SIREN, ω₀ = 3")


def rows(controls: Frame) -> Table:
    named = {model: label_of(controls, model) for pair in PAIRS for model in pair}
    relu, rei = named["relu"], named["rank_expanding"]
    pairs = [("symmetric", named[one], named[other]) for one, other in PAIRS]
    pairs.append(("unit", rei, relu))
    pairs += [("symmetric", low, other) for low in LOW for other in (relu, rei)]
    by = ["task.coordinates", "label"]
    columns = []
    for at_step in RANKS.values():
        rank = per_item(controls, RANK, by, at_step).mean(axis=1)
        columns.append([f"{rank[(at, a)]:.1f}, {rank[(at, b)]:.1f}" for at, a, b in pairs])
    for metric in METRICS.values():
        psnr = per_item(controls, metric, by)
        gains = [psnr.loc[(at, one)] - psnr.loc[(at, other)] for at, one, other in pairs]
        ps = max_t([list(item) for item in zip(*gains, strict=True)])
        columns += [[signed(summarise(gain)) for gain in gains], [f"{p:.2g}" for p in ps]]
    body = [
        [f"{one} − {other}" + (", on [0, 1)" if at == "unit" else ""), *cells]
        for (at, one, other), cells in zip(pairs, zip(*columns, strict=True), strict=True)
    ]
    items, seeds = (counted(controls.runs[name].nunique(), name) for name in ("item", "seed"))
    note = (
        f"PSNR of the first less that of the second, paired, over {items}, {seeds} averaged "
        f"within each; scale {controls.words('scale')}. Intervals: Student's t; p: sign flips, "
        "step-down max-T over the rows of a column. Rank of both: effective rank of the centred "
        "Z₀, at initialisation and after training."
    )
    return Table(HEADER, body, note)
