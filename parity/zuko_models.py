"""Random models of zuko 1.6 with the constructor calls that make them, as nested JSON."""

import torch
import zuko

ACTIVATIONS = {
    None: None,
    "torch.nn.ELU": torch.nn.ELU,
    "torch.nn.Tanh": torch.nn.Tanh,
    "torch.nn.SiLU": torch.nn.SiLU,
    "torch.nn.GELU": torch.nn.GELU,
    "torch.nn.LeakyReLU": torch.nn.LeakyReLU,
    "torch.nn.Softplus": torch.nn.Softplus,
    "torch.nn.ReLU": torch.nn.ReLU,
    "torch.nn.Mish": torch.nn.Mish,
    "torch.nn.Sigmoid": torch.nn.Sigmoid,
    "torch.nn.SELU": torch.nn.SELU,
    "torch.nn.Hardtanh": torch.nn.Hardtanh,
}


class Chooser:
    """Arguments for Python and for the config, side by side."""

    def __init__(self, random):
        self.random = random
        self.python = {}
        self.config = {}

    def set(self, name, python, config=None):
        self.python[name] = python
        self.config[name] = python if config is None else config

    def maybe(self, name, make, share=0.6):
        if self.random.random() < share:
            self.set(name, make())

    def activation(self):
        name = self.random.choice(list(ACTIVATIONS))
        if name is not None:
            self.set("activation", ACTIVATIONS[name], name)

    def sizes(self):
        c = self.random
        self.set("features", c.choice([1, 2, 3, 5, 9]))
        context = c.choice([0, 0, 1, 3])
        if context > 0 or c.random() < 0.3:
            self.set("context", context)

    def hidden(self):
        c = self.random
        self.maybe("hidden_features", lambda: c.choice([[], [4], [7, 5], [6, 6], [5, 5, 8], [11, 3]]), 0.9)

    def made(self, library, cls):
        return getattr(library, cls)(**self.python), {"class": f"zuko.flows.{cls}", "arguments": self.config}


def masked(c):
    features = c.python["features"]
    c.maybe("passes", lambda: c.random.choice([2, 2, 3, features, features + 2]), 0.4)
    if features > 1 and c.random.random() < 0.3 and c.config.get("hidden_features") != []:
        c.set("residual", True)
    if features > 1 and c.random.random() < 0.12:
        # A random graph without circles, in a random order of the features, with or without the context.
        order = list(range(features))
        c.random.shuffle(order)
        context = c.python.get("context", 0)
        columns = features + context if c.random.random() < 0.5 else features
        adjacency = [[0] * columns for _ in range(features)]
        for place, i in enumerate(order):
            adjacency[i][i] = 1
            for j in order[:place]:
                adjacency[i][j] = int(c.random.random() < 0.6)
            for j in range(features, columns):
                adjacency[i][j] = int(c.random.random() < 0.6)
        first, second = order[0], order[1]
        adjacency[second][first] = 1
        c.set("adjacency", torch.tensor(adjacency, dtype=torch.bool), adjacency)


def NSF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3]))
    c.maybe("randperm", lambda: random.choice([True, False]))
    c.maybe("bins", lambda: random.choice([2, 3, 5, 8]))
    c.maybe("slope", lambda: random.choice([1e-2, 1e-3, 1e-4]), 0.4)
    c.hidden()
    c.activation()
    masked(c)
    return c.made(zuko.flows, "NSF")


def MAF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3, 4]))
    c.maybe("randperm", lambda: random.choice([True, False]))
    c.hidden()
    c.activation()
    masked(c)
    if random.random() < 0.15:
        c.set("univariate", zuko.transforms.MonotonicRQSTransform, "zuko.transforms.MonotonicRQSTransform")
        c.set("shapes", [[4], [4], [3]])
    return c.made(zuko.flows, "MAF")


def coupling(random, cls):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3, 4]))
    if c.python["features"] > 1:
        c.maybe("randmask", lambda: random.choice([True, False]))
    c.hidden()
    c.activation()
    hidden = c.python.get("hidden_features", [])
    if random.random() < 0.25:
        c.set("normalize", True)
    if random.random() < 0.15:
        c.set("bias", False)
    return c.made(zuko.flows, cls)


def NICE(random):
    return coupling(random, "NICE")


def RealNVP(random):
    return coupling(random, "RealNVP")


def SOSPF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3]))
    c.maybe("randperm", lambda: random.choice([True, False]))
    c.maybe("degree", lambda: random.choice([1, 2, 4]))
    c.maybe("polynomials", lambda: random.choice([1, 2, 3]))
    c.maybe("slope", lambda: random.choice([1e-2, 1e-3]), 0.4)
    c.hidden()
    c.activation()
    masked(c)
    return c.made(zuko.flows, "SOSPF")


def NCSF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3]))
    c.maybe("randperm", lambda: random.choice([True, False]))
    c.maybe("bins", lambda: random.choice([2, 3, 5]))
    c.maybe("slope", lambda: random.choice([1e-2, 1e-3]), 0.4)
    c.hidden()
    c.activation()
    masked(c)
    return c.made(zuko.flows, "NCSF")


def NAF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3]))
    c.maybe("randperm", lambda: random.choice([True, False]))
    c.maybe("signal", lambda: random.choice([1, 4]), 0.9)
    network = {"hidden_features": random.choice([[4], [6, 4], [2, 4, 2]])}
    if random.random() < 0.2:
        network["bias"] = False
    c.set("network", network)
    c.hidden()
    c.activation()
    masked(c)
    return c.made(zuko.flows, "NAF")


def UNAF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3]))
    c.maybe("randperm", lambda: random.choice([True, False]))
    c.maybe("signal", lambda: random.choice([1, 4]), 0.9)
    network = {"hidden_features": random.choice([[], [4], [6, 3], [2, 4, 2]])}
    if random.random() < 0.2:
        network["bias"] = False
    config = dict(network)
    name = random.choice(list(ACTIVATIONS))
    if name is not None:
        network["activation"], config["activation"] = ACTIVATIONS[name], name
    c.set("network", network, config)
    c.hidden()
    c.activation()
    masked(c)
    return c.made(zuko.flows, "UNAF")


def CNF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("freqs", lambda: random.choice([1, 2, 4]))
    c.maybe("hidden_features", lambda: random.choice([[5], [7, 5], [6, 5, 4]]), 0.9)
    name = random.choice([None, "torch.nn.ELU", "torch.nn.Tanh", "torch.nn.SiLU"])
    if name is not None:
        c.set("activation", getattr(torch.nn, name.split(".")[-1]), name)
    # Tight, so that what is left of the difference is ours.
    c.set("atol", 1e-11)
    c.set("rtol", 1e-11)
    return c.made(zuko.flows, "CNF")


def BPF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3]))
    c.maybe("randperm", lambda: random.choice([True, False]))
    c.maybe("degree", lambda: random.choice([3, 6, 10]))
    c.hidden()
    c.activation()
    masked(c)
    return c.made(zuko.flows, "BPF")


def GF(random):
    c = Chooser(random)
    c.sizes()
    c.maybe("transforms", lambda: random.choice([1, 2, 3]))
    c.maybe("components", lambda: random.choice([1, 3, 6]))
    c.hidden()
    c.activation()
    return c.made(zuko.flows, "GF")


def GMM(random):
    c = Chooser(random)
    c.set("features", random.choice([1, 2, 3, 5]))
    c.maybe("components", lambda: random.choice([1, 2, 4]))
    c.maybe("covariance_type", lambda: random.choice(["full", "diagonal", "spherical"]))
    c.maybe("tied", lambda: random.choice([True, False]))
    c.maybe("epsilon", lambda: random.choice([1e-6, 1e-2]))
    if random.random() < 0.5:
        c.set("context", random.choice([1, 3]))
        c.hidden()
        c.activation()
    return c.made(zuko.flows, "GMM")


def Flow(random):
    """A flow that is put together of transforms and a base of its own."""
    features, context = random.choice([2, 3]), random.choice([0, 2])
    order = list(range(features))
    random.shuffle(order)
    mask = [i % 2 for i in range(features)]
    loc, scale = [0.1 * i for i in range(features)], [1 + 0.2 * i for i in range(features)]
    transforms = [
        zuko.flows.MaskedAutoregressiveTransform(features, context, order=torch.tensor(order), hidden_features=[6, 6], residual=True),
        zuko.flows.GeneralCouplingTransform(features, context, mask=torch.tensor(mask, dtype=torch.bool), hidden_features=[5]),
        zuko.flows.ElementWiseTransform(features, context, hidden_features=[4]),
        zuko.flows.MaskedAutoregressiveTransform(features, context, hidden_features=[5]).inv,
    ]
    base = zuko.lazy.UnconditionalDistribution(
        zuko.distributions.DiagNormal, torch.tensor(loc), torch.tensor(scale), buffer=random.random() < 0.5
    )
    both = {"features": features, "context": context}
    config = {
        "class": "zuko.flows.Flow",
        "arguments": {
            "transform": [
                {"class": "zuko.flows.MaskedAutoregressiveTransform", "arguments": {**both, "order": order, "hidden_features": [6, 6], "residual": True}},
                {"class": "GeneralCouplingTransform", "arguments": {**both, "mask": mask, "hidden_features": [5]}},
                {"class": "zuko.flows.ElementWiseTransform", "arguments": {**both, "hidden_features": [4]}},
                {"class": "LazyInverse", "arguments": {"transform": {"class": "zuko.flows.MaskedAutoregressiveTransform", "arguments": {**both, "hidden_features": [5]}}}},
            ],
            "base": {"class": "UnconditionalDistribution", "arguments": {"f": "zuko.distributions.DiagNormal", "loc": loc, "scale": scale}},
        },
    }
    return zuko.flows.Flow(transforms, base), config


MODELS = {"NSF": NSF, "NCSF": NCSF, "NAF": NAF, "UNAF": UNAF, "CNF": CNF, "MAF": MAF, "NICE": NICE, "RealNVP": RealNVP, "SOSPF": SOSPF, "BPF": BPF, "GF": GF, "GMM": GMM, "Flow": Flow}


def evaluate(model, x, z, c):
    """Log-densities and base points of rows, and rows of base points."""
    if isinstance(model, zuko.flows.NCSF):
        # Angles between -pi and pi.
        x.copy_(torch.remainder(x, 6.28) - 3.14)
        z.copy_(torch.remainder(z, 6.28) - 3.14)
    distribution = model(c) if c is not None else model()
    log_prob = distribution.log_prob(x)
    if not hasattr(distribution, "transform"):
        return log_prob, None, None
    data = distribution.transform.inv(z)
    # Beyond the interval in which the library looks for a root, it finds none.
    is_found = (distribution.transform(data) - z).abs().max() < 1e-4
    return log_prob, distribution.transform(x), data if is_found else None


def sizes(model, config):
    arguments = config["arguments"]
    if "features" not in arguments:
        arguments = arguments["transform"][0]["arguments"]
    return arguments["features"], arguments.get("context", 0)
