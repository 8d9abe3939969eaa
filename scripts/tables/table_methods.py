"""The field's methods at the default's number of parameters: fitted and held-out PSNR, SSIM, cost.

Paired differences to the default and to SIREN; below, interpolation of the fitted pixels.
"""

from inr_experiments.reporting import tables
from inr_experiments.reporting.gains import Row, per_item
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("methods",)

#: What a method is held against, by the name of its model.
AGAINST = {"ReLU": "relu", "SIREN": "siren"}
METRICS = {"fitted": "psnr", "held out": "psnr_heldout"}


def rows(methods: Frame) -> Table:
    listed = {
        metric: [tables.rows(methods, metric, reference=model) for model in AGAINST.values()]
        for metric in METRICS.values()
    }
    ssim = per_item(methods, "ssim").mean(axis=1)
    runs = methods.runs.groupby("label", sort=False)
    counts, seconds = runs["parameters"].first(), runs["seconds"].median()
    header = ["method", "parameters"]
    for name in METRICS:
        header += [f"{name} ± std"]
        for other in AGAINST:
            header += [f"against {other}, 95 %", "p (max-T)"]
    body = [
        [
            name,
            f"{counts[name]:,}" if row.network else "–",
            *(cell for sides in listed.values() for cell in compared(sides, name)),
            f"{ssim[name]:.3f}" if row.network else "–",
            f"{seconds[name]:.0f}" if row.network else "–",
        ]
        for name, row in listed["psnr_heldout"][0].items()
    ]
    note = (
        f"{tables.caption(methods, 'PSNR', 'dB, clamped')} Parameters: numbers in the network, a "
        "complex one is two. seconds: of the fit, median. Each at the best rate of `tune`."
    )
    return Table([*header, "SSIM", "seconds"], body, note)


def compared(sides: list[dict[str, Row]], name: str) -> list[str]:
    """The cells of a metric: the mean, and beside it difference and p to each reference."""
    cells = [tables.cells(side.get(name)) for side in sides]
    return [cells[0][0], *(cell for own in cells for cell in own[1:3])]
