"""How far apart real and synthetic old photos lie in a latent space."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

DIRECTIONS = 512


def latent_gap(first: Tensor, second: Tensor, neighbourhood: int = 3, seed: int = 0) -> float:
    """Sliced Wasserstein-1 distance of two sets of latents ``(B, C, h, w)``, in standard deviations.

    Each square of ``neighbourhood`` x ``neighbourhood`` latents is a point (as Karras et al. 2018 compare
    pictures: grain lies in how neighbours differ, not in single values). Points are standardised by the
    spread of both sets together, so a space that merely shrinks comes no closer; then projected on random
    directions, sorted, and compared (Rabin et al. 2011). Both sets are cut to the same number of points.
    """
    rng = Generator(first.device).manual_seed(seed)
    clouds = [F.unfold(latents.float(), neighbourhood).mT.flatten(0, 1) for latents in (first, second)]
    count = min(len(cloud) for cloud in clouds)
    clouds = [
        cloud[torch.randperm(len(cloud), generator=rng, device=cloud.device)[:count]] for cloud in clouds
    ]
    spread = torch.cat(clouds).std(0).clamp(min=1e-6)
    directions = torch.randn((len(spread), DIRECTIONS), generator=rng, device=first.device)
    slices = [(cloud / spread @ F.normalize(directions, dim=0)).sort(0).values for cloud in clouds]
    return float((slices[0] - slices[1]).abs().mean())
