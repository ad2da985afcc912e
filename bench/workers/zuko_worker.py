"""zuko on PyTorch: its ready-made flows, and its couplings with its spline for the one that it has not."""

from worker import Prepared, matching_width, serve

import time

import numpy as np
import torch
import zuko
from torch_worker import prepared, trained_parameters


def build(task, width):
    features, transforms = task["features"], task["transforms"]
    hidden = {"hidden_features": (width, width)}
    if task["flow"] == "realnvp":
        return zuko.flows.RealNVP(features, transforms=transforms, **hidden)
    if task["flow"] == "maf":
        return zuko.flows.MAF(features, transforms=transforms, **hidden)
    if task["flow"] == "nsf-ar":
        return zuko.flows.NSF(features, transforms=transforms, bins=task["bins"], **hidden)
    if task["flow"] == "cnf":
        # Adaptive steps and the adjoint, with its own tolerances; the divergence exact, as by default.
        return zuko.flows.CNF(features, **hidden)
    if task["flow"] == "naf":
        return zuko.flows.NAF(features, transforms=transforms, **hidden)
    if task["flow"] == "unaf":
        # The integrand of this library.
        network = {"hidden_features": (32,)}
        return zuko.flows.UNAF(features, transforms=transforms, signal=8, network=network, **hidden)
    if task["flow"] == "sospf":
        return zuko.flows.SOSPF(features, transforms=transforms, **hidden)
    if task["flow"] == "bpf":
        return zuko.flows.BPF(features, transforms=transforms, **hidden)
    if task["flow"] == "ncsf":
        return zuko.flows.NCSF(features, transforms=transforms, bins=task["bins"], **hidden)
    if task["flow"] == "gf":
        return zuko.flows.GF(features, transforms=transforms, components=8)
    bins = task["bins"]
    return zuko.flows.NICE(
        features,
        transforms=transforms,
        univariate=zuko.transforms.MonotonicRQSTransform,
        shapes=[(bins,), (bins,), (bins - 1,)],
        **hidden,
    )


class Fit(Prepared):
    """
    A fit as zuko's tutorials show one: Adam at a constant rate on standardized rows in a new order each epoch. Its
    time is that up to the end of the first epoch after which the held-out rows reach the target.
    """

    def __init__(self, task):
        self.task = task
        self.width = matching_width(task, lambda width: trained_parameters(build(task, width)))
        self.parameters = trained_parameters(build(task, self.width))

    def time(self, repeats):
        task = self.task
        start = time.perf_counter()
        rows = torch.from_numpy(np.fromfile(task["split"]).reshape(task["rows"], -1))
        held, train = rows[: task["held"]], rows[task["held"] :]
        mean, scale = train.mean(0), train.std(0)
        held, train = (((part - mean) / scale).float() for part in (held, train))
        flow = build(task, self.width)
        optimizer = torch.optim.Adam(flow.parameters(), lr=task["rate"])
        while time.perf_counter() - start < task["seconds"]:
            for x in train[torch.randperm(len(train))].split(task["batch"]):
                optimizer.zero_grad()
                loss = -flow().log_prob(x).mean()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                score = flow().log_prob(held).mean() - scale.log().sum()
            if score >= task["target"]:
                return [1000 * (time.perf_counter() - start)]
        raise TimeoutError(f"not reached in {task['seconds']} s")


def prepare(task):
    if task["workload"] == "fit":
        return Fit(task)
    width = matching_width(task, lambda width: trained_parameters(build(task, width)))
    flow = build(task, width)
    return prepared(task, flow, lambda x: flow().log_prob(x), lambda n: flow().sample((n,)))


serve(f"{zuko.__version__}, torch {torch.__version__}", prepare)
