"""Rounded weights stay near, in the layouts that ONNX Runtime reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from export.soke.quantizing import packed_blocks, unsigned_columns


def weights(seed: int, outputs: int, inputs: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    made = rng.standard_normal((outputs, inputs), dtype=np.float32) * rng.uniform(0.001, 10.0)
    made[rng.random(made.shape) < 0.1] = 0.0
    return made.astype(np.float32)


def unpacked(values: NDArray[np.uint8], scales: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """The (N, K) weights that packed blocks stand for."""
    if bits == 4:
        values = np.stack([values & 15, values >> 4], axis=-1).reshape(*values.shape[:2], -1)
    blocks = (values.astype(np.float32) - (1 << (bits - 1))) * scales.reshape(*values.shape[:2], 1)
    return blocks.reshape(len(values), -1)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), outputs=st.integers(1, 9), blocks=st.integers(1, 5), bits=st.sampled_from([4, 8]))
def test_a_weight_is_off_by_a_step_of_its_block_at_most(seed: int, outputs: int, blocks: int, bits: int) -> None:
    given = weights(seed, outputs, 32 * blocks)
    packed, scales = packed_blocks(given, bits, 32)
    assert packed.shape == (outputs, blocks, 32 * bits // 8)
    assert (packed.dtype, scales.dtype, scales.shape) == (np.uint8, np.float32, (outputs * blocks,))
    error = np.abs(unpacked(packed, scales, bits) - given).reshape(outputs, blocks, 32)
    steps = np.abs(scales).reshape(outputs, blocks, 1)
    # the end of the range that has a step less is cut
    assert (error <= 1.001 * steps + 1e-12).all()
    assert (error <= 0.501 * steps + 1e-12).mean() > 0.9


@pytest.mark.parametrize("bits", [4, 8])
def test_zeros_stay_zeros(bits: int) -> None:
    packed, scales = packed_blocks(np.zeros((3, 64), np.float32), bits, 32)
    assert not unpacked(packed, scales, bits).any()


def test_inputs_that_are_no_whole_blocks_are_refused() -> None:
    with pytest.raises(ValueError, match="40 inputs"):
        packed_blocks(np.zeros((2, 40), np.float32), 8, 32)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), outputs=st.integers(1, 9), inputs=st.integers(1, 50))
def test_bytes_about_the_middle_are_off_by_half_a_step_at_most(seed: int, outputs: int, inputs: int) -> None:
    given = weights(seed, outputs, inputs)
    values, scales = unsigned_columns(given)
    assert (values.shape, values.dtype) == ((inputs, outputs), np.uint8)
    back = (values.astype(np.float32).T - 128) * scales[:, None]
    assert (np.abs(back - given) <= 0.501 * scales[:, None] + 1e-12).all()
