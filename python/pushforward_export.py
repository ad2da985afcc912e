"""
Exports a trained flow of zuko 1.6, so that pushforward imports it:

    from pushforward_export import save

    save(flow, "flow.safetensors")        # and flow.json beside it
    # pushforward import flow.safetensors --out model.safetensors

The first file has the state dict of the flow, the second the constructor call that makes such a flow, as JSON. This file needs numpy, and
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

        leaves = jax.tree_util.tree_flatten_with_path(flow)[0]
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
    exporters = {"zuko": zuko_flow}
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


def zuko_mlp(network, path):
    """Arguments of a zuko.nn.MLP."""
    kinds = [type(module).__name__ for module in network]
    linear = [module for module in network if type(module).__name__ == "Linear"]
    arguments = {"hidden_features": [module.out_features for module in linear[:-1]]}
    if any(module.weight.dim() != 2 for module in linear):
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
