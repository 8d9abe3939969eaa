"""Inpainting, super-resolution and denoising: PSNR of what was not given, six methods of one size.

Held-out pixels of the first two, the clean picture of the last; below, rows without a network.
"""

from inr_experiments.reporting import tables
from inr_experiments.reporting.tables import Table
from inr_experiments.runs.frame import Frame

READS = ("tasks",)

#: The metric that a task is judged by.
METRICS = {"inpainting": "psnr_heldout", "super_resolution": "psnr_heldout", "denoising": "psnr"}


def rows(tasks: Frame) -> Table:
    listed = [tables.rows(tasks.where(task=task), metric) for task, metric in METRICS.items()]
    header = ["method"]
    for task in METRICS:
        header += [f"{task.replace('_', '-')} ± std", "against ReLU, 95 %", "p (max-T)"]
    body = [
        [name, *(cell for own in listed for cell in tables.cells(own.get(name))[:3])]
        for name in dict.fromkeys(name for own in listed for name in own)
    ]
    note = (
        f"{tables.caption(tasks, 'PSNR', 'dB, clamped')} p is within a task. Inpainting: a fifth "
        "of the pixels; super-resolution: every second along both axes; denoising: noise of 0.1 "
        "on all pixels. The last rows need no network."
    )
    return Table(header, body, note)
