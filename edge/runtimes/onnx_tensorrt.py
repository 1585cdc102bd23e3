"""The ONNX Runtime on an NVIDIA chip, by TensorRT, which builds an engine for each network and keeps it.

Engines hold for one file, one TensorRT and one chip; building one takes minutes on a Jetson.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Iterator
from pathlib import Path

import onnxruntime

from edge.bundle.manifest import Artifact, Tile
from edge.errors import RuntimeUnavailable
from edge.files import file_sha256
from edge.runtimes import Network, onnx
from edge.system.state import state_folder

PROVIDER = "TensorrtExecutionProvider"
LIBRARIES = ("libnvinfer.so.11", "libnvinfer.so.10", "libnvinfer.so.8")
DEVICE_FILES = ("/proc/device-tree/model", "/etc/nv_tegra_release", "/proc/driver/nvidia/version")
"""What tells a Jetson, its release, and the driver of another computer."""
GPU_FILES = "driver/nvidia/gpus/*/information"


def load(path: Path, artifact: Artifact, tile: Tile, threads: int) -> Network:
    """See :func:`edge.runtimes.load_network`."""
    try:
        settings = provider_settings(path, artifact)
    except OSError as error:
        raise RuntimeUnavailable(
            f"The folder of TensorRT's engines can't be written to ({error.filename}: {error.strerror})."
        ) from error
    return onnx.load_on(PROVIDER, settings, path, artifact, tile, threads)


def provider_settings(path: Path, artifact: Artifact) -> dict[str, str]:
    """The provider's options for a network; the folder of its engine is made. Raises OSError."""
    kept = engine_folder()
    engine = kept / file_sha256(path)[:16]
    engine.mkdir(mode=0o700, parents=True, exist_ok=True)
    integers = artifact.precision in ("int8", "mixed")
    return {
        "device_id": "0",
        # Scales are in the network itself: a calibration table would be refused. Without scales, INT8 would
        # ask for one.
        "trt_int8_enable": str(integers),
        "trt_fp16_enable": str(False),
        "trt_engine_cache_enable": str(True),
        "trt_engine_cache_path": str(engine),
        "trt_timing_cache_enable": str(True),
        "trt_timing_cache_path": str(kept),
    }


def engine_folder() -> Path:
    """The folder of the engines of this computer, in the user's folder of state."""
    facts = "\n".join((onnxruntime.__version__, _tensorrt_version(), *_devices()))
    return state_folder() / "engines" / hashlib.sha256(facts.encode()).hexdigest()[:16]


def _tensorrt_version() -> str:
    for name in LIBRARIES:
        try:
            return str(ctypes.CDLL(name).getInferLibVersion())
        except (OSError, AttributeError):
            continue
    return ""


def _devices() -> Iterator[str]:
    for path in (*map(Path, DEVICE_FILES), *sorted(Path("/proc").glob(GPU_FILES))):
        try:
            yield path.read_text(errors="replace")
        except OSError:
            continue
