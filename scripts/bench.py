"""Measured claims: `python scripts/bench.py NAME [--quick] [--json FILE] [--plot FILE]`.

Ratios of a subject to a reference in one process, medians of five runs or more. A new bench is a
module of scripts/benches with `rows(quick)`, and a line in BENCHES; `all` runs one after the other.
"""

import argparse
import importlib
import json
import os
from pathlib import Path

from benches.timing import Row

BENCHES = {
    "fit": "a step against a plain loop and the machine's peak, memory, cost against size",
    "ntk": "layer-wise NTK against torch.func, its cost against N, and the matrix-free NTK",
    "occupancy": "labels, fit and grid points a second, and the memory of a dense evaluation",
    "startup": "help, a smoke run beside its fit, a finished sweep asked again, inr-collect",
    "sweep": "8 laptop fits in two processes against one of two threads",
    "parity": "PSNR in bfloat16 against float32, model by model",
    "spectrum": "singular values of a tall matrix against torch.linalg.svdvals",
}
#: Those that draw cost against size.
PLOTS = ("fit", "ntk")


def main() -> None:
    """Run one bench, print its table, and append JSON Lines where asked."""
    parser = argparse.ArgumentParser(
        prog="bench.py",
        description=__doc__.split("\n\n")[0] if __doc__ else None,
        epilog="; ".join(f"{name}: {what}" for name, what in BENCHES.items()),
    )
    parser.add_argument("name", choices=[*BENCHES, "all"])
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all")
    parser.add_argument("--json", type=Path, help="write one JSON object a line to this file")
    parser.add_argument("--plot", type=Path, help="draw cost against size: fit, ntk")
    options = parser.parse_args()

    if options.plot is not None and options.name not in PLOTS:
        parser.error(f"--plot: expected one of {', '.join(PLOTS)}")
    import torch

    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {os.cpu_count()} cores")
    names = list(BENCHES) if options.name == "all" else [options.name]
    rows = [row for name in names for row in run(name, options)]
    if options.json is not None:
        lines = [json.dumps(row.record(), ensure_ascii=False) for row in rows]
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(name: str, options: argparse.Namespace) -> list[Row]:
    """One bench: print its rows and summary, draw where asked."""
    bench = importlib.import_module(f"benches.{name}")
    rows = []
    for row in bench.rows(quick=options.quick):
        rows.append(row)
        print(row.line(), flush=True)
    if hasattr(bench, "summary"):
        print(bench.summary(rows))
    if options.plot is not None:
        bench.plot(rows, options.plot)
    return rows


if __name__ == "__main__":
    main()
