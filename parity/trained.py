"""
Trains a flow of each Python library for some steps, and writes it with its held-out log-densities:

    python parity/trained.py --out FOLDER [--steps 200] [--seed 1]

NAME.safetensors and NAME.json are what `pushforward_export.save` writes; NAME-rows.json has the held-out rows and the library's log-densities.
"""

import argparse
import json
import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))
from pushforward_export import save

torch.set_num_threads(1)


def rows_of(random, count):
    """Three features: an arc, its width, and a skewed one that follows both."""
    angle = np.pi * random.random(count)
    x, y = np.cos(angle) + 0.1 * random.standard_normal(count), np.sin(angle) + 0.1 * random.standard_normal(count)
    z = np.exp(0.5 * random.standard_normal(count)) + x * y
    return np.stack([x, y, z], axis=1)


def trained_torch(model, log_prob, train, steps):
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    for step in range(steps):
        batch = train[(step * 128) % len(train) :][:128]
        loss = -log_prob(model, batch).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def zuko_nsf(train, steps):
    import zuko

    model = zuko.flows.NSF(features=3, transforms=2, bins=6, hidden_features=[24, 24])
    return trained_torch(model, lambda flow, x: flow().log_prob(x), train, steps), lambda flow, x: flow().log_prob(x)


def nflows_maf(train, steps):
    from nflows.flows.autoregressive import MaskedAutoregressiveFlow

    model = MaskedAutoregressiveFlow(features=3, hidden_features=24, num_layers=3, num_blocks_per_layer=2)
    return trained_torch(model, lambda flow, x: flow.log_prob(x), train, steps), lambda flow, x: flow.log_prob(x)


def normflows_realnvp(train, steps):
    import normflows

    masks = [torch.tensor([1, 0, 1]), torch.tensor([0, 1, 0])]
    networks = lambda: normflows.nets.MLP([3, 24, 24, 3], init_zeros=True)
    maps = [normflows.flows.MaskedAffineFlow(masks[i % 2], networks(), networks()) for i in range(6)]
    model = normflows.NormalizingFlow(normflows.distributions.DiagGaussian(3), maps)
    return trained_torch(model, lambda flow, x: flow.log_prob(x), train, steps), lambda flow, x: flow.log_prob(x)


def flowjax_coupling(train, steps):
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import optax
    from flowjax.distributions import Normal
    from flowjax.flows import coupling_flow
    from paramax import unwrap

    flow = coupling_flow(jax.random.key(1), base_dist=Normal(jnp.zeros(3)), flow_layers=4, nn_width=24)
    params, static = eqx.partition(flow, eqx.is_inexact_array)
    optimizer = optax.adam(5e-3)

    @eqx.filter_jit
    def step_of(params, state, batch):
        loss = lambda params: -unwrap(eqx.combine(params, static)).log_prob(batch).mean()
        updates, state = optimizer.update(jax.grad(loss)(params), state)
        return eqx.apply_updates(params, updates), state

    state = optimizer.init(params)
    batches = jnp.asarray(train.numpy())
    for step in range(steps):
        params, state = step_of(params, state, jax.lax.dynamic_slice_in_dim(batches, (step * 128) % len(batches), 128))
    return eqx.combine(params, static), lambda flow, x: torch.from_numpy(np.array(flow.log_prob(jnp.asarray(x.numpy()))))


MODELS = {
    "zuko-NSF": zuko_nsf,
    "nflows-MAF": nflows_maf,
    "normflows-RealNVP": normflows_realnvp,
    "flowjax-coupling": flowjax_coupling,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    train = torch.from_numpy(rows_of(random, 128 * 16).astype("float32"))
    held_out = torch.from_numpy(rows_of(random, 1000).astype("float32"))
    for name, make in MODELS.items():
        torch.manual_seed(options.seed)
        model, log_prob = make(train, options.steps)
        path = os.path.join(options.out, name)
        save(model, f"{path}.safetensors")
        with torch.no_grad():
            scores = log_prob(model, held_out).double()
        with open(f"{path}-rows.json", "w") as file:
            json.dump({"rows": held_out.double().tolist(), "logProb": scores.tolist()}, file)


if __name__ == "__main__":
    main()
