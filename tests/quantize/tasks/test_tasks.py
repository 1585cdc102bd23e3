"""What is trained: losses reach every network, critics judge, the teacher is heard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from convert.figures.pairs import area_under_curve
from convert.mobile.nets import ToneNet
from convert.oldphotos import photosets, synthesis
from convert.oldphotos.photosets import PhotoSet, scaled_crops
from quantize.tasks import detector, distil, restore
from quantize.tasks.common import SHOWN
from quantize.tasks.detector import DetectorTask
from quantize.tasks.latents import latent_gap
from quantize.tasks.restore import MAX_MASKED, RestoreTask, detected
from quantize.tasks.tone import BAD, DIM, DIMMEST, MAX_NOISE, WORST, ToneTask
from quantize.training.adversary import PatchCritic, critic_loss, feature_matching, frozen
from quantize.training.task import Task
from tests.edge.bundles import detector as tiny_detector
from tests.quantize.small_tasks import TASKS, restorer


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_thumbnails_have_noise_of_many_strengths() -> None:
    gray = tuple(torch.full((32, 32, 3), 128, dtype=torch.uint8) for _ in range(2))
    task = ToneTask(ToneNet(4), PhotoSet(gray, gray), 64)
    _, faded, seen = task.batch(5000, task.photos(seeded()), seeded(1))
    strength = (seen - faded).flatten(1).std(1)
    assert strength.min() < 0.1 * MAX_NOISE and 0.8 * MAX_NOISE < strength.max() < 1.1 * MAX_NOISE


def test_some_of_the_faded_thumbnails_are_faded_worse_than_most_prints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    amounts: list[torch.Tensor] = []

    def heard(clean: torch.Tensor, rng: torch.Generator, amount: torch.Tensor) -> torch.Tensor:
        amounts.append(amount)
        return clean

    monkeypatch.setattr(synthesis, "fade", heard)
    gray = tuple(torch.full((32, 32, 3), 128, dtype=torch.uint8) for _ in range(2))
    task = ToneTask(ToneNet(4), PhotoSet(gray, gray), 512)
    task.batch(5000, task.photos(seeded()), seeded(1))
    faded = amounts[0][amounts[0] > 0]
    assert 1.3 < faded.max() < WORST
    # Of amounts up to 1.6 three in eight are above 1.
    assert 0.5 < (faded > 1).float().mean() / (BAD * (1 - 1 / WORST)) < 1.5


def test_some_good_photos_and_no_faded_ones_are_dim() -> None:
    white = tuple(torch.full((32, 32, 3), 255, dtype=torch.uint8) for _ in range(2))
    task = ToneTask(ToneNet(4), PhotoSet(white, white), 512)
    clean, faded, _ = task.batch(5000, task.photos(seeded()), seeded(1))
    light = clean.amax((1, 2, 3))
    good = (faded == clean).flatten(1).all(1)
    assert (light[~good] == 1).all()
    dim = light[good][light[good] < 1]
    assert DIMMEST <= dim.min() < DIMMEST + 0.1 and 0.5 < len(dim) / (DIM * int(good.sum())) < 1.5


def test_every_player_learns_and_figures_are_finite(make_task: Callable[[], Task]) -> None:
    task = make_task()
    for step in (0, 5000):
        batch = task.batch(step, task.photos(seeded()), seeded(step))
        heard = []
        for name, loss in task.losses(*batch):
            heard.append(name)
            assert torch.isfinite(loss)
            task.networks[name].zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            assert any(
                p.grad is not None and p.grad.abs().max() > 0 for p in task.networks[name].parameters()
            )
        assert heard == list(task.networks)
    with torch.no_grad():
        first, second = (task.evaluate(next(iter(task.networks.values()))) for _ in range(2))
        pictures = task.pictures(next(iter(task.networks.values())))
    assert first == second and all(np.isfinite(value) for value in first.values())
    shapes = [batch.shape for batch in pictures.values()]
    assert len(pictures) > 1 and len({(size[0], *size[2:]) for size in shapes}) == 1
    for batch in pictures.values():
        assert 0 < len(batch) <= SHOWN and batch.shape[1] in (1, 3) and torch.isfinite(batch).all()
        # Clamped when they are shown; a batch in -1..1 or 0..255 would be another picture.
        assert batch.quantile(0.05) > -0.3 and batch.quantile(0.95) < 1.3


def test_a_detected_mask_is_often_wider_than_the_exact_one_and_misses_some() -> None:
    mask = torch.zeros((12, 1, 40, 40))
    mask[::2, :, 10:12, 5:30] = 1
    mask[1::2, :, 20:22, 5:30] = 1
    missed, wrong = 0, 0
    wider: list[bool] = []
    for seed in range(8):
        found = detected(mask, seeded(seed))
        covered = (found >= mask).flatten(1).all(1)
        missed += int((~covered).sum())
        wider += (found.sum((1, 2, 3)) > mask.sum((1, 2, 3)))[covered].tolist()
        wrong += int((found[::2, :, 20:22, 5:30] > 0).flatten(1).any(1).sum())
    assert 2 <= missed < 30 and 5 < wrong < 30
    assert 0.5 < sum(wider) / len(wider) < 0.9


def test_what_is_masked_nearly_everywhere_is_not_filled(
    photos: PhotoSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = RestoreTask(restorer(), photos, 4, 64)
    crops = task.photos(seeded())
    filled, mask = task.batch(5000, crops, seeded())[2:4]
    assert 0 < mask.mean() < MAX_MASKED
    monkeypatch.setattr(restore, "detected", lambda mask, rng: torch.ones_like(mask))
    unfilled, none = task.batch(5000, crops, seeded())[2:4]
    assert not none.any() and not torch.equal(filled, unfilled)


def test_decoys_and_undamaged_crops_have_no_mask(photos: PhotoSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "DECOYS", 1.0)
    # Else a damaged crop may be a part of its picture where there is no damage.
    monkeypatch.setattr(detector, "CROP_OF", 1.0)
    task = DetectorTask(tiny_detector(), photos, 10, 64)
    crops, covers, paints = task.photos(seeded())
    struck = covers.flatten(1).any(1)
    assert int(struck.sum()) == 6
    plain = scaled_crops(photos.train, 10, 64, seeded())
    # Lines are left out where they find no sky or wall.
    assert ((crops - plain).abs().amax((1, 2, 3)) > 0.02).float().mean() > 0.5
    seen, mask = task.batch(5000, (crops, torch.zeros_like(covers), paints), seeded())
    assert seen.shape == (10, 3, 64, 64) and not mask.any()


def test_some_crops_are_real_old_photos_and_hardly_age(
    photos: PhotoSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthesis, "TINTED", 0)
    bright = tuple(torch.full((64, 64, 3), 230, dtype=torch.uint8) for _ in range(2))
    task = DetectorTask(tiny_detector(), photos, 12, 64, old=PhotoSet(bright, bright))
    drawn = [task.photos(seeded(seed)) for seed in range(6)]
    for crops, covers, paints in drawn:
        plain = (crops.flatten(1).std(1) < 1e-4).nonzero().flatten()
        assert plain.tolist() == [9, 10, 11]
        seen, mask = task.batch(5000, (crops, torch.zeros_like(covers), paints), seeded())
        assert not mask.any() and (seen - crops).abs().mean() > 0.02
        assert (seen[9:] - crops[9:]).abs().mean() < 0.006
    assert 0.3 < np.mean([covers[9:].flatten(1).any(1) for _, covers, _ in drawn]) < 0.9


class Answers(torch.nn.Module):
    """A network that gives the same logits whatever it sees."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        return self.logits


def test_labels_of_real_damage_are_learnt_but_where_nobody_can_tell(
    photos: PhotoSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photosets, "SCALES", (1.0, 1.0))
    labelled = torch.full((64, 64, 4), 230, dtype=torch.uint8)
    labelled[:24, :, 3], labelled[24:44, :, 3], labelled[44:, :, 3] = 255, 128, 0
    task = DetectorTask(tiny_detector(), photos, 12, 64, old=photos, labelled=(labelled,))
    crops = task.photos(seeded())
    assert [len(each) for each in crops] == [11, 11, 11, 1]
    seen, change = (each[-1:] for each in task.batch(5000, crops, seeded()))
    assert (seen - 230 / 255).abs().mean() < 0.1
    rows = synthesis.Scan(seen, change).mask[0, 0].mean(1)
    assert rows.tolist() == [1.0] * 24 + [0.0] * 40

    def loss(found: slice) -> float:
        logits = torch.full((1, 1, 64, 64), -1.0)
        logits[:, :, found] = 3
        task.network = Answers(logits)  # type: ignore[assignment]
        return float(next(task.losses(seen, change))[1])

    unsure, damaged, intact = loss(slice(24, 44)), loss(slice(24)), loss(slice(44, 64))
    assert damaged < unsure == loss(slice(0)) < intact


def test_some_crops_are_enlarged(photos: PhotoSet) -> None:
    task = DetectorTask(tiny_detector(), photos, 6, 64)
    crops, covers, paints = task.photos(seeded())
    masks = task.batch(4001, (crops, torch.full_like(covers, 255), paints), seeded())[1]
    assert masks.shape == (6, 1, 64, 64)
    fine = torch.rand(crops.shape, generator=seeded())
    seen, _ = task.batch(0, (fine, torch.zeros_like(covers), paints), seeded())
    # The last one is a sixteenth of its crop: neighbours are much alike there.
    rough = (seen[..., 1:] - seen[..., :-1]).abs().mean((1, 2, 3)) / seen.std((1, 2, 3))
    assert rough[-1] < 0.75 * rough[:-1].min()


def test_the_area_under_the_curve_counts_ties_half() -> None:
    scores = torch.rand(500, generator=seeded()).mul(20).round()
    truth = torch.rand(500, generator=seeded(1)) < 0.3
    above = scores[truth][:, None] - scores[~truth]
    wins = (above > 0).double().mean() + 0.5 * (above == 0).double().mean()
    assert area_under_curve(scores.numpy(), truth.numpy()) == pytest.approx(float(wins), abs=1e-9)


def test_a_critic_learns_to_tell_and_leaves_gradients_to_the_picture() -> None:
    torch.manual_seed(0)
    critic = PatchCritic(3, 8)
    bright, dark = (
        torch.rand(4, 3, 64, 64),
        torch.rand(4, 3, 64, 64) * torch.tensor([1.0, 0, 0])[:, None, None],
    )
    optimizer = torch.optim.Adam(critic.parameters(), 2e-3)
    before = float(critic_loss(critic(bright), critic(dark)))
    for _ in range(30):
        loss = critic_loss(critic(bright), critic(dark))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss) < 0.3 * before
    critic.zero_grad()
    picture = dark.clone().requires_grad_()
    with frozen(critic):
        feature_matching(critic(bright), critic(picture)).backward()
    assert picture.grad is not None and all(p.grad is None for p in critic.parameters())
    assert feature_matching(critic(bright), critic(bright)) == 0
    assert [len(features) for features in critic(bright)] == [5, 5]


@pytest.mark.slow
def test_the_latent_gap_sees_shape_but_not_scale() -> None:
    first = torch.randn(8, 6, 16, 16, generator=seeded())
    same = torch.randn(8, 6, 16, 16, generator=seeded(1))
    shifted = same + torch.tensor([1.0, 0, 0, 0, 0, 0])[:, None, None]
    assert latent_gap(first, same) < 0.05 < latent_gap(first, shifted)
    # Blurred latents have the same values at each place, once standardised; their neighbours differ.
    smooth = torch.nn.functional.avg_pool2d(same, 3, 1, 1)
    smooth = smooth / smooth.std() * same.std()
    assert latent_gap(first, smooth, 1) < 0.06 < 0.09 < latent_gap(first, smooth, 3)
    assert latent_gap(first * 9, shifted * 9) == pytest.approx(latent_gap(first, shifted), rel=1e-3)
    # Wasserstein-1 of two normal distributions one apart, in standard deviations of both together.
    one = torch.randn(16, 1, 64, 64, generator=seeded(2))
    other = torch.randn(16, 1, 64, 64, generator=seeded(3)) + 1
    assert latent_gap(one, other, 1) == pytest.approx(1 / 1.25**0.5, abs=0.02)


def test_the_teacher_looks_only_at_undamaged_places(photos: PhotoSet) -> None:
    torch.manual_seed(0)
    task = TASKS["distil"](photos)
    assert isinstance(task, distil.DistilTask)
    pictures, mask = torch.rand(2, 3, 64, 64), torch.zeros(2, 1, 64, 64)
    mask[:, :, :32, :32] = 1
    target = distil.teacher_global(task.teacher, pictures, mask, grid=4)
    assert target.picture.shape == pictures.shape and target.attention is not None
    assert target.attention.shape == (2, 256, 16)
    torch.testing.assert_close(target.attention.sum(-1), torch.ones(2, 256))
    damaged = torch.zeros(4, 4, dtype=torch.bool)
    damaged[:2, :2] = True
    assert target.attention[..., damaged.flatten()].max() == 0


def test_attention_is_compared_on_damaged_cells_only() -> None:
    teacher = torch.tensor([[[1.0, 0], [0, 1.0]]])
    student = torch.tensor([[[0.5, 0.5], [1.0, 0]]])
    mask = torch.zeros(1, 1, 4, 8)
    mask[..., 0, 0] = 1
    assert distil.attention_distance(student, teacher, mask) == pytest.approx(np.log(2), abs=1e-5)
    assert distil.attention_distance(teacher, teacher, mask) == pytest.approx(0, abs=1e-6)


def test_a_teacher_worse_than_the_student_does_not_mislead(photos: PhotoSet) -> None:
    torch.manual_seed(0)
    task = TASKS["distil"](photos)
    assert isinstance(task, distil.DistilTask)
    batch = task.batch(5000, task.photos(seeded()), seeded())
    with torch.no_grad():
        before = [float(loss) for _, loss in task.losses(*batch)]
        # A random teacher's picture is far from the truth: how far must not matter.
        task.teacher.quality_decoder[-2].weight.mul_(-3)  # type: ignore[index,union-attr,operator]
        task.teacher.scratch_decoder[-2].weight.mul_(-3)  # type: ignore[index,union-attr,operator]
        after = [float(loss) for _, loss in task.losses(*batch)]
    assert before == pytest.approx(after)


@pytest.mark.parametrize(("step", "side"), [(0, 3), (1, 2), (2, 3), (3, 2)])
def test_a_quarter_of_the_scans_mirror_their_border(step: int, side: int) -> None:
    pictures = torch.rand(8, 3, 192, 192, generator=torch.Generator().manual_seed(0))
    seen = detector.mirrored(detector.Scan(pictures, pictures[:, :1]), step).picture
    border = detector.MIRRORED if step < 2 else 191 - detector.MIRRORED
    assert torch.equal(*(seen[:2].select(side, border + by) for by in (-5, 5)))
    assert torch.equal(seen[2:], pictures[2:])


def test_strong_damage_counts_more_than_faint() -> None:
    change = torch.tensor([0.0, 0.05, 0.06, 0.2, 0.4, 1.0]).view(1, 1, 1, 6)
    weights = detector.weights(detector.Scan(torch.zeros(1, 3, 1, 6), change)).flatten().tolist()
    assert weights[:2] == [1, 1] and weights[4:] == [detector.STRONG] * 2
    assert detector.FAINT < weights[2] < weights[3] < weights[4]


def test_some_crops_of_the_restorer_have_decoys(photos: PhotoSet, monkeypatch: pytest.MonkeyPatch) -> None:
    task = RestoreTask(restorer(), photos, 10, 64)
    monkeypatch.setattr(restore, "DECOYS", 0.0)
    plain = task.photos(seeded())[0]
    monkeypatch.setattr(restore, "DECOYS", 0.5)
    drawn = ((task.photos(seeded())[0] - plain).abs().amax((1, 2, 3)) > 0.02).sum()
    assert 2 <= drawn <= 8
