"""The memory that there is, and the refusal of what does not fit."""

import os
from pathlib import Path

import torch

from .checks import InputError

GIB = 1024**3
CPU = torch.device("cpu")


def available(device: torch.device) -> float:
    """Free bytes on a device; on the CPU within the limit of the container, where there is one."""
    if device.type == "cuda":
        # What torch holds and does not use it gives back before it runs out.
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return float(torch.cuda.mem_get_info(device)[0] + held)
    amounts = [_meminfo(), _container()]
    known = [amount for amount in amounts if amount is not None]
    return min(known) if known else _physical() / 2


def require(
    needed: float, device: torch.device = CPU, *, limit: float | None = None, what: str
) -> None:
    """Refuse what needs more bytes than `limit`, by default what is free.

    Raises:
        InputError: with the size and `what`, which ends in the way out.
    """
    free = available(device) if limit is None else limit
    if needed > free:
        size, room = needed / GIB, free / GIB
        raise InputError(f"{size:.3g} GiB needed, {room:.3g} GiB free: {what}")


def _meminfo() -> float | None:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def _container() -> float | None:
    """The bytes that a control group of Linux leaves, or None without a limit."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        if limit == "max":
            return None
        used = float((group / "memory.current").read_text(encoding="ascii"))
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
        # Cached files that nothing has touched lately make way for whoever asks.
        cached = float(dict(line.split() for line in lines)["inactive_file"])
        return max(0.0, float(limit) - used + cached)
    except (OSError, ValueError, KeyError):
        return None


def _physical() -> float:
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
