"""Random models of FlowJAX 19.1 with the calls that make them, as nested JSON."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import equinox as eqx
import flowjax.bijections as bijections
import flowjax.flows as flows
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from flowjax.distributions import Normal, StandardNormal
from paramax import unwrap

jax.config.update("jax_enable_x64", True)

ACTIVATIONS = {"jax.nn.relu": jax.nn.relu, "jax.nn.tanh": jnp.tanh, "jax.nn.silu": jax.nn.silu, "jax.nn.gelu": jax.nn.gelu, "jax.nn.elu": jax.nn.elu}


def call(name, **arguments):
    return {"class": name, "arguments": arguments}


def common(random, least=1, conditional=True):
    d = random.choice([n for n in [1, 2, 3, 5] if n >= least])
    context = random.choice([0, 1, 3]) if conditional else 0
    if random.random() < 0.3:
        base, config = StandardNormal((d,)), call("flowjax.distributions.StandardNormal", shape=[d])
    else:
        loc = [0.2 * i for i in range(d)]
        base, config = Normal(jnp.array(loc), 1.5), call("flowjax.distributions.Normal", loc=loc, scale=1.5)
    python, json = {"base_dist": base}, {"base_dist": config}
    options = {"flow_layers": random.choice([1, 2, 3])}
    if context > 0:
        options["cond_dim"] = context
    if random.random() < 0.3:
        options["invert"] = False
    python.update(options)
    json.update(options)
    return d, context, python, json


def network(random, python, json):
    options = {"nn_width": random.choice([4, 7])}
    if random.random() < 0.6:
        options["nn_depth"] = random.choice([0, 1, 2])
    python.update(options)
    json.update(options)
    if random.random() < 0.6:
        name = random.choice(list(ACTIVATIONS))
        python["nn_activation"], json["nn_activation"] = ACTIVATIONS[name], name
    kind = random.choice(["usual", "affine", "spline", "spline"])
    if kind == "affine":
        python["transformer"], json["transformer"] = bijections.Affine(), "flowjax.bijections.Affine"
    if kind == "spline":
        options = {"knots": random.choice([2, 4]), "interval": random.choice([2, 3.5])}
        python["transformer"] = bijections.RationalQuadraticSpline(**options)
        json["transformer"] = call("flowjax.bijections.RationalQuadraticSpline", **options)


def made(function, random, python, json):
    return getattr(flows, function)(jr.key(random.getrandbits(30)), **python), call(f"flowjax.flows.{function}", **json)


def coupling_flow(random):
    d, context, python, json = common(random, 2)
    network(random, python, json)
    return made("coupling_flow", random, python, json)


def masked_autoregressive_flow(random):
    d, context, python, json = common(random)
    if d == 1 and context == 0:
        raise ValueError("of one feature without a condition")
    network(random, python, json)
    return made("masked_autoregressive_flow", random, python, json)


def planar_flow(random):
    d, _, python, json = common(random, conditional=False)
    if random.random() < 0.5:
        python["negative_slope"] = json["negative_slope"] = 0.1
    return made("planar_flow", random, python, json)


def triangular_spline_flow(random):
    d, _, python, json = common(random)
    if random.random() < 0.7:
        python["knots"] = json["knots"] = random.choice([2, 5])
    if random.random() < 0.4:
        python["tanh_max_val"] = json["tanh_max_val"] = 2.5
    return made("triangular_spline_flow", random, python, json)


def block_neural_autoregressive_flow(random):
    d, _, python, json = common(random)
    # In the other direction a log-density is as exact as the library's bisection.
    for options in (python, json):
        options.pop("invert", None)
    options = {}
    if random.random() < 0.7:
        options["nn_depth"] = random.choice([0, 1, 2, 3])
    if random.random() < 0.7:
        options["nn_block_dim"] = random.choice([1, 3, 5])
    python.update(options)
    json.update(options)
    return made("block_neural_autoregressive_flow", random, python, json)


MODELS = {
    "block": block_neural_autoregressive_flow,
    "coupling": coupling_flow,
    "masked": masked_autoregressive_flow,
    "planar": planar_flow,
    "triangular": triangular_spline_flow,
}


class Model:
    """What make.py asks of a model of PyTorch, of a tree of JAX."""

    def __init__(self, tree, function):
        self.tree = tree
        self.function = function

    def parameters(self):
        return []

    def state_dict(self):
        return {"all": np.zeros(sum(leaf.size for leaf in jax.tree_util.tree_leaves(self.tree) if eqx.is_array(leaf)), "float32")}

    def double(self):
        self.tree = jax.tree_util.tree_map(lambda leaf: leaf.astype(jnp.float64) if eqx.is_inexact_array(leaf) else leaf, self.tree)
        return self

    def eval(self):
        return self


def wrapped(make):
    def model(random):
        tree, config = make(random)
        return Model(tree, config["class"]), config

    return model


MODELS = {name: wrapped(make) for name, make in MODELS.items()}


def sizes(model, config):
    return model.tree.shape[0], (model.tree.cond_shape or (0,))[0]


def randomize(model, generator):
    seed = int(generator.initial_seed() % 2**31)
    random = np.random.default_rng(seed)

    def drawn(leaf):
        if not eqx.is_inexact_array(leaf):
            return leaf
        scale = 1.2 / max(1, leaf.shape[-1]) ** 0.5 if leaf.ndim > 2 else 0.6
        return jnp.asarray((scale * random.standard_normal(leaf.shape)).astype("float32"))

    model.tree = jax.tree_util.tree_map(drawn, model.tree)


def tensors(model):
    from pushforward_export import tensors_of

    return tensors_of(model.tree)


def evaluate(model, x, z, c):
    import torch

    tree = model.tree
    given = () if c is None else (jnp.asarray(c.numpy()),)
    inner = unwrap(tree)
    batched = lambda function, points: jax.vmap(function)(jnp.asarray(points.numpy()), *given)
    as_torch = lambda values: torch.from_numpy(np.array(values, "float64"))
    try:
        log_prob = tree.log_prob(jnp.asarray(x.numpy()), *given)
        base = as_torch(batched(inner.bijection.inverse, x))
        data = None
    except NotImplementedError:
        # A map that has one direction alone: rows are those of base points.
        rows, log_dets = jax.vmap(inner.bijection.transform_and_log_det)(jnp.asarray(z.numpy()), *given)
        log_prob = tree.base_dist.log_prob(jnp.asarray(z.numpy())) - log_dets
        x.copy_(as_torch(rows))
        base = z.clone()
    if "block_neural" in model.function:
        # Found by a bisection whose tolerance is above that of the comparison.
        return as_torch(log_prob), base, None
    try:
        data = as_torch(batched(inner.bijection.transform, z))
    except NotImplementedError:
        data = None
    return as_torch(log_prob), base, data
