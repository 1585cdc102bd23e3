"""What runs the networks of the ONNX Runtime: the CPU, or an NVIDIA chip once it has proved itself.

The library gives up an accelerator without a word, and INT8 arithmetic differs between chips. So an
accelerator is used only if it runs every network of the bundle wholly, and gives the golden vectors within
the manifest's tolerance; else the CPU does the work, with a sentence that says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edge.bundle.bundle import Bundle
from edge.errors import HeirloomError, OptionRefused
from edge.runtimes.selftest import self_test
from edge.runtimes.trial import self_test_apart, ships

Provider = Literal["cpu", "cuda", "tensorrt"]

RUNTIME_OF: dict[Provider, str] = {"cpu": "onnx", "cuda": "onnx-cuda", "tensorrt": "onnx-tensorrt"}
NAMES: dict[Provider, str] = {"cpu": "the CPU", "cuda": "CUDA", "tensorrt": "TensorRT"}


@dataclass(frozen=True)
class Chosen:
    """What runs the networks."""

    runtime: str | None
    """As `edge.runtimes.load_network` takes it."""
    sentence: str | None
    """To show: what was proved, or why it is not what was asked for; None if nothing was asked for."""
    fell_back: bool = False


def runtime_of(runtime: str | None, provider: Provider | None) -> str | None:
    """The runtime of a provider. Raises OptionRefused for a runtime that has none."""
    if provider is None:
        return runtime
    if runtime != "onnx":
        raise OptionRefused(f"--provider {provider} needs --runtime onnx.")
    return RUNTIME_OF[provider]


def choose(bundle: Bundle, runtime: str | None, provider: Provider | None, threads: int) -> Chosen:
    """What runs the networks of a bundle, an accelerator only after its proof.

    The first proof on a computer takes minutes with TensorRT, which builds its engines then.

    Raises:
        OptionRefused: The runtime has no providers.
        BundleError: A bundle of others does not give the golden vectors on the CPU either.
    """
    wanted = runtime_of(runtime, provider)
    if provider in (None, "cpu"):
        return Chosen(wanted, None)
    if not ships(bundle):
        self_test_apart(bundle, threads, RUNTIME_OF["cpu"], must_pass=True, smallest_only=True)
    name = NAMES[provider]
    try:
        results = self_test(bundle, threads, wanted, must_pass=True, smallest_only=True)
    except HeirloomError as error:
        return Chosen(RUNTIME_OF["cpu"], f"The CPU runs the networks instead of {name}: {error}", True)
    return Chosen(wanted, f"{name} runs the networks: all {len(results)} golden vectors are given.")
