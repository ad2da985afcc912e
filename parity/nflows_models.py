"""Random models of nflows 0.14 with the constructor calls that make them, as nested JSON."""

import torch
from nflows import distributions, flows, transforms
from nflows.nn.nets import ResidualNet

ACTIVATIONS = {
    "torch.nn.functional.relu": torch.nn.functional.relu,
    "torch.tanh": torch.tanh,
    "torch.nn.functional.elu": torch.nn.functional.elu,
    "torch.nn.functional.silu": torch.nn.functional.silu,
    "torch.nn.functional.leaky_relu": torch.nn.functional.leaky_relu,
}


def call(name, **arguments):
    return {"class": name, "arguments": arguments}


def activation(random, python, config):
    if random.random() < 0.7:
        name = random.choice(list(ACTIVATIONS))
        python["activation"], config["activation"] = ACTIVATIONS[name], name


def residual_net(random, context):
    options = {"hidden_features": random.choice([4, 7, 12]), "num_blocks": random.choice([1, 2, 3])}
    if random.random() < 0.3:
        options["use_batch_norm"] = True
    if random.random() < 0.2:
        options["dropout_probability"] = 0.3
    if context > 0:
        options["context_features"] = context
    python, config = dict(options), dict(options)
    activation(random, python, config)
    return lambda i, o: ResidualNet(i, o, **python), call("nflows.nn.nets.ResidualNet", **config)


def spline(random):
    options = {"tails": "linear"}
    if random.random() < 0.7:
        options["num_bins"] = random.choice([2, 3, 5, 8])
    if random.random() < 0.7:
        options["tail_bound"] = random.choice([1.5, 3.0, 5.0])
    if random.random() < 0.3:
        options.update(min_bin_width=1e-2, min_bin_height=2e-2, min_derivative=5e-3)
    return options


def coupling(random, features, context, cls, **options):
    mask = [random.choice([-1, 1]) for _ in range(features)]
    mask[random.randrange(features)] = 1
    if all(value > 0 for value in mask):
        mask[0] = -1
    if all(value <= 0 for value in mask):
        mask[0] = 1
    make, config = residual_net(random, context)
    return (
        getattr(transforms, cls)(mask, make, **options),
        call(f"nflows.transforms.{cls}", mask=mask, transform_net_create_fn=config, **options),
    )


def autoregressive(random, features, context, cls, **options):
    options = dict(options, features=features, hidden_features=random.choice([4, 9, 14]))
    if context > 0:
        options["context_features"] = context
    if random.random() < 0.6:
        options["num_blocks"] = random.choice([1, 2, 3])
    if random.random() < 0.4:
        options["use_residual_blocks"] = False
        # A random mask may keep the context of a block out of reach, as the library has none for such blocks.
        if random.random() < 0.5:
            options["random_mask"] = True
    if random.random() < 0.3:
        options["use_batch_norm"] = True
    python, config = dict(options), dict(options)
    activation(random, python, config)
    return getattr(transforms, cls)(**python), call(f"nflows.transforms.{cls}", **config)


def linear(random, features, cls):
    if cls == "Permutation":
        order = list(range(features))
        random.shuffle(order)
        return transforms.Permutation(torch.tensor(order)), call("nflows.transforms.Permutation", permutation=order)
    if cls == "PointwiseAffineTransform":
        shift, scale = [0.5 * i for i in range(features)], [1 + 0.3 * i for i in range(features)]
        return (
            transforms.PointwiseAffineTransform(torch.tensor(shift), torch.tensor(scale)),
            call("nflows.transforms.PointwiseAffineTransform", shift=shift, scale=scale),
        )
    options = {"features": features}
    if cls == "BatchNorm" and random.random() < 0.5:
        options["eps"] = 1e-3
    if cls == "LULinear" and random.random() < 0.5:
        options["identity_init"] = False
    return getattr(transforms, cls)(**options), call(f"nflows.transforms.{cls}", **options)


LINEAR = ["LULinear", "BatchNorm", "ActNorm", "Permutation", "RandomPermutation", "ReversePermutation", "PointwiseAffineTransform"]


def flow_of(random, parts, features):
    """Parts with linear maps between them, some in the other direction, over a base."""
    made = []
    for part in parts:
        if random.random() < 0.7:
            made.append(linear(random, features, random.choice(LINEAR)))
        made.append(part)
    if random.random() < 0.2:
        transform, config = linear(random, features, "LULinear")
        made.append((transforms.InverseTransform(transform), call("nflows.transforms.InverseTransform", transform=config)))
    base, name = random.choice([(distributions.StandardNormal, "normal.StandardNormal"), (distributions.DiagonalNormal, "normal.DiagonalNormal")])
    return (
        flows.Flow(transforms.CompositeTransform([transform for transform, _ in made]), base([features])),
        call(
            "nflows.flows.base.Flow",
            transform=call("nflows.transforms.CompositeTransform", transforms=[config for _, config in made]),
            distribution=call(f"nflows.distributions.{name}", shape=[features]),
        ),
    )


def of(make, cls, options=lambda random: {}, least=1):
    def model(random):
        features = random.choice([size for size in [1, 2, 3, 5, 9] if size >= least])
        context = random.choice([0, 0, 1, 3])
        parts = [make(random, features, context, cls, **options(random)) for _ in range(random.choice([1, 2, 3]))]
        return flow_of(random, parts, features)

    return model


def ready_made(cls, choose):
    def model(random):
        options = {
            "features": random.choice([2, 3, 5]),
            "hidden_features": random.choice([4, 9]),
            "num_layers": random.choice([1, 2, 3]),
            "num_blocks_per_layer": random.choice([1, 2]),
        }
        for name, values in choose.items():
            if random.random() < 0.5:
                options[name] = random.choice(values)
        if options.get("use_random_masks"):
            options["use_residual_blocks"] = False
        python, config = dict(options), dict(options)
        activation(random, python, config)
        return getattr(flows, cls)(**python), call(f"nflows.flows.{cls}", **config)

    return model


BOTH = {"batch_norm_within_layers": [True], "batch_norm_between_layers": [True], "dropout_probability": [0.2]}

MODELS = {
    "AffineCoupling": of(coupling, "AffineCouplingTransform", least=2),
    "AdditiveCoupling": of(coupling, "AdditiveCouplingTransform", least=2),
    "RationalQuadraticCoupling": of(coupling, "PiecewiseRationalQuadraticCouplingTransform", spline, 2),
    "MaskedAffine": of(autoregressive, "MaskedAffineAutoregressiveTransform"),
    "MaskedAutoregressiveFlow": ready_made(
        "MaskedAutoregressiveFlow",
        {"use_residual_blocks": [False], "use_random_masks": [True], "use_random_permutations": [True], **BOTH},
    ),
    "SimpleRealNVP": ready_made("SimpleRealNVP", {"use_volume_preserving": [True], **BOTH}),
    "MaskedRationalQuadratic": of(autoregressive, "MaskedPiecewiseRationalQuadraticAutoregressiveTransform", spline),
}


def sizes(model, config):
    if "features" in config["arguments"]:
        return config["arguments"]["features"], 0
    features = config["arguments"]["distribution"]["arguments"]["shape"][0]
    context = 0
    for part in config["arguments"]["transform"]["arguments"]["transforms"]:
        arguments = part["arguments"]
        arguments = arguments.get("transform_net_create_fn", {}).get("arguments", arguments)
        context = max(context, arguments.get("context_features", 0))
    return features, context


def randomize(model, generator):
    with torch.no_grad():
        for name, tensor in list(model.named_parameters()) + list(model.named_buffers()):
            if name.endswith("running_var"):
                tensor.copy_(0.3 + torch.rand(tensor.shape, generator=generator))
            elif name.endswith("running_mean"):
                tensor.copy_(0.5 * torch.randn(tensor.shape, generator=generator))
            elif tensor.requires_grad:
                scale = 1.2 / max(1, tensor.shape[-1]) ** 0.5 if tensor.dim() > 1 else 0.6
                tensor.copy_(scale * torch.randn(tensor.shape, generator=generator))


def evaluate(model, x, z, c):
    log_prob = model.log_prob(x, context=c)
    base, _ = model._transform(x, context=c)
    data, _ = model._transform.inverse(z, context=c)
    return log_prob, base, data
