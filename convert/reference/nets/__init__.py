"""The published networks in PyTorch, at full precision and compatible with the authors' state dicts.

Source: "Old Photo Restoration via Deep Latent Space Translation" (Wan et al.) and its released code. Module
and parameter names are those of the published checkpoints. Photos are ``(B, 3, H, W)`` in -1..1, latents
lie at 1/4 of the resolution, masks are ``(B, 1, H, W)``, 1 on damaged pixels. Every network takes its
widths, so that small ones can be trained and tested; the defaults are the published ones.

A network's ``forward`` takes the whole photo; `convert.reference` runs the same modules in bounded memory.
"""

from convert.reference.nets.face import FaceGenerator
from convert.reference.nets.mapping import QualityMapping, ScratchMapping
from convert.reference.nets.patch_attention import PatchMapping
from convert.reference.nets.unet import ScratchUnet
from convert.reference.nets.vae import Vae

__all__ = ["FaceGenerator", "PatchMapping", "QualityMapping", "ScratchMapping", "ScratchUnet", "Vae"]
