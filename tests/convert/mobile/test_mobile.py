"""The mobile networks: layout, receptive fields, the gate, and what they may cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from convert.commands.convert import FINDER_TILES  # noqa: E402
from convert.mobile.nets import (  # noqa: E402
    DamageDetector,
    Decoder,
    Encoder,
    FaceFinder,
    FaceRefiner,
    Mapper,
    MobileRestorer,
    ToneNet,
)
from convert.mobile.nets import blocks as torch_cells  # noqa: E402
from convert.mobile.nets.detector import STAGES, InvertedResidual, Stage  # noqa: E402
from convert.mobile.nets.face import begin_from_  # noqa: E402
from convert.mobile.nets.restorer import CONTEXT_SIDE, PIXEL_CHANNELS, pool_context  # noqa: E402
from convert.mobile.nets.tone import apply_curves  # noqa: E402
from edge.restore import tone  # noqa: E402
from edge.restore.tiles import cells  # noqa: E402

SIDE = 31
CENTRE = SIDE // 2


@pytest.mark.parametrize("colours", [1, 3])
def test_cells_are_laid_out_as_the_runtime_does(colours: int) -> None:
    pixels = np.random.default_rng(0).uniform(size=(8, 12, colours)).astype(np.float32)
    expected = cells.to_cells(pixels, 4)
    laid = torch_cells.to_cells(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    np.testing.assert_array_equal(laid[0].permute(1, 2, 0).numpy(), expected)
    np.testing.assert_array_equal(torch_cells.to_pixels(laid)[0].permute(1, 2, 0).numpy(), pixels)


def positive(network: nn.Module) -> nn.Module:
    """Every weight above zero, so that no ReLU and no cancellation hides a path."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_().add_(1e-3)
    return network.double().eval()


def changed_cells(run: Callable[[Tensor], Tensor], channels: int) -> Tensor:
    """Which outputs change when only the input cell in the centre does."""
    rng = torch.Generator().manual_seed(1)
    given = torch.rand((1, channels, SIDE, SIDE), generator=rng, dtype=torch.float64)
    other = given.clone()
    other[..., CENTRE, CENTRE] += 1
    with torch.no_grad():
        return (run(given) != run(other)).any(dim=1)[0]


def square(radius: int) -> Tensor:
    box = torch.zeros((SIDE, SIDE), dtype=torch.bool)
    box[CENTRE - radius : CENTRE + radius + 1, CENTRE - radius : CENTRE + radius + 1] = True
    return box


def mapper_inputs(width: int = 6) -> tuple[Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(2)
    latent = torch.rand((1, width, SIDE, SIDE), generator=rng, dtype=torch.float64)
    mask = (torch.rand((1, 16, SIDE, SIDE), generator=rng) < 0.05).double()
    return latent, mask, torch.rand((1, 9, width), generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("blocks", [1, 3])
def test_the_halo_is_the_receptive_field(blocks: int) -> None:
    """Nothing beyond it changes, and everything up to its corners does."""
    encoder, mapper, decoder = Encoder(6), Mapper(6, blocks, 4), Decoder(6, 5)
    for network in (encoder, mapper, decoder):
        positive(network)
    latent, mask, context = mapper_inputs()
    cells = torch.rand((1, PIXEL_CHANNELS, SIDE, SIDE), dtype=torch.float64)
    found = {
        "encoder": (changed_cells(encoder, PIXEL_CHANNELS), encoder.halo),
        "mapper": (changed_cells(mapper, 6), mapper.halo),
        "mapper_global": (changed_cells(lambda x: mapper(x, mask, context), 6), mapper.halo),
        "decoder": (changed_cells(lambda x: decoder(x, cells), 6), decoder.halo),
        "a cell of the photo": (changed_cells(lambda x: decoder(latent, x), PIXEL_CHANNELS), 0),
    }
    for name, (changed, halo) in found.items():
        assert torch.equal(changed, square(halo)), name


THIN = [replace(stage, width=2, expansion=min(2, stage.expansion)) for stage in STAGES]


@pytest.mark.parametrize(
    ("stages", "merges", "step"), [(THIN[:3], (1,), 2), (THIN[:4], (2, 1), 4), (THIN, (2, 1), 4)]
)
def test_the_detector_s_halo_is_its_receptive_field_in_whole_steps(
    stages: list[Stage], merges: tuple[int, ...], step: int
) -> None:
    """Wherever a cell lies within the step, nothing changes beyond the halo; a step less would not do."""
    detector = DamageDetector(2, stages, [2] * len(merges), merges)
    assert detector.step == step
    positive(detector)
    side = 2 * detector.halo + 4 * detector.step
    middle = side // 2 // detector.step * detector.step
    given = torch.rand((1, PIXEL_CHANNELS, side, side), dtype=torch.float64)
    farthest = 0
    with torch.no_grad():
        expected = detector.logits(given)
        for phase in range(detector.step):
            place = middle + phase
            other = given.clone()
            other[..., place, place] += 1
            changed = (detector.logits(other) != expected).any(dim=1)[0]
            for lines in (changed.any(0), changed.any(1)):
                reached = torch.nonzero(lines)[:, 0]
                assert reached[0] > 0 and reached[-1] < side - 1, "the picture is too small to tell"
                farthest = max(farthest, place - int(reached[0]), int(reached[-1]) - place)
    assert detector.halo - detector.step < farthest <= detector.halo
    assert detector.halo % detector.step == 0


@pytest.mark.parametrize("blocks", [1, 3])
def test_the_mask_reaches_no_further_than_the_latent(blocks: int) -> None:
    mapper = positive(Mapper(6, blocks, 4))
    latent, _, context = mapper_inputs()
    changed = changed_cells(lambda mask: mapper(latent, mask, context), 16)
    assert torch.equal(changed, square(1 + 2 * (blocks - 1)))


def test_an_empty_mask_leaves_the_local_branch_alone() -> None:
    torch.manual_seed(3)
    mapper = Mapper(6, 2, 4).double()
    latent, mask, context = mapper_inputs()
    with torch.no_grad():
        local = mapper(latent)
        assert torch.equal(mapper(latent, torch.zeros_like(mask), context), local)
        assert not torch.equal(mapper(latent, mask, context), local)


@pytest.mark.parametrize("damaged_pixels", [1, 5, 16])
def test_only_damaged_cells_get_an_answer(damaged_pixels: int) -> None:
    torch.manual_seed(4)
    branch = Mapper(6, 1, 4).double().non_local
    latent, mask, context = mapper_inputs()
    mask.zero_()
    mask[:, :damaged_pixels, 7, 9] = 1
    with torch.no_grad():
        branch.hint.weight.zero_()
        added = branch(latent, mask, context)
        # However many of its pixels are damaged, the gate is open: 6 times what attention answers.
        query = branch.query(latent)[0, :, 7, 9]
        weights = torch.softmax(branch.key(context)[0] @ query * branch.scale, 0)
        answer = branch.answer((weights @ branch.value(context)[0])[None, :, None, None])
    assert torch.nonzero(added.abs().sum(1)[0]).tolist() == [[7, 9]]
    torch.testing.assert_close(added[0, :, 7, 9], 6 * answer[0, :, 0, 0])


def test_every_token_counts() -> None:
    torch.manual_seed(5)
    mapper = Mapper(6, 1, 4).double()
    latent, mask, context = mapper_inputs()
    with torch.no_grad():
        before = mapper(latent, mask, context)
        for token in range(context.shape[1]):
            other = context.clone()
            other[:, token] += 1
            assert not torch.equal(mapper(latent, mask, other), before)


def test_the_whole_restorer_is_its_parts_in_a_row() -> None:
    torch.manual_seed(6)
    restorer = MobileRestorer(6, 1, 4)
    photo = torch.rand((1, 3, 32, 24))
    mask = torch.zeros((1, 1, 32, 24))
    mask[..., 5:20, 7] = 1
    with torch.no_grad():
        cells = torch_cells.to_cells(photo)
        latent = restorer.encoder(cells)
        context = pool_context(latent, torch_cells.to_cells(mask), 4)
        mapped = restorer.mapper(latent, torch_cells.to_cells(mask), context)
        expected = photo + torch_cells.to_pixels(restorer.decoder(mapped, cells))
        torch.testing.assert_close(restorer(photo, mask, grid=4), expected)
        assert not torch.equal(restorer(photo), expected)


def test_a_face_network_begins_as_the_restore_path() -> None:
    torch.manual_seed(7)
    restorer, face = MobileRestorer(8, 2, 4), FaceRefiner((8, 8), (3, 1), 8)
    begin_from_(face, restorer)
    old = torch.rand((1, 3, 32, 32))
    with torch.no_grad():
        restored = restorer(old)
        for shown, share in ((old, 0.5), (restored, 1.0)):
            cells = torch.cat([torch_cells.to_cells(each) for each in (old, shown)], 1)
            change = torch_cells.to_pixels(face(cells - torch_cells.MIDDLE))
            # One of the restorer's blocks is left out.
            torch.testing.assert_close(change, share * (restored - old), atol=2e-3, rtol=0.05)


def gmacs(run: Callable[[], Tensor]) -> float:
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        run()
    return counter.get_total_flops() / 2 / 1e9


def int8_bytes(network: nn.Module) -> int:
    """A byte a weight, four a bias, and the constant gate."""
    tensors = [*network.parameters(), *network.buffers()]
    return sum(tensor.numel() * (1 if tensor.dim() > 1 else 4) for tensor in tensors)


def test_the_restore_path_is_within_its_budget() -> None:
    """3.0 GMAC for 256x256 pixels with the global branch, and 4 MB of INT8."""
    with torch.device("meta"):
        restorer = MobileRestorer()
        photo, mask = torch.empty(1, 3, 256, 256), torch.empty(1, 1, 256, 256)
    cost = gmacs(lambda: restorer(photo, mask, CONTEXT_SIDE))
    assert 0.5 < gmacs(lambda: restorer(photo)) < cost <= 3.0
    assert int8_bytes(restorer) <= 4_000_000


def test_the_finder_is_within_its_budget() -> None:
    """0.6 GMAC for its largest input, and 1 MB of INT8."""
    with torch.device("meta"):
        finder, seen = FaceFinder(), torch.empty(1, 192, *max(FINDER_TILES))
    assert 0.1 < gmacs(lambda: finder(seen)) <= 0.6
    assert int8_bytes(finder) <= 1_000_000


def test_the_face_network_is_within_its_budget() -> None:
    """3 GMAC for a face, and 3 MB of INT8."""
    with torch.device("meta"):
        refiner, seen = FaceRefiner(), torch.empty(1, 96, 64, 64)
    assert 1 < gmacs(lambda: refiner(seen)) <= 3
    assert int8_bytes(refiner) <= 3_000_000


def test_a_detector_equalized_and_without_its_norms_finds_the_same() -> None:
    torch.manual_seed(4)
    detector = DamageDetector(2, THIN, (4, 4))  # its first block has a sum, which reads the stem too
    for each in detector.norms():
        assert each.norm is not None
        for values in (each.norm.weight, each.norm.running_var):
            nn.init.uniform_(values, 0.5, 2)  # type: ignore[arg-type]
        for values in (each.norm.bias, each.norm.running_mean):
            nn.init.normal_(values)  # type: ignore[arg-type]
    seen = torch.rand((1, PIXEL_CHANNELS, 8, 12))
    detector.eval()
    with torch.no_grad():
        expected = detector.logits(seen)
        norm = cast(InvertedResidual, detector.blocks["block1_0"]).filter.norm
        assert norm is not None
        before = norm.weight.clone()
        detector.equalize_()
        assert not torch.equal(norm.weight, before)
        detector.fold_()
        assert not any(isinstance(module, nn.BatchNorm2d) for module in detector.modules())
        torch.testing.assert_close(detector.logits(seen), expected, rtol=1e-4, atol=1e-4)


def test_the_damage_detector_is_within_its_budget() -> None:
    """1.0 GMAC for 256x256 pixels, and 2 MB of INT8."""
    with torch.device("meta"):
        detector = DamageDetector()
        seen = torch.empty(1, PIXEL_CHANNELS, 64, 64)
    assert 0.1 < gmacs(lambda: detector(seen)) <= 1.0
    assert int8_bytes(detector) <= 2_000_000


def grid_energy(residual: Tensor) -> float:
    """Share of a residual's spectrum (but its mean) that repeats every 4 or 2 pixels."""
    power = torch.fft.fft2(residual.double()).abs().square().sum((0, 1))
    power[0, 0] = 0
    side = power.shape[0]
    bins = [side // 4, side // 2, 3 * side // 4]
    on_grid = torch.zeros_like(power, dtype=torch.bool)
    on_grid[bins] = True
    on_grid[:, bins] = True
    return float(power[on_grid].sum() / power.sum())


def test_a_fresh_decoder_paints_no_grid() -> None:
    torch.manual_seed(7)
    decoder, side, inner = Decoder(16, 24), 40, slice(4, 36)
    down, across = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    waves = [torch.sin(down / (5 + c) + c) + torch.cos(across / (7 + c)) for c in range(16)]
    smooth = torch.stack(waves)[None]
    cells = torch.rand((1, PIXEL_CHANNELS, side, side))
    with torch.no_grad():
        residual = torch_cells.to_pixels(decoder(smooth, cells)[..., inner, inner])
        assert residual.std() > 1e-4
        assert grid_energy(residual) < 1e-9
        # The measure sees the grid of phases that start independent.
        decoder.leave.reset_parameters()
        assert grid_energy(torch_cells.to_pixels(decoder(smooth, cells)[..., inner, inner])) > 1e-2


def test_training_applies_the_curves_that_the_runtime_applies() -> None:
    steps = np.abs(np.random.default_rng(8).normal(0.1, 0.05, (3, 9))).astype(np.float32)
    pixels = np.random.default_rng(9).integers(0, 256, (16, 20, 3), np.uint8)
    photo = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    trained = apply_curves(photo, torch.from_numpy(steps)[None])[0].permute(1, 2, 0).numpy()
    tone.apply_curves(pixels, tone.curves(steps), 1.0)
    assert np.abs(trained * 255 - pixels).max() <= 0.5 + 255 / tone.CURVE_GRID


def test_the_tone_network_sees_the_lightest_and_the_darkest_place() -> None:
    torch.manual_seed(0)
    network, gray = ToneNet().eval(), torch.full((1, 3, 64, 64), 0.5)
    for level in (0.0, 1.0):
        seen = gray.clone()
        seen[..., 20, 30] = level
        with torch.no_grad():
            # By averages alone, one place of 4,096 moves the curves by less than 1e-5.
            assert (network(seen) - network(gray)).abs().max() > 5e-4


def test_training_in_bfloat16_gives_nearly_the_same() -> None:
    detector = DamageDetector()
    cells_ = torch.rand(1, 48, 16, 16, generator=torch.Generator().manual_seed(0))
    exact = detector.eval()(cells_)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = detector(cells_)
    assert rounded.dtype == torch.bfloat16
    assert torch.allclose(rounded.float(), exact, atol=0.02)
    # Conversion reads the network's graph, which no question about a tensor may stand in the way of.
    torch.fx.symbolic_trace(detector)
