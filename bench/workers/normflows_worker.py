"""
normflows on PyTorch: the layers that its documentation composes flows of.

Its spline layers have residual networks only; with one block, and a width that gives as many parameters.
"""

from worker import matching_width, serve

from importlib.metadata import version

import normflows as nf
import torch
from torch_worker import prepared, trained_parameters


def layers(task, width):
    features = task["features"]
    for i in range(task["transforms"]):
        if task["flow"] == "realnvp":
            half = (features + 1) // 2
            network = nf.nets.MLP([half, width, width, 2 * (features - half)])
            yield nf.flows.AffineCouplingBlock(network)
            yield nf.flows.Permute(features, mode="swap")
        elif task["flow"] == "maf":
            # Reversed, so that densities are what takes one pass.
            plain = {"num_blocks": 1, "use_residual_blocks": False}
            yield nf.flows.Reverse(nf.flows.MaskedAffineAutoregressive(features, width, **plain))
            yield nf.flows.Permute(features, mode="swap")
        elif task["flow"] == "planar":
            # Reversed, so that densities are the direction that needs no root; with tanh it has no other.
            yield nf.flows.Reverse(nf.flows.Planar((features,)))
        elif task["flow"] == "residual":
            # As in its documentation: the estimator of Chen et al., 2 terms and a geometric number more.
            network = nf.nets.LipschitzMLP([features, width, features], lipschitz_const=0.97)
            yield nf.flows.Residual(network)
            yield nf.flows.ActNorm(features)
        elif task["flow"] == "nsf":
            yield nf.flows.CoupledRationalQuadraticSpline(
                features, 1, width, num_bins=task["bins"], tail_bound=5, reverse_mask=i % 2 == 1
            )
        else:
            yield nf.flows.AutoregressiveRationalQuadraticSpline(
                features, 1, width, num_bins=task["bins"], tail_bound=5, init_identity=False
            )
            yield nf.flows.Permute(features, mode="swap")


def build(task, width):
    base = nf.distributions.DiagGaussian(task["features"], trainable=False)
    return nf.NormalizingFlow(base, list(layers(task, width)))


def prepare(task):
    width = matching_width(task, lambda width: trained_parameters(build(task, width)))
    flow = build(task, width)
    # Its norms are those of power iterations that the training loop asks for; 5 a step, as its layers have by default.
    after = (lambda: nf.utils.update_lipschitz(flow, 5)) if task["flow"] == "residual" else None
    return prepared(task, flow, flow.log_prob, lambda n: flow.sample(n)[0], after)


serve(f"{version('normflows')}, torch {torch.__version__}", prepare)
