"""torchcfm on PyTorch: a step of conditional flow matching as its examples write it, with its own network."""

from worker import matching_width, serve

import torch
from importlib.metadata import version
from torch_worker import prepared, trained_parameters
from torchcfm.conditional_flow_matching import ConditionalFlowMatcher
from torchcfm.models import MLP


def build(task, width):
    return MLP(dim=task["features"], w=width, time_varying=True)


def prepare(task):
    if task["workload"] != "step":
        return None
    width = matching_width(task, lambda width: trained_parameters(build(task, width)))
    network = build(task, width)
    matcher = ConditionalFlowMatcher(sigma=0.0)

    def minus_loss(x1):
        time, at, velocity = matcher.sample_location_and_conditional_flow(torch.randn_like(x1), x1)
        found = network(torch.cat([at, time[:, None]], dim=-1))
        return -((found - velocity) ** 2).sum(-1)

    return prepared(task, network, minus_loss, None)


serve(f"{version('torchcfm')}, torch {torch.__version__}", prepare)
