"""Random models of nflows 0.14 with the constructor calls that make them, as nested JSON."""

import importlib

import torch
from nflows import distributions, flows, transforms
from nflows.nn.nets import MLP, ResidualNet

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


def of_order(name):
    """Options of a spline: those of a linear one have no least sizes, those of a cubic one the same for both."""

    def options(random):
        chosen = spline(random)
        chosen.pop("min_derivative", None)
        if name == "Linear":
            chosen.pop("min_bin_width", None)
            chosen.pop("min_bin_height", None)
        elif name == "Cubic" and "min_bin_width" in chosen:
            chosen["min_bin_height"] = chosen["min_bin_width"]
        return chosen

    return options


def both_parts(make):
    """The same, some of them with a spline of what conditions."""

    def options(random):
        chosen = make(random)
        if random.random() < 0.4:
            chosen["apply_unconditional_transform"] = True
        return chosen

    return options


def cdf(random, features, context, cls, **options):
    return getattr(transforms, cls)([features], **options), call(f"nflows.transforms.{cls}", shape=[features], **options)


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
    if cls == "HouseholderSequence":
        options = {"features": features, "num_transforms": random.choice([1, 2, min(3, 2 * features - 1)])}
        return transforms.HouseholderSequence(**options), call("nflows.transforms.HouseholderSequence", **options)
    options = {"features": features}
    if cls in ("QRLinear", "SVDLinear"):
        options["num_householder"] = random.choice([2, min(4, 2 * features)] if cls == "SVDLinear" else [1, 2, min(3, 2 * features - 1)])
    if cls == "BatchNorm" and random.random() < 0.5:
        options["eps"] = 1e-3
    if cls == "LULinear" and random.random() < 0.5:
        options["identity_init"] = False
    place = transforms if hasattr(transforms, cls) else importlib.import_module({"QRLinear": "nflows.transforms.qr"}[cls])
    return getattr(place, cls)(**options), call(f"nflows.transforms.{cls}", **options)


LINEAR = ["LULinear", "BatchNorm", "ActNorm", "Permutation", "RandomPermutation", "ReversePermutation", "PointwiseAffineTransform", "NaiveLinear", "QRLinear", "SVDLinear", "HouseholderSequence"]


def flow_of(random, parts, features, context):
    """Parts with linear maps between them, some in the other direction, over a base."""
    made = []
    for part in parts:
        if random.random() < 0.7:
            made.append(linear(random, features, random.choice(LINEAR)))
        made.append(part)
    if random.random() < 0.2:
        transform, config = linear(random, features, "LULinear")
        made.append((transforms.InverseTransform(transform), call("nflows.transforms.InverseTransform", transform=config)))
    if context > 0 and random.random() < 0.3:
        encoder = torch.nn.Linear(context, 2 * features)
        encoder_call = call("torch.nn.Linear", in_features=context, out_features=2 * features)
        if random.random() < 0.5:
            encoder = MLP([context], [2 * features], [5, 4], activation=torch.tanh)
            encoder_call = call("nflows.nn.nets.MLP", in_shape=[context], out_shape=[2 * features], hidden_sizes=[5, 4], activation="torch.tanh")
        return (
            flows.Flow(transforms.CompositeTransform([transform for transform, _ in made]), distributions.ConditionalDiagonalNormal([features], encoder)),
            call(
                "nflows.flows.base.Flow",
                transform=call("nflows.transforms.CompositeTransform", transforms=[config for _, config in made]),
                distribution=call("nflows.distributions.normal.ConditionalDiagonalNormal", shape=[features], context_encoder=encoder_call),
            ),
        )
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
        return flow_of(random, parts, features, context)

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
    "RationalQuadraticCoupling": of(coupling, "PiecewiseRationalQuadraticCouplingTransform", both_parts(spline), 2),
    **{
        f"{order}Coupling": of(coupling, f"Piecewise{order}CouplingTransform", both_parts(of_order(order)), 2)
        for order in ("Linear", "Quadratic", "Cubic")
    },
    **{f"{order}Elementwise": of(cdf, f"Piecewise{order}CDF", of_order(order)) for order in ("Linear", "Quadratic", "Cubic", "RationalQuadratic")},
    "MaskedAffine": of(autoregressive, "MaskedAffineAutoregressiveTransform"),
    "MaskedAutoregressiveFlow": ready_made(
        "MaskedAutoregressiveFlow",
        {"use_residual_blocks": [False], "use_random_masks": [True], "use_random_permutations": [True], **BOTH},
    ),
    "SimpleRealNVP": ready_made("SimpleRealNVP", {"use_volume_preserving": [True], **BOTH}),
    "MaskedQuadratic": of(autoregressive, "MaskedPiecewiseQuadraticAutoregressiveTransform", of_order("Quadratic")),
    "MaskedRationalQuadratic": of(autoregressive, "MaskedPiecewiseRationalQuadraticAutoregressiveTransform", spline),
}


def boxed(make, cls, options=lambda random: {}, least=1):
    """Maps of the box from 0 to 1, without tails, between a logistic function and its inverse."""

    def model(random):
        features = random.choice([size for size in [1, 2, 3, 5] if size >= least])
        context = random.choice([0, 0, 1, 3])
        parts = [make(random, features, context, cls, **options(random)) for _ in range(random.choice([1, 2]))]
        # One other than 1 that is not learned has a logarithm in float32, whatever the model is.
        logistic = random.choice([{}, {"temperature": 0.7, "learn_temperature": True}, {"eps": 1e-4}])
        first = (transforms.Sigmoid(**logistic), call("nflows.transforms.Sigmoid", **logistic))
        last = (transforms.Logit(), call("nflows.transforms.Logit"))
        if random.random() < 0.3:
            place = importlib.import_module("nflows.transforms.nonlinearities")
            first, last = ((getattr(place, name)(), call(f"nflows.transforms.nonlinearities.{name}")) for name in ("CauchyCDF", "CauchyCDFInverse"))
        if context == 0 and len(parts) == 1 and random.random() < 0.4:
            whole = transforms.CompositeCDFTransform(first[0], parts[0][0])
            made = [(whole, call("nflows.transforms.CompositeCDFTransform", squashing_transform=first[1], cdf_transform=parts[0][1]))]
        else:
            made = [first, *parts, last]
        return (
            flows.Flow(transforms.CompositeTransform([transform for transform, _ in made]), distributions.StandardNormal([features])),
            call(
                "nflows.flows.base.Flow",
                transform=call("nflows.transforms.CompositeTransform", transforms=[config for _, config in made]),
                distribution=call("nflows.distributions.normal.StandardNormal", shape=[features]),
            ),
        )

    return model


def without_tails(options):
    """The same on [0, 1]: `tails` is left out, or None."""

    def chosen(random):
        own = options(random)
        own.pop("tails")
        if random.random() < 0.5:
            own["tails"] = None
        return own

    return chosen


def of_other_tails(random):
    """Maps of numbers without bounds: LogTanh and MADEMoG, and of one number gates."""
    features, context = random.choice([1, 2, 3, 5]), random.choice([0, 0, 1, 3])
    part, config = autoregressive(random, features, context, "MaskedAffineAutoregressiveTransform")
    cut = random.choice([{}, {"cut_point": 0.5}, {"cut_point": 2}])
    made = [(part, config), (transforms.LogTanh(**cut), call("nflows.transforms.LogTanh", **cut))]
    if random.random() < 0.5:
        made.append(linear(random, features, "LULinear"))
    if features == 1 and context in (0, 1):
        part, config = autoregressive(random, 1, 1, "MaskedAffineAutoregressiveTransform")
        made = [(part, config), (transforms.GatedLinearUnit(), call("nflows.transforms.GatedLinearUnit")), *made[1:]]
        context = 1
    options = {"features": features, "hidden_features": random.choice([4, 9]), "context_features": context or None}
    if random.random() < 0.7:
        options["num_mixture_components"] = random.choice([2, 3, 6])
    if random.random() < 0.4:
        options.update(use_residual_blocks=False, random_mask=random.random() < 0.5)
    if random.random() < 0.5:
        options["num_blocks"] = random.choice([1, 3])
    return (
        flows.Flow(transforms.CompositeTransform([transform for transform, _ in made]), distributions.MADEMoG(**options)),
        call(
            "nflows.flows.base.Flow",
            transform=call("nflows.transforms.CompositeTransform", transforms=[config for _, config in made]),
            distribution=call("nflows.distributions.mixture.MADEMoG", **options),
        ),
    )


def masked_bins(random):
    return {"num_bins": random.choice([2, 3, 5, 8])}


MODELS.update(
    {
        **{
            f"{order}CouplingBoxed": boxed(coupling, f"Piecewise{order}CouplingTransform", both_parts(without_tails(of_order(order))), 2)
            for order in ("Linear", "Quadratic", "Cubic", "RationalQuadratic")
        },
        "OtherTails": of_other_tails,
        **{f"{order}ElementwiseBoxed": boxed(cdf, f"Piecewise{order}CDF", without_tails(of_order(order))) for order in ("Linear", "Quadratic", "Cubic", "RationalQuadratic")},
        "MaskedQuadraticBoxed": boxed(autoregressive, "MaskedPiecewiseQuadraticAutoregressiveTransform", without_tails(of_order("Quadratic"))),
        "MaskedRationalQuadraticBoxed": boxed(autoregressive, "MaskedPiecewiseRationalQuadraticAutoregressiveTransform", without_tails(spline)),
        "MaskedLinearBoxed": boxed(autoregressive, "MaskedPiecewiseLinearAutoregressiveTransform", masked_bins),
        "MaskedCubicBoxed": boxed(autoregressive, "MaskedPiecewiseCubicAutoregressiveTransform", masked_bins),
    }
)


def sizes(model, config):
    if "features" in config["arguments"]:
        return config["arguments"]["features"], 0
    base = config["arguments"]["distribution"]["arguments"]
    features = base["shape"][0] if "shape" in base else base["features"]
    context = base.get("context_features") or 0
    if hasattr(model._distribution, "_context_encoder"):
        context = next(model._distribution._context_encoder.parameters()).shape[1]
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
            elif name.endswith("temperature"):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
            elif tensor.requires_grad:
                scale = 1.2 / max(1, tensor.shape[-1]) ** 0.5 if tensor.dim() > 1 else 0.6
                tensor.copy_(scale * torch.randn(tensor.shape, generator=generator))


def evaluate(model, x, z, c):
    log_prob = model.log_prob(x, context=c)
    base, _ = model._transform(x, context=c)
    # Its points are not those of a normal law, from which it is made here.
    if hasattr(model._distribution, "_made"):
        return log_prob, None, None
    if hasattr(model._distribution, "_context_encoder"):
        return log_prob, None, None
    try:
        data, _ = model._transform.inverse(z, context=c)
        # The library's inverse of a cubic spline does not always find its root.
        if (model._transform(data, context=c)[0] - z).abs().max() > 1e-6:
            data = None
    except AttributeError:
        # Of functions that this version of PyTorch has no more.
        data = None
    return log_prob, base, data
