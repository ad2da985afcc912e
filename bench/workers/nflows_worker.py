"""
nflows on PyTorch: the transforms that its documentation composes flows of.

Its couplings have residual networks; with one block, and a width that gives as many parameters.
"""

from worker import matching_width, serve

from importlib.metadata import version

import torch
from nflows.distributions.normal import StandardNormal
from nflows.flows.base import Flow
from nflows.nn.nets import ResidualNet
from nflows.transforms import (
    AffineCouplingTransform,
    CompositeTransform,
    MaskedAffineAutoregressiveTransform,
    MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
    PiecewiseRationalQuadraticCouplingTransform,
    ReversePermutation,
)
from nflows.utils.torchutils import create_alternating_binary_mask
from torch_worker import prepared, trained_parameters


def layers(task, width):
    features = task["features"]
    spline = {"num_bins": task["bins"], "tails": "linear", "tail_bound": 5.0}
    masked = {"features": features, "hidden_features": width, "num_blocks": 1, "use_residual_blocks": False}
    network = lambda inputs, outputs: ResidualNet(inputs, outputs, hidden_features=width, num_blocks=1)
    for i in range(task["transforms"]):
        mask = create_alternating_binary_mask(features, even=i % 2 == 0)
        if task["flow"] == "realnvp":
            yield AffineCouplingTransform(mask, network)
        elif task["flow"] == "nsf":
            yield PiecewiseRationalQuadraticCouplingTransform(mask, network, **spline)
        else:
            if task["flow"] == "maf":
                yield MaskedAffineAutoregressiveTransform(**masked)
            else:
                yield MaskedPiecewiseRationalQuadraticAutoregressiveTransform(**masked, **spline)
            yield ReversePermutation(features)


def build(task, width):
    return Flow(CompositeTransform(list(layers(task, width))), StandardNormal([task["features"]]))


def prepare(task):
    width = matching_width(task, lambda width: trained_parameters(build(task, width)))
    flow = build(task, width)
    return prepared(task, flow, flow.log_prob, flow.sample)


serve(f"{version('nflows')}, torch {torch.__version__}", prepare)
