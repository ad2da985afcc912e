"""Random models of normflows 1.7 with the constructor calls that make them, as nested JSON."""

import warnings

import normflows as nf
import torch

warnings.filterwarnings("ignore")

ACTIVATIONS = {"torch.nn.ReLU": torch.nn.ReLU, "torch.nn.Tanh": torch.nn.Tanh, "torch.nn.ELU": torch.nn.ELU, "torch.nn.SiLU": torch.nn.SiLU}


def call(name, **arguments):
    return {"class": name, "arguments": arguments}


def flow_call(cls, **arguments):
    return call(f"normflows.flows.{cls}", **arguments)


def mlp(random, inputs, outputs):
    options = {"layers": [inputs, *random.choice([[], [5], [6, 4]]), outputs]}
    if random.random() < 0.4:
        options["leaky"] = 0.1
    if random.random() < 0.3:
        options["dropout"] = 0.2
    if random.random() < 0.4:
        options["output_fn"] = random.choice(["sigmoid", "relu", "tanh", "clampexp"])
        if random.random() < 0.5:
            options["score_scale"] = 1.5
        if random.random() < 0.5:
            options["output_scale"] = 0.5
    return nf.nets.MLP(**options), call("normflows.nets.MLP", **options)


def MaskedAffineFlow(random, d, context):
    b = [random.choice([0, 1]) for _ in range(d)]
    b[0], b[1] = random.choice([(0, 1), (1, 0)])
    python, config = {}, {"b": b}
    which = random.choice(["ts", "ts", "t", "s"])
    for name in which:
        python[name], config[name] = mlp(random, d, d)
    return nf.flows.MaskedAffineFlow(torch.tensor(b, dtype=torch.get_default_dtype()), **python), flow_call("MaskedAffineFlow", **config)


def AffineCouplingBlock(random, d, context):
    modes = ["channel", "channel_inv"] + (["checkerboard", "checkerboard_inv"] if d % 2 == 0 else [])
    options = {}
    if random.random() < 0.7:
        options["split_mode"] = random.choice(modes)
    mode = options.get("split_mode", "channel")
    first = -(-d // 2)
    fixed = d - first if mode == "channel_inv" else first
    if random.random() < 0.3:
        options["scale"] = False
    if random.random() < 0.7:
        options["scale_map"] = random.choice(["exp", "sigmoid", "sigmoid_inv"])
    outputs = (d - fixed) * (1 if options.get("scale") is False else 2)
    net, config = mlp(random, fixed, outputs)
    return nf.flows.AffineCouplingBlock(net, **options), flow_call("AffineCouplingBlock", param_map=config, **options)


def MaskedAffineAutoregressive(random, d, context):
    options = {"features": d, "hidden_features": random.choice([4, 9])}
    if context > 0:
        options["context_features"] = context
    if random.random() < 0.5:
        options["num_blocks"] = random.choice([1, 2])
    if context == 0 and random.random() < 0.4:
        options["use_residual_blocks"] = False
        if random.random() < 0.5:
            options["random_mask"] = True
    if random.random() < 0.3:
        options["use_batch_norm"] = True
    return nf.flows.MaskedAffineAutoregressive(**options), flow_call("MaskedAffineAutoregressive", **options)


def spline(random, d, context):
    options = {"num_input_channels": d, "num_blocks": random.choice([1, 2]), "num_hidden_channels": random.choice([4, 7])}
    if context > 0:
        options["num_context_channels"] = context
    if random.random() < 0.7:
        options["num_bins"] = random.choice([2, 3, 5])
    if random.random() < 0.5:
        options["tail_bound"] = random.choice([2, 4.5])
    python, config = dict(options), dict(options)
    if random.random() < 0.5:
        name = random.choice(list(ACTIVATIONS))
        python["activation"], config["activation"] = ACTIVATIONS[name], name
    return python, config


def both(python, config, **options):
    python.update(options)
    config.update(options)


def CoupledRationalQuadraticSpline(random, d, context):
    python, config = spline(random, d, context)
    both(python, config, reverse_mask=random.random() < 0.5)
    if random.random() < 0.3:
        both(python, config, tails="circular")
    return nf.flows.CoupledRationalQuadraticSpline(**python), flow_call("CoupledRationalQuadraticSpline", **config)


def circular(random, d, python, config):
    places = [i for i in range(d) if random.random() < 0.5] or [random.randrange(d)]
    both(python, config, ind_circ=places)
    if random.random() < 0.4:
        bounds = [random.choice([1.5, 3.0, 3.14159]) for _ in range(d)]
        python["tail_bound"], config["tail_bound"] = torch.tensor(bounds), bounds


def CircularCoupledRationalQuadraticSpline(random, d, context):
    python, config = spline(random, d, context)
    circular(random, d, python, config)
    both(python, config, reverse_mask=random.random() < 0.5)
    if random.random() < 0.3:
        mask = [0, 1] + [random.choice([0, 1]) for _ in range(d - 2)]
        python["mask"], config["mask"] = torch.tensor(mask), mask
    return nf.flows.CircularCoupledRationalQuadraticSpline(**python), flow_call("CircularCoupledRationalQuadraticSpline", **config)


def AutoregressiveRationalQuadraticSpline(random, d, context):
    python, config = spline(random, d, context)
    if random.random() < 0.5:
        both(python, config, permute_mask=True)
    return nf.flows.AutoregressiveRationalQuadraticSpline(**python), flow_call("AutoregressiveRationalQuadraticSpline", **config)


def CircularAutoregressiveRationalQuadraticSpline(random, d, context):
    python, config = spline(random, d, context)
    circular(random, d, python, config)
    if random.random() < 0.3:
        both(python, config, permute_mask=False)
    return nf.flows.CircularAutoregressiveRationalQuadraticSpline(**python), flow_call("CircularAutoregressiveRationalQuadraticSpline", **config)


def linear(random, d, context):
    cls = random.choice(["LULinearPermute", "Permute"] if context > 0 else ["LULinearPermute", "InvertibleAffine", "Permute", "ActNorm", "AffineConstFlow", "Reverse", "Composite"])
    if cls == "InvertibleAffine":
        options = {"num_channels": d, "use_lu": random.random() < 0.5}
    elif cls == "Permute":
        options = {"num_channels": d, "mode": random.choice(["shuffle", "swap"])}
    elif cls == "LULinearPermute":
        options = {"num_channels": d}
    elif cls in ("Reverse", "Composite"):
        flows = [linear(random, d, 1) for _ in range(2)]
        if cls == "Reverse":
            return nf.flows.Reverse(flows[0][0]), flow_call("Reverse", flow=flows[0][1])
        return nf.flows.Composite([flow for flow, _ in flows]), flow_call("Composite", flows=[config for _, config in flows])
    else:
        options = {"shape": d}
        if cls == "AffineConstFlow" and random.random() < 0.5:
            options["shift"] = False
    return getattr(nf.flows, cls)(**options), flow_call(cls, **options)


def base(random, d, context):
    def dist(cls, **options):
        return getattr(nf.distributions.base, cls)(**options), call(f"normflows.distributions.{cls}", **options)

    if context > 0 and random.random() < 0.5:
        encoder, config = mlp(random, context, 2 * d)
        if random.random() < 0.4:
            encoder = torch.nn.Sequential(torch.nn.Linear(context, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2 * d))
            config = {"class": "torch.nn.Sequential", "arguments": [
                {"class": "torch.nn.Linear", "arguments": {"in_features": context, "out_features": 5}},
                "torch.nn.Tanh",
                {"class": "torch.nn.Linear", "arguments": {"in_features": 5, "out_features": 2 * d}},
            ]}
        return nf.distributions.base.ConditionalDiagGaussian(d, encoder), call("ConditionalDiagGaussian", shape=d, context_encoder=config)
    if context > 0 or random.random() < 0.5:
        return dist("DiagGaussian", shape=random.choice([d, [d]]), trainable=random.random() < 0.7)
    return dist("GaussianMixture", n_modes=random.choice([1, 3]), dim=d)


def of(make, least=2, conditional=False):
    def model(random):
        d = random.choice([n for n in [1, 2, 3, 4, 7] if n >= least])
        context = random.choice([0, 1, 3]) if conditional else 0
        parts = []
        for _ in range(random.choice([1, 2, 3])):
            parts.append(make(random, d, context))
            if random.random() < 0.7:
                parts.append(linear(random, d, context))
        q0, config = base(random, d, context)
        cls = nf.ConditionalNormalizingFlow if context > 0 else nf.NormalizingFlow
        return cls(q0, [flow for flow, _ in parts]), call(f"normflows.{cls.__name__}", q0=config, flows=[each for _, each in parts])

    return model


def ClassCondFlow(random):
    d, classes = random.choice([2, 3]), random.choice([2, 4])
    parts = [AffineCouplingBlock(random, d, 0), linear(random, d, 0)]
    return nf.ClassCondFlow(nf.distributions.ClassCondDiagGaussian(d, classes), [flow for flow, _ in parts]), call(
        "normflows.ClassCondFlow", q0=call("normflows.distributions.ClassCondDiagGaussian", shape=d, num_classes=classes), flows=[each for _, each in parts]
    )


def Circular(random):
    """Angles beside other numbers: a uniform base, circular splines, shifts around the circles and a wrap at the end."""
    d, bound = random.choice([2, 3, 4]), 3.0
    places = [i for i in range(d) if random.random() < 0.6] or [0]
    python, config = spline(random, d, 0)
    both(python, config, ind_circ=places, tail_bound=bound)
    cls = random.choice(["CircularCoupledRationalQuadraticSpline", "CircularAutoregressiveRationalQuadraticSpline"])
    shift = random.choice([0.7, -2.0])
    flows = [
        (getattr(nf.flows, cls)(**python), flow_call(cls, **config)),
        (nf.flows.PeriodicShift(places, bound, shift), flow_call("PeriodicShift", ind=places, bound=bound, shift=shift)),
        (nf.flows.PeriodicWrap(places, bound), flow_call("PeriodicWrap", ind=places, bound=bound)),
    ]
    scale = [2 * bound if i in places else 1.3 for i in range(d)]
    q0 = nf.distributions.UniformGaussian(d, places, torch.tensor(scale))
    return nf.NormalizingFlow(q0, [flow for flow, _ in flows]), call(
        "normflows.NormalizingFlow", q0=call("normflows.distributions.UniformGaussian", ndim=d, ind=places, scale=scale), flows=[each for _, each in flows]
    )


def BoxedSpline(random):
    """Splines on the box from 0 to 1 alone, on a uniform base, by which each feature passes and is moved."""
    d = random.choice([2, 3, 5])
    flows = []
    for _ in range(random.choice([1, 2, 3])):
        python, config = spline(random, d, 0)
        both(python, config, tails=None, reverse_mask=random.random() < 0.5)
        flows.append((nf.flows.CoupledRationalQuadraticSpline(**python), flow_call("CoupledRationalQuadraticSpline", **config)))
    return nf.NormalizingFlow(nf.distributions.base.Uniform(d, 0.0, 1.0), [flow for flow, _ in flows]), call(
        "normflows.NormalizingFlow", q0=call("normflows.distributions.base.Uniform", shape=d, low=0.0, high=1.0), flows=[each for _, each in flows]
    )


def within(name, x, z):
    """Rows and base points where the model has any."""
    return (torch.sigmoid(x), torch.sigmoid(z)) if name == "BoxedSpline" else (x, z)


def variational(cls):
    def model(random):
        d = random.choice([1, 2, 5])
        options = {"shape": random.choice([d, [d]]) if cls == "Planar" else [d]}
        python = dict(options, shape=(d,))
        if cls == "Planar" and random.random() < 0.5:
            python["act"] = options["act"] = "leaky_relu"
        count = random.choice([1, 3])
        q0, config = base(random, d, 0)
        return nf.NormalizingFlow(q0, [getattr(nf.flows, cls)(**python) for _ in range(count)]), call(
            "normflows.NormalizingFlow", q0=config, flows=[flow_call(cls, **options)] * count
        )

    return model


MODELS = {
    "MaskedAffine": of(MaskedAffineFlow),
    "AffineCoupling": of(AffineCouplingBlock),
    "MaskedAutoregressive": of(MaskedAffineAutoregressive, 1, True),
    "CoupledSpline": of(CoupledRationalQuadraticSpline, 2, True),
    "CircularCoupledSpline": of(CircularCoupledRationalQuadraticSpline, 2, True),
    "AutoregressiveSpline": of(AutoregressiveRationalQuadraticSpline, 1, True),
    "CircularAutoregressiveSpline": of(CircularAutoregressiveRationalQuadraticSpline, 1, True),
    "Circular": Circular,
    "BoxedSpline": BoxedSpline,
    "ClassConditional": ClassCondFlow,
    "Planar": variational("Planar"),
    "Radial": variational("Radial"),
}


def sizes(model, config):
    if isinstance(model, nf.ClassCondFlow):
        return model.q0.shape[0], model.q0.num_classes
    q0 = config["arguments"]["q0"]["arguments"]
    d = q0.get("dim", q0.get("ndim", q0.get("shape")))
    context = 0
    for part in config["arguments"]["flows"]:
        context = max(context, part["arguments"].get("num_context_channels", 0), part["arguments"].get("context_features", 0))
    if hasattr(model.q0, "context_encoder"):
        context = next(model.q0.context_encoder.parameters()).shape[1]
    return d[0] if isinstance(d, list) else d, context


def randomize(model, generator):
    with torch.no_grad():
        for name, tensor in list(model.named_parameters()) + list(model.named_buffers()):
            if name.endswith("running_var"):
                tensor.copy_(0.3 + torch.rand(tensor.shape, generator=generator))
            elif name.endswith("running_mean"):
                tensor.copy_(0.5 * torch.randn(tensor.shape, generator=generator))
            elif name.endswith("data_dep_init_done"):
                tensor.copy_(torch.tensor(1.0))
            elif tensor.requires_grad:
                scale = 1.2 / max(1, tensor.shape[-1]) ** 0.5 if tensor.dim() > 1 else 0.6
                tensor.copy_(scale * torch.randn(tensor.shape, generator=generator))


def evaluate(model, x, z, c):
    # Some of its constants and sums have the default type, whatever the model's is.
    torch.set_default_dtype(torch.float64)
    try:
        return evaluated(model, x, z, c)
    finally:
        torch.set_default_dtype(torch.float32)


def evaluated(model, x, z, c):
    if isinstance(model, nf.ClassCondFlow):
        # A class each, as its indicator.
        c.copy_(torch.nn.functional.one_hot(c.argmax(1), c.shape[1]))
        log_prob, data = model.log_prob(x, c), z
        for flow in model.flows:
            data, _ = flow(data)
        return log_prob, None, None
    given = () if c is None else (c,)
    if any(isinstance(flow, (nf.flows.Planar, nf.flows.Radial)) for flow in model.flows):
        # Without an inverse in the library: rows are those of base points.
        rows, log_prob = z, model.q0.log_prob(z)
        for flow in model.flows:
            rows, log_det = flow(rows)
            log_prob = log_prob - log_det
        x.copy_(rows)
        return log_prob, z.clone(), rows
    inner = hasattr(model.q0, "context_encoder")
    data = None if inner or any(isinstance(flow, nf.flows.PeriodicWrap) for flow in model.flows) else model.forward(z, *given)
    return model.log_prob(x, *given), None if inner else model.inverse(x, *given), data
