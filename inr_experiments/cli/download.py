"""`inr-download`: bring the data that is not in the package, or check what is there."""

import argparse
from collections.abc import Sequence

from ..checks import InputError, choice
from ..data.download.catalogue import CATALOGUE, GROUPS, Item
from ..data.download.install import check, install
from ..errors import exit_on_error
from ..paths import data_dir

#: What `--check` finds that somebody must mend.
WRONG = ("changed", "gone", "incomplete")


def main(arguments: Sequence[str] | None = None, *, catalogue: Sequence[Item] = CATALOGUE) -> None:
    """Bring groups of data into the data folder, or check it."""
    parser = argparse.ArgumentParser(
        prog="inr-download",
        description="Bring data into $INR_DATA (default: ~/.local/share/inr_experiments).",
        epilog="An interrupted download goes on where it stopped. For thai_statue no public link "
        "is known: the command says which file to put where, and converts it.",
    )
    parser.add_argument("what", nargs="*", help=f"one or more of: {', '.join(GROUPS)}")
    parser.add_argument(
        "--shape",
        action="append",
        metavar="NAME",
        help=f"one of {', '.join(scans(catalogue))}; can be repeated",
    )
    parser.add_argument("--check", action="store_true", help="verify what is there")
    parser.add_argument("--force", action="store_true", help="make anew what is there")
    parser.add_argument("--keep", action="store_true", help="keep the archives")
    options = parser.parse_intermixed_args(arguments)
    with exit_on_error("inr-download"):
        items = chosen(options.what, options.shape, catalogue)
        if options.check:
            verify(items or list(catalogue), everything=not items)
        elif not items:
            raise InputError(f"expected at least one of {', '.join(GROUPS)}, or --check")
        else:
            bring(items, keep=options.keep, force=options.force)


def chosen(
    groups: Sequence[str], shapes: Sequence[str] | None, catalogue: Sequence[Item]
) -> list[Item]:
    """The items of some groups; of the scans only `shapes`, where given."""
    for group in groups:
        choice("inr-download", group, GROUPS)
    for shape in shapes or ():
        choice("--shape", shape, scans(catalogue))
    if shapes and "scans" not in groups:
        raise InputError(f"--shape={shapes[0]}: expected only with scans")
    return [
        item
        for item in catalogue
        if item.group in groups and (item.group != "scans" or not shapes or item.name in shapes)
    ]


def scans(catalogue: Sequence[Item]) -> list[str]:
    """The names of Stanford's scans."""
    return [item.name for item in catalogue if item.group == "scans"]


def bring(items: Sequence[Item], *, keep: bool, force: bool) -> None:
    """Install the items one after the other."""
    for item in items:
        made = install(item, data_dir(), keep=keep, force=force)
        if made:
            print(f"{item.name}: {len(made)} in {made[0].parent} ({item.terms})")
        else:
            print(f"{item.name}: there already; --force makes it anew")


def verify(items: Sequence[Item], *, everything: bool) -> None:
    """Print the state of what is there; an `InputError` where something is wrong."""
    folder = data_dir()
    found = list(check(folder, items, everything=everything))
    for state, name in found:
        print(f"{state:<10}  {name}")
    wrong = sum(state in WRONG for state, _ in found)
    if wrong:
        raise InputError(f"{folder}: {wrong} of {len(found)} entries are not as they should be")
