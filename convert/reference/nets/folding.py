"""Folding: norms with fixed statistics become part of the convolutions beside them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import remove_spectral_norm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from convert.reference.nets.face import SpatialNorm


def fold(network: nn.Module) -> nn.Module:
    """Fold batch norms and spectral norms, in place; the network then only infers. Returns it.

    Instance norms depend on the photo and stay.
    """
    network.eval().requires_grad_(False)
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential):
            _fold_batch_norms(module)
        elif isinstance(module, SpatialNorm):
            _fold_spatial_norm(module)
        elif isinstance(module, nn.Conv2d) and hasattr(module, "weight_orig"):
            remove_spectral_norm(module)
            # It leaves a hook behind that would ask for the norm's own weights when loading.
            module._load_state_dict_pre_hooks.clear()
    return network.requires_grad_(False)


def _fold_batch_norms(layers: nn.Sequential) -> None:
    for index in range(1, len(layers)):
        convolution, norm = layers[index - 1], layers[index]
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            layers[index - 1] = fuse_conv_bn_eval(convolution, norm)
            layers[index] = nn.Identity()


def _fold_spatial_norm(norm: SpatialNorm) -> None:
    """The norm is ``scale * x + shift`` for each channel, and its result is multiplied by ``1 + gamma``
    and moved by ``beta``: both constants move into the convolutions that make gamma and beta."""
    statistics = norm.param_free_norm
    if not isinstance(statistics, nn.BatchNorm2d):
        return
    mean, variance = statistics.running_mean, statistics.running_var
    gamma, beta = norm.mlp_gamma, norm.mlp_beta
    assert mean is not None and variance is not None
    assert gamma.bias is not None and beta.bias is not None
    scale = torch.rsqrt(variance + statistics.eps)
    shift = -mean * scale
    beta.weight += shift[:, None, None, None] * gamma.weight
    beta.bias += shift * (1 + gamma.bias)
    gamma.weight *= scale[:, None, None, None]
    gamma.bias.copy_(scale * (1 + gamma.bias) - 1)
    norm.param_free_norm = nn.Identity()
