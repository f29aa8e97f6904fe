"""Rounding the weights of linear maps, in the layouts that ONNX Runtime's operators read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def packed_blocks(weight: NDArray[np.float32], bits: int, block: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Weight (N, K) as `MatMulNBits` has it: (N, K / block, bytes) and the (N * K / block) scales.

    Symmetric about the middle of the range, so that no zero points are needed; the largest of a block by size takes
    the end of the range that reaches one step further. bits: 4 (two a byte, the first in the lower half) or 8.
    """
    outputs, inputs = weight.shape
    if inputs % block:
        raise ValueError(f"{inputs} inputs can't be split into blocks of {block}.")
    blocks = weight.reshape(outputs, inputs // block, block)
    middle = 1 << (bits - 1)
    at = np.abs(blocks).argmax(axis=2, keepdims=True)
    scales = np.take_along_axis(blocks, at, axis=2) / -middle
    divisors = np.where(scales == 0, 1, scales)
    values = np.clip(np.rint(blocks / divisors) + middle, 0, 2 * middle - 1).astype(np.uint8)
    if bits == 4:
        values = np.bitwise_or(values[..., ::2], np.left_shift(values[..., 1::2], 4, dtype=np.uint8), dtype=np.uint8)
    return values, scales.reshape(-1).astype(np.float32)


def signed_rows(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Weight (N, K) as whole numbers from -127 to 127 and a scale (N,) for each row."""
    scales = (np.abs(weight).max(axis=1) / 127).astype(np.float32)
    return np.rint(weight / np.where(scales == 0, 1, scales)[:, None]).astype(np.int8), scales


def unsigned_columns(weight: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Weight (N, K) as (K, N) bytes about 128 and a scale (N,) for each output.

    Unsigned, as the signed product saturates on processors without VNNI.
    """
    scales = np.abs(weight).max(axis=1) / 127
    values = np.rint(weight / np.where(scales == 0, 1, scales)[:, None]) + 128
    return np.ascontiguousarray(values.astype(np.uint8).T), scales.astype(np.float32)
