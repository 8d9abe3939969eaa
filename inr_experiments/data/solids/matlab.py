"""Arrays of numbers in MATLAB's files of version 5 to 7."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...checks import InputError

#: Types of a data element; those that are numbers, as numpy's.
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4"}
NUMBERS |= {7: "f4", 9: "f8", 12: "i8", 13: "u8"}
#: Classes of arrays of numbers, and the flag of those that have an imaginary part.
NUMERIC, IMAGINARY = range(6, 16), 0x0800
#: An array's flags, shape and name, and where its values begin, lie within so many bytes.
HEAD = 2**12


class Stored(NamedTuple):
    """An array in a file: its shape, type, and where its values lie, packed or not.

    `at` counts from the array's own start, once it is unpacked.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    at: int
    content: memoryview
    packed: bool

    def read(self) -> npt.NDArray:
        """The values, of as many bytes as shape and type ask for.

        Raises:
            ValueError, zlib.error: if there are fewer.
        """
        size = int(np.prod(self.shape, dtype=object))
        end = self.at + size * self.dtype.itemsize
        whole = zlib.decompressobj().decompress(self.content, end) if self.packed else self.content
        return np.frombuffer(whole, self.dtype, size, self.at).reshape(self.shape, order="F")


def stored_arrays(path: Path) -> dict[str, Stored]:
    """The arrays of real numbers of a file, by name; structures, text and others are passed over.

    Nothing is unpacked yet but what stands before the values. Written after the format's
    description, as the readers that there are end the whole process over some damaged files.

    Raises:
        InputError: if it is of another version, or cut off.
    """
    content = memoryview(path.read_bytes())
    order = {b"IM": "<", b"MI": ">"}.get(bytes(content[126:128]))
    if order is None or content[124:126] != struct.pack(f"{order}H", 0x0100):
        known = {b"\2\0": "7.3", b"\0\2": "7.3"}.get(bytes(content[124:126])) if order else None
        raise InputError(
            f"{path}: MATLAB {known or 'of an unknown version'} is not read; expected a file saved "
            "with -v7"
        )
    try:
        return dict(_arrays(content[128:], order))
    except (struct.error, zlib.error, ValueError, TypeError, OverflowError) as error:
        raise InputError(
            f"{path}: ends or errs among its arrays ({error}); expected a complete file"
        ) from error


def _arrays(content: memoryview, order: str) -> Iterator[tuple[str, Stored]]:
    while len(content):
        kind, body, content = _element(content, order)
        head = body
        if packed := kind == COMPRESSED:
            head = memoryview(zlib.decompressobj().decompress(body, HEAD))
            kind, size = struct.unpack_from(f"{order}II", head)
            head = head[8 : 8 + size]
        found = _described(head, order) if kind == MATRIX and len(head) else None
        if found is not None:
            name, shape, dtype, at = found
            yield name, Stored(shape, dtype, at + 8 * packed, body, packed)


def _described(head: memoryview, order: str) -> tuple[str, tuple[int, ...], np.dtype, int] | None:
    """Name, shape and type of an array, and where its values begin; None for no real numbers."""
    start = len(head)
    _, flags, head = _element(head, order)
    (word,) = struct.unpack_from(f"{order}I", flags)
    if word & 0xFF not in NUMERIC or word & IMAGINARY:
        return None
    _, shape, head = _element(head, order)
    _, name, head = _element(head, order)
    kind, _, at = _tag(head, order)
    if kind not in NUMBERS:
        raise ValueError(f"values of type {kind}")
    sides = struct.unpack(f"{order}{len(shape) // 4}i", shape)
    where = start - len(head) + at
    return bytes(name).decode("latin-1"), sides, np.dtype(order + NUMBERS[kind]), where


def _tag(content: memoryview, order: str) -> tuple[int, int, int]:
    """Type, bytes and start of an element: four bytes or fewer stand in the tag itself."""
    kind, size = struct.unpack_from(f"{order}II", content)
    return (kind & 0xFFFF, kind >> 16, 4) if kind >> 16 else (kind, size, 8)


def _element(content: memoryview, order: str) -> tuple[int, memoryview, memoryview]:
    """The type and the bytes of an element, and what follows it, on a multiple of 8 bytes."""
    kind, size, at = _tag(content, order)
    if size > len(content) - at:
        raise ValueError(f"{size} bytes announced, {len(content) - at} held")
    end = at + size if kind == COMPRESSED else -(-(at + size) // 8) * 8
    return kind, content[at : at + size], content[end:]
