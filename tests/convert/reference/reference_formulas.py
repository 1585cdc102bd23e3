"""The published networks once more, written from their description: plain functions on a state dict.

Slow and dense on purpose. Nothing here may use ``convert.reference.nets``, which it checks.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

Weights = Mapping[str, Tensor]


def convolved(w: Weights, key: str, x: Tensor, stride: int = 1, zeros: int = 0, mirror: int = 0) -> Tensor:
    if mirror:
        x = F.pad(x, (mirror, mirror, mirror, mirror), mode="reflect")
    return F.conv2d(x, w[f"{key}.weight"], w.get(f"{key}.bias"), stride, zeros)


def standardised(x: Tensor) -> Tensor:
    """Instance norm, with the photo's own statistics."""
    mean = x.mean((2, 3), keepdim=True)
    variance = (x - mean).square().mean((2, 3), keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5)


def rescaled(w: Weights, key: str, x: Tensor) -> Tensor:
    """Batch norm, with the stored statistics."""
    mean, variance = (w[f"{key}.running_{name}"][:, None, None] for name in ("mean", "var"))
    x = (x - mean) / torch.sqrt(variance + 1e-5)
    if f"{key}.weight" in w:
        x = x * w[f"{key}.weight"][:, None, None] + w[f"{key}.bias"][:, None, None]
    return x


def leaky(x: Tensor) -> Tensor:
    return torch.where(x < 0, 0.2 * x, x)


def residual(w: Weights, key: str, x: Tensor) -> Tensor:
    inner = standardised(convolved(w, f"{key}.conv_block.1", x, mirror=1)).clamp(min=0)
    return x + standardised(convolved(w, f"{key}.conv_block.5", inner, mirror=1))


def residuals(w: Weights, part: str, first: int, count: int, x: Tensor) -> Tensor:
    for index in range(first, first + count):
        x = residual(w, f"{part}.{index}", x)
    return x


def encoded(w: Weights, photo: Tensor) -> Tensor:
    x = standardised(convolved(w, "encoder.1", photo, mirror=3)).clamp(min=0)
    x = standardised(convolved(w, "encoder.4", x, stride=2, zeros=1)).clamp(min=0)
    x = standardised(convolved(w, "encoder.7", x, stride=2, zeros=1)).clamp(min=0)
    return residuals(w, "encoder", 10, 4, x)


def decoded(w: Weights, latent: Tensor) -> Tensor:
    x = residuals(w, "decoder", 0, 4, latent)
    for key in ("decoder.4", "decoder.7"):
        x = F.conv_transpose2d(x, w[f"{key}.weight"], w[f"{key}.bias"], stride=2, padding=1)
        x = standardised(x).clamp(min=0)
    return torch.tanh(convolved(w, "decoder.11", x, mirror=3))


def autoencoded(w: Weights, photo: Tensor) -> Tensor:
    return decoded(w, encoded(w, photo))


def stacked(w: Weights, part: str, indices: tuple[int, ...], x: Tensor) -> Tensor:
    for index in indices:
        x = standardised(convolved(w, f"{part}.{index}", x, zeros=1)).clamp(min=0)
    return x


def quality_mapped(w: Weights, latent: Tensor) -> Tensor:
    x = stacked(w, "model", (0, 3, 6, 9), latent)
    x = residuals(w, "model", 12, 6, x)
    return convolved(w, "model.27", stacked(w, "model", (18, 21, 24), x), zeros=1)


def touched(mask: Tensor, pixels: tuple[tuple[int, int], ...]) -> Tensor:
    """Whether any of these pixels of a cell of 4 x 4 is masked."""
    found = [mask[:, :, row::4, column::4] > 0 for row, column in pixels]
    return torch.stack(found).any(dim=0).to(mask.dtype)


MIDDLE = ((1, 1), (1, 2), (2, 1), (2, 2))


def dense_attention(queries: Tensor, keys: Tensor, values: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.softmax(torch.einsum("bqd,bkd->bqk", queries, keys), dim=2) * valid[:, None]
    weights = weights / weights.sum(2, keepdim=True).clamp(min=1e-12)
    return torch.einsum("bqk,bkc->bqc", weights, values), weights.sum(2, keepdim=True)


def filled(w: Weights, x: Tensor, valid: Tensor) -> Tensor:
    """The partial non-local block."""
    theta, phi, g = (convolved(w, f"NL.{name}", x).flatten(2) for name in ("theta", "phi", "g"))
    attended, _ = dense_attention(theta.mT, phi.mT, g.mT, valid.flatten(1))
    u = residuals(w, "NL.res_block", 0, 3, convolved(w, "NL.W", attended.mT.reshape(x.shape)))
    return valid * x + (1 - valid) * u


def scratch_mapped(w: Weights, latent: Tensor, mask: Tensor) -> Tensor:
    valid = 1 - touched(mask, ((0, 0), *MIDDLE))
    x = filled(w, stacked(w, "before_NL", (0, 3, 6, 9), latent), valid)
    x = residuals(w, "after_NL", 0, 6, x)
    return convolved(w, "after_NL.15", stacked(w, "after_NL", (6, 9, 12), x), zeros=1)


def composed(x: Tensor, damaged: Tensor, side: int) -> Tensor:
    result = torch.zeros_like(x)
    for photo, bad, out in zip(x, damaged[:, 0], result, strict=True):
        places = [
            (slice(row, row + side), slice(column, column + side))
            for row in range(0, bad.shape[0] - side + 1, side)
            for column in range(0, bad.shape[1] - side + 1, side)
        ]
        intact = [place for place in places if int(bad[place].sum()) / side**2 <= 0.6]
        for place in places:
            patch = photo[:, *place]
            if place not in intact and intact:
                like = [F.cosine_similarity(patch.flatten(), photo[:, *one].flatten(), 0) for one in intact]
                patch = photo[:, *intact[int(torch.stack(like).argmax())]]
            out[:, *place] = patch
    return result


def patch_mapped(w: Weights, latent: Tensor, mask: Tensor) -> Tensor:
    damaged = touched(mask, MIDDLE)
    x = residuals(w, "before_NL", 12, 2, stacked(w, "before_NL", (0, 3, 6, 9), latent))
    for scale, side in ((1, 8), (2, 4), (3, 2)):
        own = residual(w, f"NL_scale_{scale}.res_block.0", x)
        both = torch.cat([x, composed(own, damaged, side), damaged], dim=1)
        x = convolved(w, f"NL_scale_{scale}.F_Combine", both, zeros=1)
        if scale < 3:
            x = residuals(w, f"res_block_{scale}", 0, 2, x)
    x = residuals(w, "after_NL", 0, 2, x)
    return convolved(w, "after_NL.11", stacked(w, "after_NL", (2, 5, 8), x), zeros=1)


def twice_normalised(w: Weights, key: str, x: Tensor) -> Tensor:
    for conv, norm in ((1, 2), (5, 6)):
        x = leaky(rescaled(w, f"{key}.{norm}", convolved(w, f"{key}.{conv}", x, mirror=1)))
    return x


def scratch_logits(w: Weights, gray: Tensor) -> Tensor:
    x = leaky(convolved(w, "first.1", gray, mirror=3))
    row = torch.tensor([1, 2, 1], dtype=x.dtype) / 4
    skips = []
    for stage in range(4):
        skips.append(x)
        key = f"down_sample.{stage}"
        x = leaky(rescaled(w, f"{key}.2", convolved(w, f"{key}.1", x, mirror=1)))
        channels = x.shape[1]
        blur = torch.outer(row, row).expand(channels, 1, 3, 3)
        x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), blur, stride=2, groups=channels)
        x = twice_normalised(w, f"down_path.{stage}.block", x)
    for stage in range(4):
        key = f"up_path.{stage}"
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = torch.cat([convolved(w, f"{key}.up.2", x, mirror=1), skips.pop()], dim=1)
        x = twice_normalised(w, f"{key}.conv_block.block", x)
    return convolved(w, "last.1", x, mirror=1)


def face_on_grid(face: Tensor, grid: int) -> Tensor:
    """Bilinear, without antialias: of each block of pixels the four in its middle count."""
    block = face.shape[-1] // grid
    if block == 1:
        return face
    near, far = slice(block // 2 - 1, None, block), slice(block // 2, None, block)
    corners = [face[:, :, row, column] for row in (near, far) for column in (near, far)]
    return torch.stack(corners).mean(dim=0)


def conditioned(w: Weights, key: str, x: Tensor, face: Tensor) -> Tensor:
    shared = convolved(w, f"{key}.mlp_shared.0", face_on_grid(face, x.shape[-1]), zeros=1).clamp(min=0)
    gamma, beta = (convolved(w, f"{key}.mlp_{name}", shared, zeros=1) for name in ("gamma", "beta"))
    return rescaled(w, f"{key}.param_free_norm", x) * (1 + gamma) + beta


def spectral(w: Weights, key: str, x: Tensor, zeros: int) -> Tensor:
    weight = w[f"{key}.weight_orig"]
    scale = torch.einsum("o,oi,i->", w[f"{key}.weight_u"], weight.flatten(1), w[f"{key}.weight_v"])
    return F.conv2d(x, weight / scale, w.get(f"{key}.bias"), padding=zeros)


def spade_block(w: Weights, key: str, x: Tensor, face: Tensor) -> Tensor:
    inner = spectral(w, f"{key}.conv_0", leaky(conditioned(w, f"{key}.norm_0", x, face)), zeros=1)
    inner = spectral(w, f"{key}.conv_1", leaky(conditioned(w, f"{key}.norm_1", inner, face)), zeros=1)
    if inner.shape[1] != x.shape[1]:
        x = spectral(w, f"{key}.conv_s", conditioned(w, f"{key}.norm_s", x, face), zeros=0)
    return x + inner


def face_generated(w: Weights, face: Tensor) -> Tensor:
    x = convolved(w, "fc", face_on_grid(face, face.shape[-1] // 32), zeros=1)
    for name in ("head_0", "G_middle_0", "G_middle_1", "up_0", "up_1", "up_2", "up_3"):
        if name not in ("head_0", "G_middle_1"):
            x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        x = spade_block(w, name, x, face)
    return torch.tanh(convolved(w, "conv_img", leaky(x), zeros=1))
