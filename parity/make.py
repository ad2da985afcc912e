"""
Builds models of Python libraries with random weights far from the identity, and writes what they compute:

    python parity/make.py --library zuko --out FOLDER --seed 1 --count 5 [--only NSF,MAF] [--rows 8]

For each model NAME.safetensors (its state dict) and NAME.json: the config, rows, contexts and base points, and the log-densities,
base points and rows that the library gives for them in float64 and in evaluation mode.
"""

import argparse
import importlib
import json
import os
import random
import sys

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))
from pushforward_export import ExportError, config_of, tensors_of, write_safetensors

torch.set_num_threads(1)


def randomize(model, generator):
    """Weights of the size that keeps activations of the size of their inputs; biases and the rest of the size of one."""
    with torch.no_grad():
        for parameter in model.parameters():
            scale = 1.3 / max(1, parameter.shape[-1]) ** 0.5 if parameter.dim() > 1 else 0.7
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))


def exported_call(model, name):
    try:
        return config_of(model)
    except ExportError as error:
        print(f"{name}: not exported, as {error}")
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--only", default="")
    parser.add_argument("--exported", action="store_true", help="also write what the exporter reads off the live model")
    parser.add_argument("--largest", type=int, default=10**7, help="bytes of a state dict at most")
    options = parser.parse_args()
    library = importlib.import_module(f"{options.library}_models")
    os.makedirs(options.out, exist_ok=True)
    names = options.only.split(",") if options.only else list(library.MODELS)
    for name in names:
        made = 0
        attempt = 0
        while made < options.count:
            seed = f"{options.seed} {name} {attempt}"
            attempt += 1
            chosen = random.Random(seed)
            number = chosen.getrandbits(40)
            torch.manual_seed(number)
            generator = torch.Generator().manual_seed(number)
            try:
                model, config = library.MODELS[name](chosen)
            except (ValueError, AssertionError, RuntimeError) as error:
                print(f"{name}: the library refuses {error}")
                continue
            if getattr(library, "randomize", None):
                library.randomize(model, generator)
            else:
                randomize(model, generator)
            # In either precision: the library computes in float64, of numbers that float32 has.
            if sum(tensor.nbytes for tensor in model.state_dict().values()) > options.largest:
                continue
            tensors = getattr(library, "tensors", tensors_of)
            single = {key: value.copy() for key, value in tensors(model).items()}
            model = model.double().eval()
            double = tensors(model)
            features, context = library.sizes(model, config)
            draw = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)
            x = 2 * draw(options.rows, features)
            x[-1] *= 5
            z = draw(options.rows, features)
            if hasattr(library, "within"):
                x, z = library.within(name, x, z)
            c = draw(options.rows, context) if context > 0 else None
            with torch.no_grad():
                log_prob, base, data = library.evaluate(model, x, z, c)
            if not torch.isfinite(log_prob).all():
                print(f"{name}: log-densities that are not finite, another one is drawn")
                continue
            made += 1
            path = os.path.join(options.out, f"{options.library}-{name}-{made}")
            write_safetensors(double if made % 3 == 0 else single, f"{path}.safetensors")
            listed = lambda tensor: None if tensor is None else tensor.tolist()
            case = {
                "config": config,
                "exported": exported_call(getattr(model, "tree", model), name) if options.exported else None,
                "rows": listed(x),
                "given": listed(c),
                "points": listed(z),
                "logProb": listed(log_prob),
                "toBase": listed(base),
                "toData": listed(data),
            }
            with open(f"{path}.json", "w") as file:
                json.dump(case, file)


if __name__ == "__main__":
    main()
