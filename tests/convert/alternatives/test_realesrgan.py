"""Real-ESRGAN against the same maths written out, and checkpoints that are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from convert.alternatives.compact import enlarged_and_shrunk  # noqa: E402
from convert.alternatives.realesrgan import open_alternative, read_network  # noqa: E402
from convert.errors import MissingWeights, UnreadableCheckpoint, UnsafeCheckpoint, WrongCheckpoint  # noqa: E402
from edge.errors import HeirloomError  # noqa: E402

State = dict[str, Any]


def random_state() -> State:
    """The keys and shapes of realesr-general-x4v3; values that keep what is far away alive."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int, scale: float) -> Tensor:
        return torch.randn(shape, generator=generator) * scale

    state: State = {}
    for index in range(34):
        inward, outward = (3 if index == 0 else 64), (48 if index == 33 else 64)
        gain = 0.1 if index == 33 else 1.4
        state[f"body.{2 * index}.weight"] = normal(outward, inward, 3, 3, scale=gain / (9 * inward) ** 0.5)
        state[f"body.{2 * index}.bias"] = normal(outward, scale=0.1)
        if index < 33:
            state[f"body.{2 * index + 1}.weight"] = 0.2 + normal(outward, scale=0.1)
    return state


def far_state() -> State:
    """Weights that add to each pixel the one as far to the lower right as the network looks."""
    state = {key: torch.zeros_like(value) for key, value in random_state().items()}
    for index in range(34):
        for outward in range(48 if index == 33 else 3):
            inward = outward // 16 if index == 33 else outward
            state[f"body.{2 * index}.weight"][outward, inward, 2, 2] = 1
    return state


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "realesr-general-x4v3.pth"
    torch.save({"params": random_state()}, path)
    return path


def written_out(state: State, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The whole picture at once: 0..255, not rounded."""
    picture = torch.from_numpy(pixels / 255).float().permute(2, 0, 1)[None]
    x = picture
    for index in range(34):
        x = F.conv2d(x, state[f"body.{2 * index}.weight"], state[f"body.{2 * index}.bias"], padding=1)
        if index < 33:
            slope = state[f"body.{2 * index + 1}.weight"][:, None, None]
            x = torch.where(x > 0, x, slope * x)
    (batch, _, height, width) = x.shape
    shuffled = x.reshape(batch, 3, 4, 4, height, width).permute(0, 1, 4, 2, 5, 3)
    blocks = shuffled.reshape(batch, 3, height, 4, width, 4) + picture[:, :, :, None, :, None]
    small = blocks.clamp(0, 1).mean((3, 5))[0].permute(1, 2, 0)
    result: NDArray[np.float64] = (small.double() * 255).numpy()
    return result


@pytest.mark.parametrize("state", [random_state(), far_state()], ids=["random", "far"])
def test_tiles_give_what_the_formula_gives_for_the_whole_picture(tmp_path: Path, state: State) -> None:
    torch.save({"params": state}, tmp_path / "a.pth")
    pixels = np.random.default_rng(0).integers(0, 128, (83, 70, 3), np.uint8)
    expected = written_out(state, pixels)
    network = read_network(tmp_path / "a.pth")
    for tile in (16, 512):
        found = enlarged_and_shrunk(network, pixels, tile)
        assert np.abs(found - expected).max() < 0.51
    assert np.abs(expected - pixels).mean() > 3  # the network does something


def test_half_precision_and_other_wrappers_are_read(tmp_path: Path, checkpoint: Path) -> None:
    halves = {f"module.{key}": value.half() for key, value in random_state().items()}
    torch.save({"params_ema": halves}, tmp_path / "half.pth")
    found = read_network(tmp_path / "half.pth").state_dict()
    assert all(value.dtype == torch.float32 for value in found.values())
    whole = read_network(checkpoint).state_dict()
    assert all(torch.allclose(value, whole[key], atol=1e-3) for key, value in found.items())


class Dangerous:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("was-run"),))


def without(key: str) -> Callable[[State], State]:
    return lambda state: {name: value for name, value in state.items() if name != key}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (without("body.66.bias"), WrongCheckpoint, r"1 missing \(body\.66\.bias\)"),
        (lambda s: s | {"body.67.weight": torch.zeros(1)}, WrongCheckpoint, r"1 unexpected \(body\.67"),
        (
            lambda s: s | {"body.66.weight": torch.zeros(12, 64, 3, 3)},
            WrongCheckpoint,
            r"body\.66\.weight has \(12, 64, 3, 3\) instead of \(48, 64, 3, 3\)",
        ),
        (lambda s: s | {"body.0.bias": torch.zeros(64, dtype=torch.int64)}, WrongCheckpoint, "is int64"),
        (lambda s: s | {"body.0.bias": torch.full((64,), torch.nan)}, WrongCheckpoint, "no finite numbers"),
        (lambda s: s | {"body.0.bias": Dangerous()}, UnsafeCheckpoint, "code or objects"),
    ],
)
def test_another_checkpoint_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[State], State],
    error: type[HeirloomError],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"params": change(random_state())}, tmp_path / "a.pth")
    with pytest.raises(error, match=words):
        read_network(tmp_path / "a.pth")
    assert not (tmp_path / "was-run").exists()


def test_no_weights_and_damaged_ones(tmp_path: Path, checkpoint: Path) -> None:
    with pytest.raises(MissingWeights, match="realesr-general-x4v3"):
        open_alternative(None, 1)
    (tmp_path / "cut.pth").write_bytes(checkpoint.read_bytes()[:-1000])
    with pytest.raises(UnreadableCheckpoint, match="download"):
        read_network(tmp_path / "cut.pth")
    with pytest.raises(UnreadableCheckpoint):
        read_network(tmp_path)


def test_files_are_read_upright_and_gray_stays_gray(checkpoint: Path, tmp_path: Path) -> None:
    restore = open_alternative(checkpoint, 1)
    gray = Image.fromarray(np.tile(np.arange(0, 240, 10, dtype=np.uint8), (10, 1)))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    gray.save(tmp_path / "a.jpg", exif=exif)
    restore(tmp_path / "a.jpg", None, tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as result:
        assert (result.mode, result.size) == ("L", (10, 24))
    (tmp_path / "paint.jpg").write_text("paint")
    with pytest.raises(HeirloomError, match=r"paint\.jpg"):
        restore(tmp_path / "paint.jpg", None, tmp_path / "c.jpg")
