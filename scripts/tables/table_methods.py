"""The field's methods at the default's number of parameters: fitted and held-out PSNR, SSIM, cost.

Paired differences to the default and to SIREN; below, interpolation of the fitted pixels.
"""

from inr_experiments.reporting import tables
from inr_experiments.reporting.gains import per_item
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("methods",)

#: What a method is held against, by the name of its model.
AGAINST = {"ReLU": "relu", "SIREN": "siren"}
METRICS = {"fitted": "psnr", "held out": "psnr_heldout"}


def rows(methods: Frame) -> Table:
    listed = {
        (metric, name): {row.label: row for row in tables.rows(methods, metric, reference=model)}
        for metric in METRICS.values()
        for name, model in AGAINST.items()
    }
    ssim = per_item(methods, "ssim").mean(axis=1)
    runs = methods.runs.groupby("label", sort=False)
    counts, seconds = runs["parameters"].first(), runs["seconds"].mean()
    header = ["method", "parameters"]
    for name in METRICS:
        header += [f"{name} ± std"]
        for other in AGAINST:
            header += [f"against {other}, 95 %", "p (max-T)"]
    body = [
        [
            label,
            f"{counts[label]:,}",
            *compared(listed, label),
            f"{ssim[label]:.3f}",
            f"{seconds[label]:.0f}",
        ]
        for label in methods.labels
    ]
    without = {
        ("psnr_heldout", name): {
            row.label: row
            for row in tables.rows_without_network(methods, "psnr_heldout", reference=model)
        }
        for name, model in AGAINST.items()
    }
    body += [
        [label, "–", *compared(without, label), "–", "–"]
        for label in without["psnr_heldout", "ReLU"]
    ]
    note = (
        f"{tables.caption(methods, 'PSNR', 'dB, clamped')} Parameters: numbers trained, a complex "
        "one is two. seconds: of the fit, mean. Each at the best rate of `tune`."
    )
    return Table([*header, "SSIM", "seconds"], body, note)


def compared(listed: dict, label: str) -> list[str]:
    """The cells of both metrics: the mean, and beside it difference and p to each reference."""
    found = []
    for metric in METRICS.values():
        own = [listed.get((metric, name), {}).get(label) for name in AGAINST]
        cells = [tables.cells(row) if row else ["–"] * 3 for row in own]
        found += [cells[0][0], *(cell for row in cells for cell in row[1:3])]
    return found
