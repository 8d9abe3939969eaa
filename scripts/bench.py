"""Measured claims: `python scripts/bench.py NAME [--quick] [--out FOLDER]`.

Ratios of a subject to a reference in one process, medians of several runs. A new bench is a
module of scripts/benches with `rows(quick)`, and a line in BENCHES; `all` runs one after the other.
"""

import argparse
import importlib
import json
import os
from pathlib import Path

from inr_experiments.errors import exit_on_error
from inr_experiments.paths import user_path

BENCHES = {
    "fit": "a step against a plain loop and the machine's peak, REI and ReLU in turn, memory, cost",
    "ntk": "layer-wise NTK against torch.func, its cost against N, and the matrix-free NTK",
    "occupancy": "labels, fit and grid points a second, and the memory of a dense evaluation",
    "startup": "help, a smoke run beside its fit, a finished sweep asked again, inr-collect",
    "sweep": "8 laptop fits in two processes against one of two threads",
    "parity": "PSNR in bfloat16 (on a GPU also TF32) against float32, model by model",
    "gpu": "a GPU's limits, a step of each model and method against a plain loop, a run, a sweep",
    "sizes": "a picture of 100 megapixels, a mesh of 5 million faces, 2000 pictures: time, memory",
    "spectrum": "singular values of a tall matrix against torch.linalg.svdvals",
}


def main() -> None:
    """Run the benches that are asked for, print their tables, and write files where asked."""
    parser = argparse.ArgumentParser(
        prog="bench.py",
        description=__doc__.split("\n\n")[0] if __doc__ else None,
        epilog="; ".join(f"{name}: {what}" for name, what in BENCHES.items()),
    )
    parser.add_argument("name", choices=[*BENCHES, "all"])
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all")
    parser.add_argument(
        "--out", type=user_path, help="write NAME.jsonl, and cost against size, here"
    )
    options = parser.parse_args()
    with exit_on_error("bench.py"):
        import torch

        cores = f"{torch.get_num_threads()} threads, {os.cpu_count()} cores"
        print(f"torch {torch.__version__}, {cores}")
        for name in BENCHES if options.name == "all" else [options.name]:
            run(name, options.quick, options.out)


def run(name: str, quick: bool, out: Path | None) -> None:
    """One bench: print its rows and summary, write and draw them where asked."""
    bench = importlib.import_module(f"benches.{name}")
    if hasattr(bench, "why_not") and (why := bench.why_not()) is not None:
        print(why)
        return
    rows = []
    for row in bench.rows(quick=quick):
        rows.append(row)
        print(row.line(), flush=True)
    if hasattr(bench, "summary"):
        print(bench.summary(rows))
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row.record(), ensure_ascii=False) for row in rows]
    (out / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if hasattr(bench, "plot"):
        bench.plot(rows, out / f"{name}_cost")


if __name__ == "__main__":
    main()
