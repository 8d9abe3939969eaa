"""Inpainting, super-resolution and denoising: PSNR of what was not given, six methods of one size.

Held-out pixels of the first two, the clean picture of the last; below, rows without a network.
"""

from inr_experiments.reporting import tables
from inr_experiments.reporting.tables import Row, Table
from inr_experiments.runs.frame import Frame

READS = ("tasks",)

#: The metric that a task is judged by.
METRICS = {"inpainting": "psnr_heldout", "super_resolution": "psnr_heldout", "denoising": "psnr"}


def rows(tasks: Frame) -> Table:
    frames = {task: tasks.where(task=task) for task in METRICS}
    listed: dict[str, dict[str, Row]] = {}
    for task, metric in METRICS.items():
        own = tables.rows(frames[task], metric)
        own += tables.rows_without_network(frames[task], metric)
        for row in own:
            listed.setdefault(row.label, {})[task] = row
    header = ["method"]
    for task in METRICS:
        header += [f"{task.replace('_', '-')} ± std", "against ReLU, 95 %", "p (max-T)"]
    body = [
        [label, *(cell for task in METRICS for cell in cells(own.get(task)))]
        for label, own in listed.items()
    ]
    note = (
        f"{tables.caption(tasks, 'PSNR', 'dB, clamped')} p is within a task. Inpainting: a fifth "
        "of the pixels; super-resolution: every second along both axes; denoising: noise of 0.1 "
        "on all pixels. The last rows need no network."
    )
    return Table(header, body, note)


def cells(row: Row | None) -> list[str]:
    """Mean, difference and p; dashes where a task has no such row."""
    return tables.cells(row)[:3] if row else ["–"] * 3
