"""Functions, tensors and operations of a LiteRT file.

One file holds a part in all tile sizes, one function (LiteRT's signature) for each, on the same weights.
The functions' tensors bear the same names behind the function's own: ``tile_64x64/args_0``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert.errors import OperationRefused
from convert.formats.quantizer import read_model
from edge.files import written_beside

ALLOWED: dict[str, str] = {
    "CONV_2D": "the networks themselves",
    "ADD": "residual blocks",
    "MUL": "the global branch's gate, the face network's steering",
    "RELU": "fused into convolutions almost everywhere",
    "RELU6": "the global branch's gate",
    "RESIZE_BILINEAR": "the face network's growing maps",
    "FULLY_CONNECTED": "keys, values and attention weights; the tone network",
    "BATCH_MATMUL": "attention over the context's fixed number of tokens",
    "SOFTMAX": "attention",
    "RESHAPE": "around attention and the tone network's curves",
    "TRANSPOSE": "of the context's keys",
    "LOGISTIC": "the damage detector's probability",
    "MEAN": "the tone network, once a photo",
    "REDUCE_MAX": "the tone network, once a photo",
    "SUM": "the tone network, once a photo",
    "CONCATENATION": "with DEPTH_TO_SPACE; the tone network",
    "DEPTH_TO_SPACE": "the damage detector's stem and growing maps, free of a fixed size",
    "STRIDED_SLICE": "the tone network, once a photo",
    "SLICE": "the tone network, once a photo",
    "DEPTHWISE_CONV_2D": "the damage detector's encoder",
    "PAD": "strided convolutions",
    "QUANTIZE": "between INT8 and float operations",
    "DEQUANTIZE": "between INT8 and float operations, and from float16 weights",
}
"""The operations that a mobile network may contain, and why. Documented in docs/toolkit/networks.md."""

PUBLISHED = {
    **dict.fromkeys(("TANH", "LEAKY_RELU"), "the networks themselves"),
    **dict.fromkeys(("SUB", "DIV", "ABS", "MAXIMUM", "RSQRT"), "instance norms"),
    **dict.fromkeys(("MINIMUM", "GREATER", "CAST"), "masks"),
    **dict.fromkeys(("MIRROR_PAD", "PADV2"), "reflected borders, smoothed strides"),
}
"""Further operations of the published networks, and why."""

WHOLE_ONLY = {"MEAN", "REDUCE_MAX", "SUM", "STRIDED_SLICE", "SLICE"}
"""Allowed in networks for the whole picture: in a tile they would be per-tile statistics."""

RECIPE_NAMES = {
    "CONV_2D": "conv",
    "DEPTHWISE_CONV_2D": "conv",
    "TRANSPOSE_CONV": "conv",
    "ADD": "add",
    "MUL": "mul",
    "RELU6": "relu6",
    "FULLY_CONNECTED": "linear",
    "BATCH_MATMUL": "matmul",
    "SOFTMAX": "softmax",
    "RESHAPE": "reshape",
    "TRANSPOSE": "transpose",
    "LOGISTIC": "sigmoid",
}
"""Names of the operations in `convert.recipes.int8`."""


@dataclass(frozen=True)
class ScopedOperation:
    """An operation of a file: its kind there and in recipes, its place ``part/module/...``, what it reads
    first and what it writes (names without the function's)."""

    kind: str
    name: str
    scope: str
    source: str
    tensor: str

    @property
    def ends(self) -> bool:
        """Whether it writes the part's output, which is INT8 whatever the recipe."""
        return self.tensor == "output_0"


def functions(path: Path) -> list[str]:
    """Names of the file's functions, the one to calibrate with first."""
    return [signature.signatureKey.decode() for signature in read_model(path).signatureDefs]


def scopes(path: Path, part: str) -> list[ScopedOperation]:
    """The operations of the float32 file of ``part`` that a recipe may name, in their order."""
    model = read_model(path)
    tensors = [tensor.name.decode().partition("/")[2] for tensor in model.subgraphs[0].tensors]
    found = []
    for entry in model.subgraphs[0].operators:
        kind = operation_kind(model, entry)
        if kind in RECIPE_NAMES:
            source, tensor = tensors[entry.inputs[0]], tensors[entry.outputs[0]]
            found.append(ScopedOperation(kind, RECIPE_NAMES[kind], _scope(tensor, part), source, tensor))
    return found


def sigmoid_inputs(path: Path) -> list[str]:
    """The tensors of the float32 file that a sigmoid makes probabilities of."""
    return [source for source, _ in _ends(path, "LOGISTIC")]


def paddings(path: Path) -> list[tuple[str, str]]:
    """What each padding of the float32 file reads and writes."""
    return _ends(path, "PAD")


def _ends(path: Path, kind: str) -> list[tuple[str, str]]:
    """The tensors that each operation of a kind reads first and writes."""
    model = read_model(path)
    tensors = [tensor.name.decode().partition("/")[2] for tensor in model.subgraphs[0].tensors]
    entries = [each for each in model.subgraphs[0].operators if operation_kind(model, each) == kind]
    return [(tensors[entry.inputs[0]], tensors[entry.outputs[0]]) for entry in entries]


def _scope(tensor: str, part: str) -> str:
    """``a.b.Class_name/c.Other_0;;...`` to ``part/0``; litert-torch writes the modules that were called."""
    if tensor == "output_0":
        return f"{part}/output"
    modules = tensor.split(";")[0].split("/")
    called = [module.rpartition(".")[2].partition("_")[2] for module in modules[1:]]
    # The first two wrap the part (see `convert.mobile.parts`). The part's own operations name no module.
    return "/".join([part, *filter(None, called[1:])])


def operations(path: Path) -> Counter[str]:
    """How often each operation occurs in a file, all functions together."""
    model = read_model(path)
    return Counter(operation_kind(model, entry) for graph in model.subgraphs for entry in graph.operators)


def check_operations(path: Path, tiled: bool, published: bool = False) -> None:
    """Raise OperationRefused if the file has an operation that a mobile delegate may refuse; ``published``
    networks may have more."""
    allowed = set(ALLOWED) - (WHOLE_ONLY if tiled else set())
    if published:
        allowed = {*ALLOWED, *PUBLISHED}
    refused = sorted(set(operations(path)) - allowed)
    if refused:
        raise OperationRefused(
            f"{path.name} contains {', '.join(refused)}, which mobile delegates may refuse: "
            "rewrite the network with the operations listed in docs/toolkit/networks.md."
        )


def name_alike(path: Path) -> None:
    """Rename the tensors of a fresh file, in place, so that its functions' tensors bear the same names.

    The converter numbers names that occur twice, in all functions through.
    """
    model = read_model(path)
    first = model.subgraphs[0]
    keys = [signature.signatureKey.decode() for signature in model.signatureDefs]
    names = [tensor.name.decode() for tensor in first.tensors]
    ends = model.signatureDefs[0]
    for end in (*ends.inputs, *ends.outputs):
        names[end.tensorIndex] = end.name.decode()
    for key, graph in zip(keys, model.subgraphs, strict=True):
        for tensor, name in zip(graph.tensors, names, strict=True):
            tensor.name = f"{key}/{name}".encode()
    write_model(model, path)


def write_model(model: Any, path: Path) -> None:
    """Write the object tree of a file that `read_model` gave, in place of the file at ``path``."""
    import flatbuffers

    builder = flatbuffers.Builder(path.stat().st_size)
    builder.Finish(model.Pack(builder), b"TFL3")
    with written_beside(path) as out:
        out.write(builder.Output())


def operation_kind(model: Any, entry: Any) -> str:
    """What an operation of a file is, by the schema's name."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    kinds: dict[int, str] = {
        code: name for name, code in vars(BuiltinOperator).items() if isinstance(code, int)
    }
    return kinds[model.operatorCodes[entry.opcodeIndex].builtinCode]
