"""Log-densities and samples of an exported flow in NumPy alone, to show that the file is enough.

    pushforward export model.safetensors --to json --out model.json
    python numpy_reader.py model.json rows.csv            # a log-density for each row
    python numpy_reader.py model.json --noise noise.csv   # a row for each row of standard normal numbers

It reads what `fit` makes by default of columns of numbers: an autoregressive spline flow that is given nothing. Functions have
the names of the library's parts; the formulas are those of Durkan et al. (2019), https://arxiv.org/abs/1906.04032.
"""

import json
import sys

import numpy as np

def soft_clip(x, limit):
    return x / (1 + np.abs(x) / limit)

def knots(extents, bound):
    ends = np.cumsum(np.exp(extents), -1)
    return np.concatenate([0 * ends[..., :1], ends], -1) / ends[..., -1:] * 2 * bound - bound

def through_knots(inverse, at, data, base, log_slopes):
    """A monotone rational-quadratic spline through knots, data to base if `inverse`, with the log slope of the way taken."""
    side, other = (data, base) if inverse else (base, data)
    index = (side[..., 1:-1] <= at[..., None]).sum(-1)[..., None]
    take = lambda values, shift=0: np.take_along_axis(values, index + shift, -1)[..., 0]
    extent, other_extent = take(side, 1) - take(side), take(other, 1) - take(other)
    s = other_extent / extent if inverse else extent / other_extent
    d0, d1 = np.exp(take(log_slopes)), np.exp(take(log_slopes, 1))
    x = np.clip((at - take(side)) / extent, 0, 1)
    if not inverse:
        bend = x * (d0 + d1 - 2 * s)
        a, b, sv = bend + s - d0, d0 - bend, s * x
        q = np.abs(b) + np.sqrt(np.maximum(b * b + 4 * a * sv, 1e-24))
        x = np.clip(np.where(b < 0, q / (2 * np.where(b < 0, a, 1)), 2 * sv / q), 0, 1)
    rest = 1 - x
    denominator = s + (d0 + d1 - 2 * s) * x * rest
    log_slope = np.log((s / denominator) ** 2 * (d1 * x * x + 2 * s * x * rest + d0 * rest * rest))
    share = x * (s * x + d0 * rest) / denominator if inverse else x
    return take(other) + other_extent * share, log_slope if inverse else -log_slope

def rational_quadratic(options, inverse, at, raw):
    """A spline on [-bound, bound] with root tails; the last axis of `raw` has the numbers of a feature."""
    if options["type"] != "rationalQuadratic" or options["tails"] != "root":
        sys.exit("this reader knows splines with root tails alone")
    bins, bound, largest = options["bins"], options["bound"], -np.log(options.get("leastSlope", 1e-3))
    raw = raw * options.get("sensitivity", 1)
    data, base = (knots(soft_clip(raw[..., k * bins : (k + 1) * bins], largest / 2), bound) for k in (0, 1))
    slopes = raw[..., 2 * bins :].copy()
    slopes[..., [0, -1]] = soft_clip(slopes[..., [0, -1]], largest / 2)
    log_slopes = soft_clip(slopes, largest)
    inside = np.clip(at, -bound, bound)
    value, log_slope = through_knots(inverse, inside, data, base, log_slopes)
    end, excess = np.where(at > 0, log_slopes[..., -1], log_slopes[..., 0]), at - inside
    if inverse:  # sqrt(1 + 2 d e) - 1, from a tenth of the slope on a line
        line = np.exp(end) * excess
        bent = np.clip(line, -49.5, 49.5)
        root = np.sqrt(1 + 2 * np.abs(bent))
        tail, tail_log = 2 * bent / (1 + root) + (line - bent) / root, end - np.log(root)
    else:
        bent = np.clip(excess, -9, 9)
        root = 1 + np.abs(bent)
        tail = (bent * (1 + 0.5 * np.abs(bent)) + (excess - bent) * root) * np.exp(-end)
        tail_log = np.log(root) - end
    return np.where(at == inside, value, inside + tail), np.where(at == inside, log_slope, tail_log)

def masked_autoregressive(options, p, inverse, at):
    features, hidden = options["features"], options["hidden"]
    units = [np.minimum(features - 1, 1 + np.arange(n) * (features - 1) // n) for n in hidden]
    count = p[f"network.bias{len(hidden)}"].size // features
    degrees = [np.arange(features) + 1, *units, np.arange(features * count) // count]
    order = np.array(options["order"])

    def spline(inverse, seen):
        x = np.clip(seen, -10, 10)
        for k in range(len(hidden) + 1):
            mask = degrees[k][None, :] <= degrees[k + 1][:, None]
            x = (np.maximum(x, 0) if k > 0 else x) @ (p[f"network.weight{k}"] * mask).T + p[f"network.bias{k}"]
        return rational_quadratic(options["transformer"], inverse, at[:, order], x.reshape(len(at), features, count))

    state = at[:, order] if inverse else 0 * at
    for _ in range(0 if inverse else features):  # after k passes the first k features are right
        state = spline(False, state)[0]
    value, log_slope = spline(inverse, state)
    return value[:, np.argsort(order)], log_slope.sum(1)

def elementwise(options, p, inverse, at):  # what a flow of one column is made of
    raw = np.broadcast_to(p["values"], (len(at), *p["values"].shape))
    value, log_slope = rational_quadratic(options["transformer"], inverse, at, raw)
    return value, log_slope.sum(1)

def marginal_spline(options, p, inverse, at):
    data, base, slopes = (np.broadcast_to(p[name], (len(at), *p[name].shape)) for name in ("data", "base", "logSlope"))
    side = data if inverse else base
    inside = np.clip(at, side[..., 0], side[..., -1])
    value, log_slope = through_knots(inverse, inside, data, base, slopes)
    end = np.where(at > inside, slopes[..., -1], slopes[..., 0]) * (1 if inverse else -1)
    return value + (at - inside) * np.exp(end), np.where(at == inside, log_slope, end).sum(1)

def standardization(options, p, inverse, at):
    log_det = np.log(p["scale"]).sum()
    return ((at - p["mean"]) / p["scale"], -log_det) if inverse else (at * p["scale"] + p["mean"], log_det)

def affine(options, p, inverse, at):  # one shift and one scale for all columns, or for each
    shift, log_scale = np.broadcast_arrays(p["shift"], p["logScale"], at[0])[:2]
    value = (at - shift) * np.exp(-log_scale) if inverse else at * np.exp(log_scale) + shift
    return value, -log_scale.sum() if inverse else log_scale.sum()

def triangular_affine(options, p, inverse, at):
    matrix, log_det = np.tril(p["lower"], -1) + np.diag(np.exp(p["logDiagonal"])), p["logDiagonal"].sum()
    return (np.linalg.solve(matrix, (at - p["shift"]).T).T, -log_det) if inverse else (at @ matrix.T + p["shift"], log_det)

def chain(options, p, inverse, at):  # from the base to the data; each part has its parameters under its number
    parts, total = list(enumerate(options["parts"])), 0
    for k, part in reversed(parts) if inverse else parts:
        at, log_det = through(part, p, k, inverse, at)
        total = total + log_det
    return at, total

def through(options, p, name, inverse, at):
    own = {key.removeprefix(f"{name}."): value for key, value in p.items() if key.startswith(f"{name}.")}
    known = [affine, chain, elementwise, marginal_spline, masked_autoregressive, standardization, triangular_affine]
    by_type = {part.__name__.replace("_", ""): part for part in known}
    if options["type"].lower() not in by_type:
        sys.exit(f"this reader knows the usual flow of columns of numbers, and not the map {options['type']}")
    return by_type[options["type"].lower()](options, own, inverse, at)

class Flow:
    def __init__(self, path):
        with open(path, encoding="utf8") as file:
            content = json.load(file)
        self.model = content["model"]
        if self.model["given"] or self.model.get("base", {}).get("type") != "standardNormal":
            sys.exit("this reader knows flows of numbers with a standard normal base that are given nothing")
        self.p = {name: np.reshape(t["values"], t["shape"]) for name, t in content["parameters"].items()}

    def log_prob(self, rows):
        prepared, a = through(self.model["preparation"], self.p, "preparation", True, rows)
        base, b = through(self.model["bijection"], self.p, "bijection", True, prepared)
        return -0.5 * (base**2 + np.log(2 * np.pi)).sum(1) + a + b

    def sample(self, noise):
        prepared, _ = through(self.model["bijection"], self.p, "bijection", False, noise)
        return through(self.model["preparation"], self.p, "preparation", False, prepared)[0]

if __name__ == "__main__":
    flow = Flow(sys.argv[1])
    table = np.loadtxt(sys.argv[-1], delimiter=",", skiprows=1, ndmin=2)
    np.savetxt(sys.stdout, flow.sample(table) if "--noise" in sys.argv else flow.log_prob(table), "%.17g", ",")
