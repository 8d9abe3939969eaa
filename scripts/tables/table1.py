"""Table 1 for images: `table1.py FRAME OUT` writes it as text, Markdown and LaTeX."""

import sys
from pathlib import Path

from inr_experiments.commands.door import door
from inr_experiments.reporting import tables
from inr_experiments.reporting.labels import method
from inr_experiments.runs.frame import read_frame


def main(frame_path: str, out: str) -> None:
    frame = read_frame(Path(frame_path))
    real = set(frame["task"]) == {"div2k"}
    note = tables.caption(frame, "psnr", "dB, fitted pixels, clamped")
    if not real:
        note += (
            " These are not the paper's images: published values stand beside, not for comparison."
        )
    body = [
        tables.cells(row, published=lambda name: method(name).published_psnr)
        for row in tables.rows(frame, "psnr", reference="relu")
    ]
    tables.write(Path(out), tables.HEADER, body, note)


if __name__ == "__main__":
    with door("table1"):
        main(*sys.argv[1:])
