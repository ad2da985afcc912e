"""
FlowJAX on JAX: its ready-made flows, a step that is compiled as a whole with optax and timed afterwards.

Threads: XLA sizes its pool by the environment variable NPROC, which the driver sets to 1 or 2: a step then took 1.0
and 1.3 seconds of processor time a second. With `--xla_cpu_multi_thread_eigen=false` alone it still took 1.3.
"""

from worker import Prepared, check_finite, matching_width, read_rows, serve

import time

import equinox as eqx
import flowjax
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import paramax
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import block_neural_autoregressive_flow, coupling_flow, masked_autoregressive_flow, planar_flow

# As in torch_worker.py.
PART = 2000


def build(task, width):
    if task["flow"] == "planar":
        base = Normal(jnp.zeros(task["features"]))
        return planar_flow(jr.key(0), base_dist=base, flow_layers=task["transforms"])
    if task["flow"] == "bnaf":
        return block_neural_autoregressive_flow(
            jr.key(0),
            base_dist=Normal(jnp.zeros(task["features"])),
            nn_depth=len(task["hidden"]),
            nn_block_dim=width,
            flow_layers=task["transforms"],
        )
    spline = task["flow"].startswith("nsf")
    make = coupling_flow if task["flow"] in ("realnvp", "nsf") else masked_autoregressive_flow
    return make(
        jr.key(0),
        base_dist=Normal(jnp.zeros(task["features"])),
        # As many inner knots as give the bins.
        transformer=RationalQuadraticSpline(knots=task["bins"] - 1, interval=5) if spline else None,
        flow_layers=task["transforms"],
        nn_width=width,
        nn_depth=len(task["hidden"]),
    )


def is_trained(leaf):
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.inexact)


def split(flow):
    """The trained parameters, and the rest."""
    return eqx.partition(flow, is_trained, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable))


def count(flow):
    return sum(leaf.size for leaf in jax.tree.leaves(split(flow)[0]))


def prepare(task):
    width = matching_width(task, lambda width: count(eqx.filter_eval_shape(build, task, width)))
    flow = build(task, width)
    if task["workload"] == "fit":
        return Fit(task, width, count(flow))
    parameters, static = split(flow)
    if task["workload"] == "step":
        return prepare_step(task, count(flow), parameters, static)
    whole = paramax.unwrap(flow)
    sizes = [min(PART, task["rows"] - start) for start in range(0, task["rows"], PART)]
    if task["workload"] == "logProb":
        rows = read_rows(task, task["rows"])
        parts = [jnp.asarray(part) for part in jnp.split(rows, len(sizes))]
        score = jax.jit(lambda x: whole.log_prob(x)).lower(parts[0]).compile()
        return Prepared(
            count(flow),
            lambda: jnp.concatenate([score(part) for part in parts]).block_until_ready(),
            check_finite,
        )
    draw = jax.jit(lambda key: whole.sample(key, (PART,))).lower(jr.key(0)).compile()
    key = jr.key(1)

    def sample():
        nonlocal key
        key, *own = jr.split(key, len(sizes) + 1)
        return jnp.concatenate([draw(part) for part in own])[: task["rows"]].block_until_ready()

    return Prepared(count(flow), sample, check_finite)


def training(optimizer, static):
    """The loss of parameters and rows, and a step of an optimizer."""

    def loss(parameters, x):
        flow = paramax.unwrap(eqx.combine(parameters, static))
        return -flow.log_prob(x).mean()

    def step(parameters, state, x):
        value, gradient = jax.value_and_grad(loss)(parameters, x)
        updates, state = optimizer.update(gradient, state, parameters)
        return optax.apply_updates(parameters, updates), state, value

    return loss, step


class Fit(Prepared):
    """
    A fit as FlowJAX's own loop does it, with zuko's settings of zuko_worker.py: Adam at a constant rate on standardized rows
    in a new order each epoch, whole batches alone, a compiled step and a compiled score. Its time is that up to the end of the
    first epoch after which the held-out rows reach the target, compilation included.
    """

    def __init__(self, task, width, parameters):
        self.task = task
        self.width = width
        self.parameters = parameters

    def time(self, repeats):
        task = self.task
        start = time.perf_counter()
        rows = np.fromfile(task["split"]).reshape(task["rows"], -1)
        held, train = rows[: task["held"]], rows[task["held"] :]
        mean, scale = train.mean(0), train.std(0)
        held, train = (jnp.asarray((part - mean) / scale, jnp.float32) for part in (held, train))
        parameters, static = split(build(task, self.width))
        optimizer = optax.adam(task["rate"])
        loss, step = training(optimizer, static)
        step = jax.jit(step, donate_argnums=(0, 1))
        score = jax.jit(loss)
        state = optimizer.init(parameters)
        batch, order = task["batch"], np.random.default_rng(0)
        while time.perf_counter() - start < task["seconds"]:
            shuffled = order.permutation(len(train))
            for first in range(0, len(train) - batch + 1, batch):
                x = train[shuffled[first : first + batch]]
                parameters, state, _ = step(parameters, state, x)
            if -float(score(parameters, held)) - np.log(scale).sum() >= task["target"]:
                return [1000 * (time.perf_counter() - start)]
        raise TimeoutError(f"not reached in {task['seconds']} s")


def prepare_step(task, count, parameters, static):
    optimizer = optax.adam(task["rate"])
    _, step = training(optimizer, static)
    rows = read_rows(task, task["batches"] * task["batch"])
    batches = [jnp.asarray(x) for x in jnp.split(rows, task["batches"])]
    state = optimizer.init(parameters)
    compiled = jax.jit(step, donate_argnums=(0, 1)).lower(parameters, state, batches[0]).compile()
    done = 0

    def call():
        nonlocal parameters, state, done
        parameters, state, value = compiled(parameters, state, batches[done % len(batches)])
        done += 1
        jax.block_until_ready(parameters)
        return value

    return Prepared(count, call, check_finite)


serve(f"{flowjax.__version__}, jax {jax.__version__}", prepare)
