"""Writing an ONNX graph op by op: constants, linear maps at several precisions, and weights beside the file.

The graph of a step with its cache is small and regular, so it is written as it shall be run. A trace of the PyTorch
module would hold each matrix in its other layout, once more for each place of use, and all of it in memory.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal

import numpy as np
import onnx
from numpy.typing import DTypeLike, NDArray
from onnx import TensorProto, helper

from .quantizing import packed_blocks, signed_rows, unsigned_columns

OPSET: Final = 23
"""The first with an operator for attention with a cache."""
_CONTRIB: Final = "com.microsoft"
_IR_VERSION: Final = 10
_ALIGNMENT: Final = 4096
"""Of a matrix in the file of weights, so that it can be mapped into memory."""
_SMALL: Final = 1024
"""Bytes up to which a constant stays in the graph."""
BLOCK: Final = 32
"""Weights that share a scale in the weight-only precisions."""

Precision = Literal["float32", "float16", "int8-stored", "int8", "int8-dynamic", "int4"]
"""float16 is for GPUs. int8-stored is small on disk only: a byte a weight and a scale a row, which are multiplied when
the file is loaded, and float32 from there on. int8 and int4 keep the weights in blocks and compute as the processor
does it best; int8-dynamic rounds the activations too, to 8 bits a row."""
Array = NDArray[np.generic]
Dimension = int | str


class Graph:
    """A graph that is being written. Used as a context, it is saved at its end."""

    def __init__(self, path: Path, precision: Precision = "float32", *, beside: bool = False) -> None:
        """beside: whether weights go to a file of their own (`<name>.data`), as they must above 2 GB."""
        self.precision: Precision = precision
        self.kind = np.dtype(np.float16 if precision == "float16" else np.float32)
        self._path = path
        self._weights: IO[bytes] | None = path.with_name(path.name + ".data").open("wb") if beside else None
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, TensorProto] = {}
        self._unfolded: dict[str, str] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._weights is not None:
            self._weights.close()
        if error is None:
            self._save()

    def given(self, name: str, dtype: DTypeLike, shape: tuple[Dimension, ...]) -> str:
        """An input; names in the shape stand for lengths that may differ."""
        self._inputs.append(helper.make_tensor_value_info(name, _type(np.dtype(dtype)), shape))
        return name

    def made(self, value: str, name: str, dtype: DTypeLike, shape: tuple[Dimension, ...]) -> None:
        """Declare a value as an output of that name."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, _type(np.dtype(dtype)), shape))

    def constant(self, name: str, values: Array) -> str:
        """A tensor of the file; a name that was there before is the same tensor."""
        if name not in self._constants:
            tensor = TensorProto(name=name, data_type=_type(values.dtype), dims=values.shape)
            data = np.ascontiguousarray(values).tobytes()
            if self._weights is None or len(data) <= _SMALL:
                tensor.raw_data = data
            else:
                self._put_beside(tensor, data)
            self._constants[name] = tensor
        return name

    def weights(self, name: str, values: Array) -> str:
        """A constant in the graph's own kind of number; in half the room where that loses nothing, as with weights that
        were rounded before. It is unfolded when the file is loaded."""
        whole = values.astype(self.kind)
        with np.errstate(over="ignore"):
            half = whole.astype(np.float16)
        if self.kind == np.float16 or whole.nbytes <= _SMALL or not np.array_equal(half.astype(self.kind), whole):
            return self.constant(name, whole)
        if name not in self._unfolded:
            self._unfolded[name] = self.op("Cast", self.constant(name, half), to=TensorProto.FLOAT)
        return self._unfolded[name]

    def stored(self, name: str, values: NDArray[np.float32], *, transposed: bool = False) -> str:
        """A (rows, columns) matrix as `weights` has it, in precision int8-stored as bytes.

        transposed: give its transpose.
        """
        if self.precision != "int8-stored":
            return self.weights(name, values.T if transposed else values)
        if name not in self._unfolded:
            whole, scales = signed_rows(values)
            turned = (whole.T, scales[None]) if transposed else (whole, scales[:, None])
            bytes_, scale = (
                self.constant(f"{name}.{k}", np.ascontiguousarray(x))
                for k, x in zip(("int8", "scale"), turned, strict=True)
            )
            self._unfolded[name] = self.op("Mul", self.op("Cast", bytes_, to=TensorProto.FLOAT), scale)
        return self._unfolded[name]

    def whole(self, *numbers: int) -> str:
        """A (N,) constant of whole numbers."""
        return self.constant("int_" + "_".join(map(str, numbers)), np.array(numbers, np.int64))

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """One node with one output, whose name is given back."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """One node with several outputs."""
        names = [f"{kind}_{len(self._nodes)}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names

    def linear(self, x: str, name: str, weight: Array, bias: Array) -> str:
        """`x @ weight.T + bias`, weight (outputs, inputs) as PyTorch has it."""
        if self.precision in ("int8", "int4"):
            product = self._blockwise(x, name, weight.astype(np.float32))
        elif self.precision == "int8-dynamic":
            product = self._dynamic(x, name, weight.astype(np.float32))
        else:
            product = self.op("MatMul", x, self.stored(name, weight.astype(np.float32), transposed=True))
        return self.op("Add", product, self.weights(f"{name}.bias", bias))

    def norm(self, x: str, name: str, weight: Array, bias: Array) -> str:
        """Layer normalisation over the last axis."""
        scale, shift = self.weights(f"{name}.weight", weight), self.weights(f"{name}.bias", bias)
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-5)

    def _blockwise(self, x: str, name: str, weight: NDArray[np.float32]) -> str:
        bits = 4 if self.precision == "int4" else 8
        packed, scales = packed_blocks(weight, bits, BLOCK)
        outputs, inputs = weight.shape
        return self.op(
            "MatMulNBits", x, self.constant(name, packed), self.constant(f"{name}.scale", scales), domain=_CONTRIB,
            K=inputs, N=outputs, bits=bits, block_size=BLOCK, accuracy_level=4,
        )  # fmt: skip

    def _dynamic(self, x: str, name: str, weight: NDArray[np.float32]) -> str:
        values, scales = unsigned_columns(weight)
        matrix = self.constant(name, values)
        middle = self.constant("middle", np.array(128, np.uint8))
        rounded, scale, zero = self.ops("DynamicQuantizeLinear", x, outputs=3)
        product = self.op("MatMulInteger", rounded, matrix, zero, middle)
        both = self.op("Mul", self.constant(f"{name}.scale", scales), scale)
        return self.op("Mul", self.op("Cast", product, to=TensorProto.FLOAT), both)

    def _put_beside(self, tensor: TensorProto, data: bytes) -> None:
        assert self._weights is not None
        at = -(-self._weights.tell() // _ALIGNMENT) * _ALIGNMENT
        self._weights.seek(at)
        self._weights.write(data)
        tensor.data_location = TensorProto.EXTERNAL
        where = {"location": self._path.name + ".data", "offset": str(at), "length": str(len(data))}
        for key, value in where.items():
            tensor.external_data.add(key=key, value=value)

    def _save(self) -> None:
        graph = helper.make_graph(
            self._nodes, self._path.stem, self._inputs, self._outputs, list(self._constants.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(_CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="signwright")
        self._path.write_bytes(model.SerializeToString())


def _type(dtype: np.dtype) -> int:
    return helper.np_dtype_to_tensor_dtype(dtype)
