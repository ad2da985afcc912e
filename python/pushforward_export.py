"""
Exports a trained flow of zuko 1.6, nflows 0.14, normflows 1.7 or FlowJAX 19.1, so that pushforward imports it:

    from pushforward_export import save

    save(flow, "flow.safetensors")        # and flow.json beside it
    # pushforward import flow.safetensors --out model.safetensors

The first file has the state dict of the flow (of FlowJAX its leaves, by their path in the tree), the second the constructor call that makes such a flow, as JSON. This file needs numpy, and
the library that the flow is of. What cannot be read back from the live object is an error that names the module.
"""

import functools
import inspect
import json
import os
import struct

import numpy as np

__all__ = ["config_of", "save", "tensors_of"]

DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "int64": "I64",
    "int32": "I32",
    "uint8": "U8",
    "bool": "BOOL",
}


class ExportError(ValueError):
    """A module that cannot be exported."""


def save(flow, path, config=None):
    """Writes the state dict of a flow to `path`, and its constructor call beside it; `config` is one of your own in its place."""
    if not path.endswith(".safetensors"):
        raise ExportError(f"the path must end in .safetensors, got {path!r}")
    call = config_of(flow) if config is None else config
    write_safetensors(tensors_of(flow), path)
    with open(os.path.splitext(path)[0] + ".json", "w") as file:
        json.dump(call, file, indent=2)


def tensors_of(flow):
    """The state dict as arrays, by name; of a tree of JAX its leaves that are arrays, by their path."""
    if not hasattr(flow, "state_dict"):
        import jax

        leaves = jax.tree_util.tree_flatten_with_path(trainable(flow))[0]
        return {
            jax.tree_util.keystr(path): np.asarray(leaf)
            for path, leaf in leaves
            if isinstance(leaf, jax.Array) and not jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
        }
    arrays = {}
    for name, tensor in flow.state_dict().items():
        tensor = tensor.detach().cpu()
        kind = str(tensor.dtype).split(".")[-1]
        if kind in ("float16", "bfloat16"):
            tensor = tensor.float()
        arrays[name] = tensor.numpy()
    return arrays


def trainable(tree):
    """A tree of JAX without the wrappers that keep some of its leaves from being trained: leaves have the paths that they have without."""
    import jax

    is_wrapper = lambda node: type(node).__name__ == "NonTrainable"
    return jax.tree_util.tree_map(lambda node: trainable(node.tree) if is_wrapper(node) else node, tree, is_leaf=is_wrapper)


def write_safetensors(arrays, path):
    header, blocks, start = {}, [], 0
    for name, array in arrays.items():
        kind = DTYPES.get(str(array.dtype))
        if kind is None:
            raise ExportError(f"{name} has numbers of the type {array.dtype}, which cannot be exported")
        block = np.array(array, order="C").tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [start, start + len(block)]}
        blocks.append(block)
        start += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for block in blocks:
            file.write(block)


def config_of(flow):
    """The constructor call that makes a flow like this one, as nested JSON."""
    library = type(flow).__module__.split(".")[0]
    exporters = {"zuko": zuko_flow, "nflows": nflows_flow, "normflows": normflows_flow, "flowjax": flowjax_flow}
    if library not in exporters:
        raise ExportError(
            f"{dotted(type(flow))} is not of a library that is exported ({', '.join(exporters)}); "
            "pass the flow itself, not a module that holds it"
        )
    return exporters[library](flow)


def dotted(thing):
    """`zuko.transforms.MonotonicAffineTransform`."""
    return f"{thing.__module__}.{thing.__qualname__}"


def call(thing, **arguments):
    return {"class": thing if isinstance(thing, str) else dotted(thing), "arguments": arguments}


def refuse(path, problem):
    raise ExportError(f"{path or 'the flow'} {problem}")


def plain(value, path):
    """A value as JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(each, path) for each in value]
    if inspect.isclass(value) or inspect.isfunction(value):
        return dotted(value)
    return refuse(path, f"has an argument of the type {dotted(type(value))}, which cannot be read back")


def function_call(function, path):
    """A class, a function, or a partial one with its arguments."""
    if isinstance(function, functools.partial):
        if function.args:
            refuse(path, "has a partial function with arguments by position, which cannot be read back")
        return call(function.func, **{name: plain(value, path) for name, value in function.keywords.items()})
    if inspect.isclass(function) or inspect.isfunction(function):
        return dotted(function)
    if type(function).__name__ == "MNN":
        network = function.network
        linear = [module for module in network if hasattr(module, "in_features")]
        arguments = {"signal": linear[0].in_features - 1, "hidden_features": [module.out_features for module in linear[:-1]]}
        return call(type(function), bias=linear[0].bias is not None, **arguments)
    if type(function).__name__ == "UMNN":
        network = zuko_mlp(function.integrand, f"{path}.univariate.integrand", stacked=True)
        return call(type(function), signal=function.integrand[0].in_features - 1, **network)
    return refuse(path, f"has the function {function!r}, which cannot be read back")


def activation_call(module, path):
    """An activation with the constants that it has kept."""
    if any(True for _ in module.parameters()):
        refuse(path, f"is a {dotted(type(module))}, which has parameters of its own")
    arguments = {}
    for name in list(inspect.signature(type(module).__init__).parameters)[1:]:
        value = getattr(module, name, None)
        if name != "inplace" and isinstance(value, (bool, int, float, str)):
            arguments[name] = value
    return call(type(module), **arguments)


# zuko


def zuko_flow(flow):
    name = type(flow).__name__
    if name == "GMM":
        return zuko_mixture(flow, "")
    for part in ("transform", "base"):
        if not hasattr(flow, part):
            refuse("", f"is a {dotted(type(flow))}, which has no {part}")
    transform = flow.transform
    if type(transform).__name__ == "LazyComposedTransform":
        transforms = [zuko_transform(each, f"transform.transforms.{i}") for i, each in enumerate(transform.transforms)]
    else:
        transforms = zuko_transform(transform, "transform")
    return call("zuko.flows.Flow", transform=transforms, base=zuko_base(flow.base, "base"))


def zuko_base(base, path):
    name = type(base).__name__
    if name == "GMM":
        return zuko_mixture(base, path)
    if name != "UnconditionalDistribution":
        refuse(path, f"is a {dotted(type(base))}, which cannot be read back")
    arguments = {key: plain(value, path) for key, value in base.kwargs.items()}
    if base.args:
        names = list(inspect.signature(base.f.__init__).parameters)[1:]
        arguments.update({names[i]: plain(value, path) for i, value in enumerate(base.args)})
    return call(type(base), f=function_call(base.f, path), **arguments)


def zuko_mlp(network, path, stacked=False):
    """Arguments of a zuko.nn.MLP; `stacked` of one of each feature."""
    kinds = [type(module).__name__ for module in network]
    linear = [module for module in network if type(module).__name__ == "Linear"]
    arguments = {"hidden_features": [module.out_features for module in linear[:-1]]}
    if not stacked and any(module.weight.dim() != 2 for module in linear):
        refuse(path, "has stacked layers, which cannot be read back")
    if "LayerNorm" in kinds:
        arguments["normalize"] = True
    if linear[0].bias is None:
        arguments["bias"] = False
    if len(linear) > 1:
        arguments["activation"] = activation_call(network[1], f"{path}.1")
    return arguments


def zuko_masked_mlp(network, path):
    """Arguments of a zuko.nn.MaskedMLP beside its graph."""
    blocks = [module for module in network if type(module).__name__ == "Residual"]
    if blocks:
        return {
            "hidden_features": [block[0].out_features for block in blocks],
            "activation": activation_call(blocks[0][1], f"{path}.1.1"),
            "residual": True,
        }
    linear = [module for module in network if type(module).__name__ == "MaskedLinear"]
    arguments = {"hidden_features": [module.out_features for module in linear[:-1]]}
    if len(linear) > 1:
        arguments["activation"] = activation_call(network[1], f"{path}.1")
    return arguments


def zuko_graph(network, features, total, path):
    """Which features depend on which inputs, read off the masks."""
    reach = None
    for module in network:
        name = type(module).__name__
        if name == "MaskedLinear":
            mask = module.mask.cpu().numpy().astype(int)
            reach = mask if reach is None else mask @ reach > 0
        elif name == "Residual":
            inner = module[2].mask.cpu().numpy().astype(int) @ module[0].mask.cpu().numpy().astype(int)
            reach = (inner @ reach + reach) > 0
    adjacency = (reach[::total] > 0).astype(int)
    adjacency[:, :features] |= np.eye(features, dtype=int)
    return adjacency.tolist()


def zuko_transform(transform, path):
    name = type(transform).__name__
    if name == "LazyInverse":
        return call(type(transform), transform=zuko_transform(transform.transform, f"{path}.transform"))
    if name == "UnconditionalTransform":
        arguments = {key: plain(value, path) for key, value in transform.kwargs.items()}
        if transform.args:
            names = list(inspect.signature(transform.f.__init__).parameters)[1:]
            arguments.update({names[i]: plain(value, path) for i, value in enumerate(transform.args)})
        return call(type(transform), f=function_call(transform.f, path), **arguments)
    if name == "FFJTransform":
        linear = [module for module in transform.ode if type(module).__name__ == "Linear"]
        features, freqs = linear[-1].out_features, len(transform.freqs)
        context = linear[0].in_features - features - 2 * freqs
        kept = {key: getattr(transform, key) for key in ("atol", "rtol", "exact")}
        network = zuko_mlp(transform.ode, f"{path}.ode")
        return call(type(transform), features=features, context=context, freqs=freqs, **kept, **network)
    if name not in ("MaskedAutoregressiveTransform", "GeneralCouplingTransform", "ElementWiseTransform"):
        refuse(path, f"is a {dotted(type(transform))}, which cannot be exported")
    univariate = {
        "univariate": function_call(transform.univariate, path),
        "shapes": plain(transform.shapes, path),
    }
    if name == "ElementWiseTransform":
        if hasattr(transform, "hyper"):
            features = transform.hyper.out_features // transform.total
            network = zuko_mlp(transform.hyper, f"{path}.hyper")
            return call(
                type(transform), features=features, context=transform.hyper.in_features, **univariate, **network
            )
        return call(type(transform), features=transform.phi[0].shape[0], context=0, **univariate)
    if name == "GeneralCouplingTransform":
        mask = transform.mask
        features = len(mask)
        context = transform.hyper.in_features - int(mask.sum())
        network = zuko_mlp(transform.hyper, f"{path}.hyper")
        return call(
            type(transform), features=features, context=context, mask=plain(mask, path), **univariate, **network
        )
    features = transform.hyper.out_features // transform.total
    context = transform.hyper.in_features - features
    network = zuko_masked_mlp(transform.hyper, f"{path}.hyper")
    if transform.order is None:
        graph = {"adjacency": zuko_graph(transform.hyper, features, transform.total, path)}
        made = type(transform)(
            features, context, **graph, shapes=transform.shapes, **{**network, "activation": None}
        )
        kept = transform.hyper.state_dict()
        for key, value in made.hyper.state_dict().items():
            if key.endswith("mask") and not bool((value == kept[key].cpu()).all()):
                refuse(f"{path}.hyper", "has too few units to tell its graph; pass the constructor call as config=")
    else:
        # The state dict has the group of each feature; an order within a group is as good as any other.
        groups = transform.order.tolist()
        size = -(-features // transform.passes)
        counts = {}
        order = []
        for group in groups:
            counts[group] = counts.get(group, -1) + 1
            order.append(group * size + counts[group])
        graph = {"order": order, "passes": transform.passes}
    return call(type(transform), features=features, context=context, **graph, **univariate, **network)


def zuko_mixture(mixture, path):
    arguments = {
        "features": mixture.shapes[1][1],
        "components": mixture.components,
        "covariance_type": mixture.covariance_type,
        "tied": mixture.tied,
        "epsilon": mixture.epsilon,
    }
    if hasattr(mixture, "hyper"):
        arguments["context"] = mixture.hyper.in_features
        arguments.update(zuko_mlp(mixture.hyper, f"{path}.hyper" if path else "hyper"))
    return call(type(mixture), **arguments)


# PyTorch


def activation_of(activation, path):
    """An activation that a module keeps: a module of its own, or a function."""
    if hasattr(activation, "parameters"):
        return activation_call(activation, path)
    name = getattr(activation, "__name__", "<lambda>")
    if "<" in name:
        refuse(path, f"has the activation {activation!r}, which cannot be read back")
    return f"torch.nn.functional.{name}"


def kept(module, *names):
    """Arguments that a module has kept under their own names."""
    return {name: plain(getattr(module, name), type(module).__name__) for name in names if hasattr(module, name)}


def linear_call(module):
    return call("torch.nn.Linear", in_features=module.in_features, out_features=module.out_features, bias=module.bias is not None)


def torch_network(module, path):
    """A network that a coupling or a base was given."""
    name = type(module).__name__
    if name == "Linear":
        return linear_call(module)
    if name == "Sequential":
        parts = [torch_network(each, f"{path}.{i}") if list(each.parameters()) else activation_call(each, f"{path}.{i}") for i, each in enumerate(module)]
        return {"class": "torch.nn.Sequential", "arguments": parts}
    if name == "MLP" and hasattr(module, "_hidden_sizes"):
        return call(
            type(module),
            in_shape=list(module._in_shape),
            out_shape=list(module._out_shape),
            hidden_sizes=list(module._hidden_sizes),
            activation=activation_of(module._activation, path),
            activate_output=module._activate_output,
        )
    if name == "MLP" and hasattr(module, "net"):
        return normflows_mlp(module)
    return refuse(path, f"is a {dotted(type(module))}, which cannot be exported")


def normflows_mlp(module):
    linear, arguments, scales = [], {}, []
    outputs = {"Sigmoid": "sigmoid", "ReLU": "relu", "Tanh": "tanh", "ClampExp": "clampexp"}
    for each in module.net:
        name = type(each).__name__
        if name == "Linear":
            linear.append(each)
        elif name == "LeakyReLU":
            arguments["leaky"] = each.negative_slope
        elif name == "Dropout":
            arguments["dropout"] = each.p
        elif name == "ConstScaleLayer":
            scales.append(("output_scale" if "output_fn" in arguments else "score_scale", float(each.scale)))
        else:
            arguments["output_fn"] = outputs[name]
    sizes = [linear[0].in_features] + [each.out_features for each in linear]
    return call(type(module), layers=sizes, **arguments, **dict(scales))


def block_arguments(network, path):
    """What the blocks of a residual network or a MADE were made with."""
    arguments = {"num_blocks": len(network.blocks)}
    if len(network.blocks) > 0:
        block = network.blocks[0]
        normalized = getattr(block, "use_batch_norm", None)
        arguments["use_batch_norm"] = bool(getattr(block, "batch_norm", None) if normalized is None else normalized)
        arguments["dropout_probability"] = block.dropout.p
        arguments["activation"] = activation_of(block.activation, f"{path}.blocks.0")
    return arguments


def made_arguments(network, path):
    arguments = {"features": network.initial_layer.in_features, "hidden_features": network.initial_layer.out_features}
    if hasattr(network, "context_layer"):
        arguments["context_features"] = network.context_layer.in_features
    arguments.update(block_arguments(network, path))
    if len(network.blocks) > 0 and type(network.blocks[0]).__name__ == "MaskedFeedforwardBlock":
        # Masks are those of the state dict.
        arguments.update(use_residual_blocks=False, random_mask=True)
    return arguments


def residual_net_call(network, path):
    if type(network).__name__ != "ResidualNet":
        refuse(path, f"is a {dotted(type(network))}, which cannot be exported")
    context = {} if network.context_features is None else {"context_features": network.context_features}
    return call(type(network), hidden_features=network.hidden_features, **context, **block_arguments(network, path))


# nflows

SPLINE = ("num_bins", "tails", "tail_bound", "min_bin_width", "min_bin_height", "min_derivative")


def nflows_flow(flow):
    for part in ("_transform", "_distribution"):
        if not hasattr(flow, part):
            refuse("", f"is a {dotted(type(flow))}, which has no {part}")
    embedding = getattr(flow, "_embedding_net", None)
    if embedding is not None and type(embedding).__name__ != "Identity":
        refuse("_embedding_net", f"is a {dotted(type(embedding))}, which cannot be exported")
    distribution = flow._distribution
    if hasattr(distribution, "_made"):
        made = distribution._made
        arguments = dict(made_arguments(made, "_distribution._made"), num_mixture_components=made.num_mixture_components)
    elif hasattr(distribution, "_shape"):
        arguments = {"shape": list(distribution._shape)}
    else:
        refuse("_distribution", "cannot be read back")
    encoder = getattr(distribution, "_context_encoder", None)
    if encoder is not None and hasattr(encoder, "parameters"):
        arguments["context_encoder"] = torch_network(encoder, "_distribution._context_encoder")
    return call(
        "nflows.flows.base.Flow",
        transform=nflows_transform(flow._transform, "_transform"),
        distribution=call(type(distribution), **arguments),
    )


def nflows_transform(transform, path):
    name = type(transform).__name__
    made = lambda **arguments: call(f"nflows.transforms.{name}", **arguments)
    if name == "CompositeTransform":
        return made(transforms=[nflows_transform(each, f"{path}._transforms.{i}") for i, each in enumerate(transform._transforms)])
    if name == "InverseTransform":
        return made(transform=nflows_transform(transform._transform, f"{path}._transform"))
    if name == "CompositeCDFTransform":
        parts = [nflows_transform(each, f"{path}._transforms.{i}") for i, each in enumerate(transform._transforms)]
        return made(squashing_transform=parts[0], cdf_transform=parts[1])
    if name in ("IdentityTransform", "Tanh", "GatedLinearUnit"):
        return made()
    if name in ("CauchyCDF", "CauchyCDFInverse"):
        return call(type(transform))
    if name == "LogTanh":
        return made(cut_point=transform.cut_point)
    if name == "Logit":
        return made(**nflows_transform(transform._transform, f"{path}._transform")["arguments"])
    if name == "Sigmoid":
        learned = {"learn_temperature": True} if "temperature" in dict(transform.named_parameters()) else {}
        return made(temperature=float(transform.temperature.detach()[0]), eps=transform.eps, **learned)
    if name in ("Permutation", "RandomPermutation", "ReversePermutation"):
        return call("nflows.transforms.Permutation", permutation=plain(transform._permutation, path), dim=transform._dim)
    if name in ("LULinear", "QRLinear", "SVDLinear", "NaiveLinear", "HouseholderSequence"):
        reflections = getattr(transform, "orthogonal", getattr(transform, "orthogonal_1", None))
        more = {} if reflections is None else {"num_householder": reflections.num_transforms}
        return made(**kept(transform, "features", "num_transforms", "eps"), **more)
    if name == "BatchNorm":
        return made(features=transform.bias.shape[0], **kept(transform, "eps", "momentum"))
    if name == "ActNorm":
        return made(features=transform.shift.shape[0])
    if name in ("PointwiseAffineTransform", "AffineTransform"):
        return made(shift=plain(transform._shift, path), scale=plain(transform._scale, path))
    if name == "LeakyReLU":
        return made(negative_slope=transform.negative_slope)
    if name.startswith("Piecewise") and name.endswith("CDF"):
        bins = getattr(transform, "unnormalized_widths", getattr(transform, "unnormalized_pdf", None))
        return made(shape=list(bins.shape[:-1]), num_bins=bins.shape[-1], **kept(transform, *SPLINE[1:]))
    if hasattr(transform, "transform_net"):
        mask = [-1] * transform.features
        for place in transform.transform_features.tolist():
            mask[place] = 1
        network = residual_net_call(transform.transform_net, f"{path}.transform_net")
        arguments = kept(transform, *SPLINE)
        if transform.unconditional_transform is not None:
            if not name.startswith("Piecewise"):
                refuse(path, "has an unconditional transform, which cannot be exported")
            arguments["apply_unconditional_transform"] = True
        return made(mask=mask, transform_net_create_fn=network, **arguments)
    if hasattr(transform, "autoregressive_net"):
        return made(**made_arguments(transform.autoregressive_net, f"{path}.autoregressive_net"), **kept(transform, *SPLINE))
    return refuse(path, f"is a {dotted(type(transform))}, which cannot be exported")


# normflows


def normflows_flow(flow):
    for part in ("q0", "flows"):
        if not hasattr(flow, part):
            refuse("", f"is a {dotted(type(flow))}, which has no {part}")
    maps = [normflows_map(each, f"flows.{i}") for i, each in enumerate(flow.flows)]
    return call(f"normflows.{type(flow).__name__}", q0=normflows_base(flow.q0, "q0"), flows=maps)


def normflows_base(base, path):
    name = type(base).__name__
    arguments = kept(base, "n_modes", "dim", "ndim", "num_classes", "ind", "low", "high")
    if name in ("GaussianMixture", "UniformGaussian"):
        return call(type(base), **arguments)
    arguments["shape"] = list(base.shape) if hasattr(base, "shape") else refuse(path, f"is a {dotted(type(base))}, which cannot be exported")
    if hasattr(base, "context_encoder"):
        arguments["context_encoder"] = torch_network(base.context_encoder, f"{path}.context_encoder")
    return call(type(base), **arguments)


def normflows_map(flow, path):
    name = type(flow).__name__
    made = lambda **arguments: call(f"normflows.flows.{name}", **arguments)
    if name == "Reverse":
        return made(flow=normflows_map(flow.flow, f"{path}.flow"))
    if name == "Composite":
        return made(flows=[normflows_map(each, f"{path}._flows.{i}") for i, each in enumerate(flow._flows)])
    if name == "MaskedAffineFlow":
        networks = {key: torch_network(getattr(flow, key), f"{path}.{key}") for key in ("t", "s") if hasattr(getattr(flow, key), "parameters")}
        return made(b=[int(value) for value in flow.b[0].tolist()], **networks)
    if name == "AffineCouplingBlock":
        coupling = flow.flows[1]
        network = torch_network(coupling.param_map, f"{path}.flows.1.param_map")
        return made(param_map=network, scale=coupling.scale, scale_map=coupling.scale_map, split_mode=flow.flows[0].mode)
    if name == "MaskedAffineAutoregressive":
        return made(**made_arguments(flow.autoregressive_net, f"{path}.autoregressive_net"))
    if hasattr(flow, "prqct"):
        return made(**normflows_coupled(flow.prqct, f"{path}.prqct", name.startswith("Circular")))
    if hasattr(flow, "mprqat"):
        spline, inner = flow.mprqat, f"{path}.mprqat"
        arguments = channels(made_arguments(spline.autoregressive_net, f"{inner}.autoregressive_net"))
        if name.startswith("Circular"):
            arguments["ind_circ"] = [i for i, tails in enumerate(spline.tails) if tails == "circular"]
        # The order of the features is that of the state dict.
        return made(permute_mask=True, **arguments, **kept(spline, "num_bins", "tail_bound"))
    if name == "LULinearPermute":
        return made(num_channels=flow.linear.features)
    if name in ("InvertibleAffine", "Permute"):
        return made(**kept(flow, "num_channels", "use_lu", "mode"))
    if name in ("ActNorm", "AffineConstFlow"):
        return made(shape=list(flow.s.shape[1:]))
    if name in ("Planar", "Radial"):
        return made(shape=list((flow.u if name == "Planar" else flow.z_0).shape[1:]), **kept(flow, "act"))
    if name in ("PeriodicWrap", "PeriodicShift"):
        return made(**kept(flow, "ind", "bound", "shift"))
    return refuse(path, f"is a {dotted(type(flow))}, which cannot be exported")


def channels(arguments):
    """Arguments of a network under the names of the wrappers."""
    names = {"features": "num_input_channels", "hidden_features": "num_hidden_channels", "context_features": "num_context_channels"}
    names.update(num_blocks="num_blocks", dropout_probability="dropout_probability", activation="activation")
    return {names[key]: value for key, value in arguments.items() if key in names}


def normflows_coupled(spline, path, is_circular):
    network = residual_net_call(spline.transform_net, f"{path}.transform_net")["arguments"]
    arguments = channels({"features": spline.features, **network})
    transformed, fixed = spline.transform_features.tolist(), spline.identity_features.tolist()
    arguments["num_bins"] = spline.num_bins
    other = spline.unconditional_transform
    arguments["tail_bound"] = plain(spline.tail_bound, path)
    if isinstance(arguments["tail_bound"], list):
        bounds = dict(zip(transformed + fixed, spline.tail_bound.tolist() + other.tail_bound.tolist()))
        arguments["tail_bound"] = [bounds[i] for i in range(spline.features)]
    if not is_circular:
        return {**arguments, "tails": spline.tails, "reverse_mask": 0 in transformed}
    tails = dict(zip(transformed + fixed, list(spline.tails) + list(other.tails)))
    arguments["ind_circ"] = [i for i in range(spline.features) if tails[i] == "circular"]
    return {**arguments, "mask": [int(i in transformed) for i in range(spline.features)]}


# FlowJAX


def flowjax_flow(flow):
    """The function that makes such a flow, read off the structure of its first layer; all layers are stacked in its leaves."""
    flow = trainable(flow)
    arguments = {"base_dist": flowjax_base(flow.base_dist)} if hasattr(flow, "base_dist") else refuse("", f"is a {dotted(type(flow))}, which has no base_dist")
    bijection, path = flow.bijection, "bijection"
    is_inverted = type(bijection).__name__ == "Invert"
    if is_inverted:
        bijection, path = bijection.bijection, f"{path}.bijection"
    if type(bijection).__name__ != "Scan":
        refuse(path, f"is a {dotted(type(bijection))}; only flows that flowjax.flows makes can be exported")
    layer, path = bijection.bijection, f"{path}.bijection"
    features = flow.shape[0]
    if layer.cond_shape is not None:
        arguments["cond_dim"] = layer.cond_shape[0]
    arguments["flow_layers"] = flowjax_layers(layer)
    arguments["invert"] = is_inverted
    parts = list(layer.bijections) if type(layer).__name__ == "Chain" else [layer]
    mixing = {1: [], 2: ["Flip"]}.get(features, ["Permute"])
    names = [type(part).__name__ for part in parts]
    known = {
        "Coupling": ("coupling_flow", flowjax_coupling),
        "MaskedAutoregressive": ("masked_autoregressive_flow", flowjax_masked),
        "NumericalInverse": ("block_neural_autoregressive_flow", flowjax_block),
        "Planar": ("planar_flow", flowjax_planar),
        "Sandwich": ("triangular_spline_flow", flowjax_triangular),
    }
    if names[0] not in known:
        refuse(path, f"is a {dotted(type(parts[0]))}, which cannot be exported")
    inner = ["TriangularAffine"] + (["AdditiveCondition"] if layer.cond_shape is not None else []) if names[0] == "Sandwich" else []
    if names[1:] != inner + mixing:
        refuse(path, f"has the maps {', '.join(names)}, which are not those of a layer of flowjax.flows")
    function, read = known[names[0]]
    arguments.update(read(parts[0], path))
    return call(f"flowjax.flows.{function}", **arguments)


def flowjax_base(base):
    name = type(base).__name__
    if name == "StandardNormal":
        return call("flowjax.distributions.StandardNormal", shape=list(base.shape))
    if name != "Normal":
        refuse("base_dist", f"is a {dotted(type(base))}, which cannot be exported")
    scale = softplus_of(base.bijection.scale, "base_dist.bijection.scale")[1]
    return call("flowjax.distributions.Normal", loc=plain(base.bijection.loc, "base_dist"), scale=plain(scale, "base_dist"))


def flowjax_layers(layer):
    """All leaves that are arrays have an axis of the layers in front."""
    import jax

    return int(next(leaf.shape[0] for leaf in jax.tree_util.tree_leaves(layer) if isinstance(leaf, jax.Array)))


def softplus_of(parameter, path):
    """A number that is kept as softplus(raw) + least: least, and its value in float64."""
    if type(parameter).__name__ != "Parameterize" or len(parameter.args) != 1:
        refuse(path, "is not a softplus of a number, which cannot be exported")
    raw = np.asarray(parameter.args[0], "float64")
    least = float(np.ravel(parameter.fn(np.full(raw.shape, -1e5, "float32")))[0])
    # As it was written: float32 has seven digits of it.
    least = float(f"{least:.6g}")
    value = np.logaddexp(0, raw) + least
    if not np.allclose(value, np.asarray(parameter.fn(parameter.args[0])), rtol=1e-5):
        refuse(path, "is not a softplus of a number, which cannot be exported")
    return least, value


def flowjax_transformer(constructor, path):
    """The map of one number that a network gives the parameters of; it is within the function that makes it of them."""
    cells = dict(zip(constructor.__code__.co_freevars, constructor.__closure__ or ()))
    if "init" not in cells:
        refuse(path, "has a constructor that cannot be read back")
    transformer = constructor(np.zeros_like(cells["init"].cell_contents))
    name = type(transformer).__name__
    if name == "Affine":
        least, scale = softplus_of(transformer.scale, f"{path}.scale")
        loc, scale = float(transformer.loc), float(scale)
        if least == 0:
            return {"transformer": call("flowjax.bijections.Affine", loc=loc, scale=scale)}
        if least != 0.01 or loc != 0 or abs(scale - 1) > 1e-6:
            refuse(path, f"is an Affine with a scale of at least {least} that starts with {scale}, which cannot be exported")
        return {}
    if name != "RationalQuadraticSpline":
        refuse(path, f"is a {dotted(type(transformer))}, which cannot be exported")
    least, slopes = softplus_of(transformer.derivatives, f"{path}.derivatives")
    positions = [np.asarray(each.arr) for each in (transformer.x_pos, transformer.y_pos)]
    if any(np.any(each != 0) for each in positions) or np.any(np.abs(slopes - 1) > 1e-5):
        refuse(path, "is a spline that does not start as the identity, which cannot be exported")
    options = {"knots": transformer.knots, "interval": plain(transformer.interval, path)}
    spline = call("flowjax.bijections.RationalQuadraticSpline", **options, min_derivative=least, min_width=transformer.x_pos.min_width)
    return {"transformer": spline}


def flowjax_network(mlp, path):
    """An `equinox.nn.MLP` by its width, depth and activation."""
    import jax

    activation = mlp.activation
    name = getattr(activation, "__name__", None)
    for module, prefix in ((jax.nn, "jax.nn"), (jax.numpy, "jax.numpy")):
        if name is not None and getattr(module, name, None) is activation:
            return {"nn_width": mlp.width_size, "nn_depth": mlp.depth, "nn_activation": f"{prefix}.{name}"}
    return refuse(path, f"has the activation {activation!r}, which cannot be read back")


def flowjax_coupling(coupling, path):
    if coupling.untransformed_dim != coupling.dim // 2:
        refuse(path, f"passes {coupling.untransformed_dim} of {coupling.dim} features, where a coupling_flow passes {coupling.dim // 2}")
    network = flowjax_network(coupling.conditioner, f"{path}.conditioner")
    return {**flowjax_transformer(coupling.transformer_constructor, f"{path}.transformer"), **network}


def flowjax_masked(masked, path):
    network = flowjax_network(masked.masked_autoregressive_mlp, f"{path}.masked_autoregressive_mlp")
    return {**flowjax_transformer(masked.transformer_constructor, f"{path}.transformer"), **network}


def flowjax_block(inverse, path):
    network = inverse.bijection
    if type(network).__name__ != "BlockAutoregressiveNetwork":
        refuse(path, f"inverts a {dotted(type(network))}, which cannot be exported")
    if type(network.activation).__name__ != "_LeakyTanh" or network.activation.min_grad != 0.01:
        refuse(f"{path}.activation", f"is {network.activation!r}; only tanh(x) + 0.01 x can be exported")
    return {"nn_depth": network.depth, "nn_block_dim": network.block_dim}


def flowjax_planar(planar, path):
    return {} if planar.negative_slope is None else {"negative_slope": planar.negative_slope}


def flowjax_triangular(sandwich, path):
    spline = sandwich.inner.bijection
    if type(spline).__name__ != "RationalQuadraticSpline" or spline.interval != (-1, 1) or type(sandwich.outer).__name__ != "LeakyTanh":
        refuse(path, "is not a spline between hyperbolic tangents, which cannot be exported")
    return {"knots": spline.knots, "tanh_max_val": sandwich.outer.max_val}
