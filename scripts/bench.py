"""Measured claims: `python scripts/bench.py NAME [--quick] [--json FILE] [--plot FILE]`.

Ratios of a subject to a reference in one process, medians of five runs or more. A new bench is a
module of scripts/benches with `rows(quick)`, and a line in BENCHES.
"""

import argparse
import importlib
import json
import os
from pathlib import Path

BENCHES = {
    "ntk": "layer-wise NTK against torch.func, its cost against N, and the matrix-free NTK",
    "occupancy": "labels, fit and grid points a second, and the memory of a dense evaluation",
    "spectrum": "singular values of a tall matrix against torch.linalg.svdvals",
}


def main() -> None:
    """Run one bench, print its table, and append JSON Lines where asked."""
    parser = argparse.ArgumentParser(
        prog="bench.py",
        description=__doc__.split("\n\n")[0] if __doc__ else None,
        epilog="; ".join(f"{name}: {what}" for name, what in BENCHES.items()),
    )
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all")
    parser.add_argument("--json", type=Path, help="write one JSON object a line to this file")
    parser.add_argument("--plot", type=Path, help="draw cost against N, where the bench has it")
    options = parser.parse_args()

    import torch

    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {os.cpu_count()} cores")
    bench = importlib.import_module(f"benches.{options.name}")
    rows = []
    for row in bench.rows(quick=options.quick):
        rows.append(row)
        print(row.line(), flush=True)
    if hasattr(bench, "summary"):
        print(bench.summary(rows))
    if options.json is not None:
        lines = [json.dumps(row.record(), ensure_ascii=False) for row in rows]
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if options.plot is not None:
        if not hasattr(bench, "plot"):
            parser.error(f"--plot: {options.name} has nothing to draw")
        bench.plot(rows, options.plot)


if __name__ == "__main__":
    main()
