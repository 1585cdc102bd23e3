"""How far apart real and synthetic old photos lie in a latent space."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

DIRECTIONS = 256


def latent_gap(first: Tensor, second: Tensor, seed: int = 0) -> float:
    """Sliced Wasserstein-1 distance of two sets of latents ``(B, C, h, w)``, in standard deviations.

    Each latent vector is a point. Points are standardised by the spread of both sets together, channel by
    channel, so a space that merely shrinks comes no closer; then projected on random directions, sorted,
    and compared (Rabin et al. 2011; Bonneel et al. 2015). The sets are cut to the same number of points.
    """
    points = [latents.float().movedim(1, -1).flatten(0, 2) for latents in (first, second)]
    rng = Generator(first.device).manual_seed(seed)
    count = min(len(cloud) for cloud in points)
    chosen = [
        cloud[torch.randperm(len(cloud), generator=rng, device=cloud.device)[:count]] for cloud in points
    ]
    spread = torch.cat(chosen).std(0).clamp(min=1e-6)
    shape = (first.shape[1], DIRECTIONS)
    directions = torch.nn.functional.normalize(
        torch.randn(shape, generator=rng, device=first.device), dim=0
    )
    sorted_points = [(cloud / spread @ directions).sort(0).values for cloud in chosen]
    return float((sorted_points[0] - sorted_points[1]).abs().mean())
