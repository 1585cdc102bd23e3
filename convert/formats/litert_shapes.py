"""LiteRT files whose networks run at any size: operations that hold a fixed size give way to others.

A runtime may give a network's inputs another size (`edge.bundle.manifest.Artifact.resizes`). Convolutions
and sums follow; `TRANSPOSE_CONV` and `RESIZE_NEAREST_NEIGHBOR` hold the size of their output as a constant.
Both are `DEPTH_TO_SPACE` of something without one: of four convolutions, or of four copies.
"""

from __future__ import annotations

import copy
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.formats.litert_file import operation_kind, write_model
from convert.formats.quantizer import read_model

KERNEL, STRIDE = 4, 2
"""Of the transposed convolutions that are rewritten: the detector's stem is the only one."""

ROWS = ((3, 1), (2, 0))
"""Rows of its kernel that reach even and odd output rows, in the order of the two input rows read."""

PART = "part"
"""Begins what is added to the name of a convolution's output for those that take its place."""

MARGINS = ((1, 0), (0, 1))
"""Rows of zeros before and after the input that the two read."""


def free_sizes(path: Path) -> None:
    """Rewrite all functions of the file at ``path``, in place. What can't be rewritten stays as it is."""
    model = read_model(path)
    editor = _Editor(model)
    for graph in model.subgraphs:
        editor.rewrite(graph)
    write_model(model, path)


class _Editor:
    """Adds operations to a file's graphs; constants are shared between its functions."""

    def __init__(self, model: Any) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema = schema
        self._model = model
        self._buffers: dict[tuple[int, int, int], int] = {}
        self._graph: Any = None

    def rewrite(self, graph: Any) -> None:
        self._graph = graph
        rewritten = []
        for entry in graph.operators:
            kind = operation_kind(self._model, entry)
            if kind == "RESIZE_NEAREST_NEIGHBOR" and self._doubles(entry.inputs[0], entry.outputs[0]):
                # Every value four times: beside and below itself.
                rewritten += self._spread([entry.inputs[0]] * 4, entry.outputs[0])
            elif kind == "TRANSPOSE_CONV" and self._is_stem(entry):
                rewritten += self._convolutions(entry)
            else:
                rewritten.append(entry)
        graph.operators = rewritten

    def _doubles(self, source: int, target: int) -> bool:
        before, after = self._shape(source), self._shape(target)
        return after[1:3] == [2 * before[1], 2 * before[2]]

    def _is_stem(self, entry: Any) -> bool:
        _, weights, source, *_ = entry.inputs
        options, kernel = entry.builtinOptions, self._graph.tensors[weights]
        return bool(
            self._doubles(source, entry.outputs[0])
            and self._shape(weights)[1:3] == [KERNEL, KERNEL]
            and (options.strideH, options.strideW) == (STRIDE, STRIDE)
            and kernel.type == self._schema.TensorType.FLOAT32
        )

    def _convolutions(self, entry: Any) -> list[Any]:
        """A transposed convolution as four, each for the output pixels of one parity in rows and columns.

        With a padding of 1, output row ``2 p`` is the kernel's row 3 times input row ``p - 1`` and row 1
        times ``p``; output row ``2 p + 1`` is row 2 times ``p`` and row 0 times ``p + 1``.
        """
        _, weights, source, *bias = entry.inputs
        target, options = entry.outputs[0], entry.builtinOptions
        _, rows, columns, channels = self._shape(source)
        buffer = self._graph.tensors[weights].buffer
        stored = np.frombuffer(self._model.buffers[buffer].data, np.float32)
        kernel = stored.reshape(self._shape(weights))
        added, parts = [], []
        for row, column in product((0, 1), repeat=2):
            margins = np.array([(0, 0), MARGINS[row], MARGINS[column], (0, 0)], np.int32)
            pads = self._constant(margins, weights, (-1, row, column))
            padded = self._tensor(source, f"padded{row}{column}", [1, rows + 1, columns + 1, channels])
            added.append(self._operation("PAD", [source, pads], padded, self._schema.PadOptionsT()))
            conv = self._schema.Conv2DOptionsT()
            conv.padding = self._schema.Padding.VALID
            conv.strideH = conv.strideW = conv.dilationHFactor = conv.dilationWFactor = 1
            conv.fusedActivationFunction = options.fusedActivationFunction
            own = self._constant(kernel[:, ROWS[row]][:, :, ROWS[column]], weights, (buffer, row, column))
            part = self._tensor(target, f"{PART}{row}{column}", [1, rows, columns, len(kernel)])
            added.append(self._operation("CONV_2D", [padded, own, *bias], part, conv))
            parts.append(part)
        return added + self._spread(parts, target)

    def _spread(self, parts: list[int], target: int) -> list[Any]:
        """``parts`` are the upper left, upper right, lower left and lower right pixel of each square."""
        rows, columns, channels = self._shape(parts[0])[1:]
        together = self._tensor(target, "together", [1, rows, columns, 4 * channels])
        concatenation = self._schema.ConcatenationOptionsT()
        concatenation.axis = 3
        depth_to_space = self._schema.DepthToSpaceOptionsT()
        depth_to_space.blockSize = STRIDE
        return [
            self._operation("CONCATENATION", parts, together, concatenation),
            self._operation("DEPTH_TO_SPACE", [together], target, depth_to_space),
        ]

    def _shape(self, index: int) -> list[int]:
        return [int(side) for side in self._graph.tensors[index].shape]

    def _tensor(self, like: int, name: str, shape: list[int]) -> int:
        """A new tensor of the type and scale of the tensor ``like``."""
        made = copy.copy(self._graph.tensors[like])
        made.name, made.shape, made.shapeSignature = made.name + b"_" + name.encode(), shape, None
        self._graph.tensors.append(made)
        return len(self._graph.tensors) - 1

    def _constant(self, values: NDArray[Any], like: int, key: tuple[int, int, int]) -> int:
        """A tensor of fixed ``values``; those of one ``key`` share their buffer."""
        if key not in self._buffers:
            buffer = self._schema.BufferT()
            buffer.data = values.tobytes()
            self._model.buffers.append(buffer)
            self._buffers[key] = len(self._model.buffers) - 1
        index = self._tensor(like, "".join(map(str, key)), list(values.shape))
        kinds = {"float32": self._schema.TensorType.FLOAT32, "int32": self._schema.TensorType.INT32}
        self._graph.tensors[index].type = kinds[values.dtype.name]
        self._graph.tensors[index].buffer = self._buffers[key]
        return index

    def _operation(self, kind: str, inputs: list[int], output: int, options: Any) -> Any:
        made = self._schema.OperatorT()
        made.opcodeIndex = self._code(getattr(self._schema.BuiltinOperator, kind))
        made.inputs, made.outputs, made.builtinOptions = inputs, [output], options
        name = type(options).__name__.removesuffix("T")
        made.builtinOptionsType = getattr(self._schema.BuiltinOptions, name)
        return made

    def _code(self, builtin: int) -> int:
        """The index of the operation in the file's list; added if it is not there."""
        for index, code in enumerate(self._model.operatorCodes):
            if code.builtinCode == builtin:
                return index
        code = self._schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 2
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1
