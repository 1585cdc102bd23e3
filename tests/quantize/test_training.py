"""The training loop: learns, survives an interruption, and feeds the exporter."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from convert.errors import PhotoSetError
from convert.nets.mobile import MobileRestorer, ScratchDetector, ToneNet
from convert.weights import load_weights
from quantize.old_photos import old_photos
from quantize.photosets import PhotoSet, load_photos
from quantize.tasks import RestoreTask, ScratchTask, ToneTask, detected
from quantize.trainer import Schedule, Task, train

CPU = torch.device("cpu")


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [
        np.asarray(Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((180, 170)))
        for _ in range(count)
    ]


@pytest.fixture(scope="module")
def photos() -> PhotoSet:
    tensors = [torch.from_numpy(picture.copy()) for picture in pictures(8)]
    return PhotoSet(tuple(tensors[:6]), tuple(tensors[6:]))


def tiny(photos: PhotoSet) -> RestoreTask:
    torch.manual_seed(0)
    return RestoreTask(MobileRestorer(8, blocks=1, key_width=4), photos, count=4, side=64)


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in network.state_dict().values()]


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(photos: PhotoSet, tmp_path: Path) -> None:
    schedule = Schedule(6, warmup=2, bf16=False)
    whole = weights(train(tiny(photos), schedule, tmp_path / "whole", CPU, evaluate_every=100))

    class Interrupted(RestoreTask):
        def batch(self, step, rng):  # type: ignore[no-untyped-def]
            if step == 3:
                raise KeyboardInterrupt
            return super().batch(step, rng)

    task = tiny(photos)
    broken = Interrupted(task.network, photos, count=4, side=64)
    with pytest.raises(KeyboardInterrupt):
        train(broken, schedule, tmp_path / "cut", CPU, evaluate_every=100, checkpoint_seconds=0)
    resumed = weights(train(tiny(photos), schedule, tmp_path / "cut", CPU, evaluate_every=100))
    for one, other in zip(whole, resumed, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


def test_training_learns_and_leaves_weights_and_a_curve(photos: PhotoSet, tmp_path: Path) -> None:
    task = tiny(photos)
    # The same batch over and over must be learnt.
    batch = task.batch(0, torch.Generator().manual_seed(0))
    before = float(task.loss(*batch).detach())
    task.batch = lambda step, rng: batch  # type: ignore[method-assign]
    averaged = train(task, Schedule(60, warmup=5, ema=0.9), tmp_path, CPU, evaluate_every=30)
    assert float(task.loss(*batch).detach()) < 0.95 * before
    curve = [json.loads(line) for line in (tmp_path / "curve.jsonl").read_text().splitlines()]
    assert [point["step"] for point in curve] == [30, 60]
    assert {"aged_in", "aged_out", "scratched_out", "clean_out"} <= set(curve[0])
    stored = MobileRestorer(8, blocks=1, key_width=4)
    load_weights(stored, tmp_path / "weights.safetensors")
    for one, other in zip(stored.parameters(), averaged.parameters(), strict=True):
        assert torch.equal(one, other.half().float())


@pytest.mark.parametrize("kind", [ScratchTask, ToneTask])
def test_the_other_tasks_give_a_loss_with_gradients(photos: PhotoSet, kind: type) -> None:
    network = ScratchDetector(8, blocks=1) if kind is ScratchTask else ToneNet(4)
    task: Task = kind(network, photos, 2)
    for step in (0, 5000):
        loss = task.loss(*task.batch(step, torch.Generator().manual_seed(step)))
        loss.backward()
        assert torch.isfinite(loss) and any(p.grad is not None for p in network.parameters())
    figures = task.evaluate(network)
    assert all(np.isfinite(value) for value in figures.values())


def test_the_learning_rate_warms_up_and_cools_down() -> None:
    schedule = Schedule(1000, learning_rate=1.0, warmup=100, cooldown=0.3)
    assert schedule.rate(0) == pytest.approx(0.01)
    assert schedule.rate(500) == 1.0
    assert schedule.rate(850) == pytest.approx(0.5)
    assert schedule.rate(999) < 0.01


def test_photos_come_from_folders_and_tar_files_with_a_fixed_split(tmp_path: Path) -> None:
    folder, archive = tmp_path / "folder", tmp_path / "photos.tar"
    folder.mkdir()
    with tarfile.open(archive, "w") as tar:
        for index, picture in enumerate(pictures(60)):
            image = Image.fromarray(picture)
            image.save(folder / f"p{index}.png")
            data = io.BytesIO()
            image.save(data, "PNG")
            entry = tarfile.TarInfo(f"deep/p{index}.png")
            entry.size = data.tell()
            tar.addfile(entry, io.BytesIO(data.getvalue()))
    from_folder, from_tar = load_photos([folder]), load_photos([archive])
    assert len(from_folder.train) + len(from_folder.held_out) == 60
    assert 1 <= len(from_folder.held_out) <= 10
    for one, other in zip(from_folder.held_out, from_tar.held_out, strict=True):
        assert torch.equal(one, other)
    with pytest.raises(PhotoSetError, match="too few photos"):
        load_photos([folder], least_side=500)
    (folder / "p0.png").write_bytes(b"no photo")
    with pytest.raises(PhotoSetError, match=r"p0\.png"):
        load_photos([folder])


def test_a_detected_mask_covers_the_exact_one(photos: PhotoSet) -> None:
    mask = torch.zeros((4, 1, 40, 40))
    mask[:, :, 10:12, 5:30] = 1
    for seed in range(6):
        found = detected(mask, torch.Generator().manual_seed(seed))
        assert (found >= mask).all()


def test_old_photos_have_whole_levels_and_masks(photos: PhotoSet) -> None:
    made = old_photos(photos.train, 5, 64, seed=1, description="test")
    assert made.photos.shape == (5, 3, 64, 64) and made.masks.shape == (5, 1, 64, 64)
    assert torch.equal((made.photos * 255).round() / 255, made.photos)
    assert torch.equal(made.photos, old_photos(photos.train, 5, 64, seed=1, description="test").photos)
