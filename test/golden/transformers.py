"""Writes transformers.json beside this file: transformers by the formulas of their papers, at 40 digits.

    pip install mpmath && python transformers.py

By itself, as it needs mpmath alone. Each case holds the description of a transformer, its raw parameters, and points x of the base
with their images y and log dy/dx. Derivatives are mpmath's numerical ones of the formula, so that no derivative is written twice.
"""

import json, pathlib, platform

import mpmath as mp

mp.mp.dps = 40
cases = []


def unclip(clipped, limit):
    """The raw number that x / (1 + |x| / limit) takes to `clipped`."""
    return clipped / (1 - abs(clipped) / limit)


def golden_weights(sizes):
    """Numbers for the layers of a network, far from 0 and of both signs."""
    number = lambda i: float(mp.mpf(mp.sin(3 * i + 1)))
    at, weights = 0, {}
    for l, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        weights[f"weight{l}"] = [number(at + i) for i in range(inputs * outputs)]
        at += inputs * outputs
        weights[f"bias{l}"] = [number(at + i) for i in range(outputs)]
        at += outputs
    return weights


def case(name, description, parameters, forward, points):
    """A map from base to data at points of the base."""
    x = [mp.mpf(p) for p in points]
    y = [forward(p) for p in x]
    slope = [mp.diff(forward, p, h=mp.mpf(10) ** -15) for p in x]
    cases.append({
        "name": name,
        "transformer": description,
        "parameters": [float(p) for p in parameters],
        "x": [float(p) for p in x],
        "y": [float(p) for p in y],
        "logDerivative": [float(mp.log(s)) for s in slope],
    })


def from_data(name, description, parameters, inverse, points, weights=None):
    """The same for a map that is written from data to base, at points of the data."""
    y = [mp.mpf(p) for p in points]
    slope = [mp.diff(inverse, p, h=mp.mpf(10) ** -15) for p in y]
    cases.append({
        "name": name,
        "transformer": description,
        "parameters": [float(p) for p in parameters],
        "x": [float(inverse(p)) for p in y],
        "y": [float(p) for p in y],
        "logDerivative": [float(-mp.log(s)) for s in slope],
        **({"weights": weights} if weights else {}),
    })


sign = lambda x: mp.mpf(-1 if x < 0 else 1)
usual = [-6.5, -2, -0.75, -0.125, 0.0625, 0.5, 1.25, 3, 5.5]
sized = [-30, -3.5, -1, -0.25, 0.125, 0.75, 2, 9, 400]
above = [0.015625, 0.25, 0.875, 1, 1.5, 4, 30, 900]

# elementary
case("exponential", {"type": "exponential"}, [], mp.exp, usual)
case("softplus", {"type": "softplus"}, [], lambda x: mp.log(1 + mp.exp(x)), usual)
case("sigmoid", {"type": "sigmoid"}, [], lambda x: 1 / (1 + mp.exp(-x)), usual)
case("tanh", {"type": "tanh"}, [], mp.tanh, usual)
m = mp.mpf(2)
case("leakyTanh", {"type": "leakyTanh", "from": 2}, [],
     lambda x: mp.tanh(x) if abs(x) <= m else sign(x) * (mp.tanh(m) + (abs(x) - m) * (1 - mp.tanh(m) ** 2)),
     [-6.5, -1.75, -0.5, 0.25, 1, 2.5])
case("arcsinh", {"type": "arcsinh"}, [], mp.sinh, usual)
case("leakyRelu", {"type": "leakyRelu", "slope": 0.01}, [], lambda x: x if x > 0 else x * mp.mpf(0.01), usual)
case("leakyRelu, learned", {"type": "leakyRelu"}, [unclip(mp.log(mp.mpf("0.3")), mp.log(1000))],
     lambda x: x if x > 0 else x * mp.mpf("0.3"), usual)
case("elu", {"type": "elu", "alpha": 1.5}, [], lambda x: x if x > 0 else mp.mpf(1.5) * (mp.exp(x) - 1), usual)
case("softClip", {"type": "softClip", "bound": 3}, [], lambda x: x / (1 + abs(x) / 3), usual)
case("shift", {"type": "shift"}, [0.75], lambda x: x + mp.mpf(0.75), usual)

# powers
p = mp.mpf(3) / 2
case("power", {"type": "power"}, [unclip(mp.log(p), mp.log(4))], lambda x: sign(x) * abs(x) ** p, sized)
for lam in [mp.mpf("0.3"), mp.mpf(0), mp.mpf(-1) / 2, mp.mpf(2)]:
    box_cox = lambda y: mp.log(y) if lam == 0 else (y**lam - 1) / lam
    from_data(f"boxCox, lambda {float(lam)}", {"type": "boxCox"}, [unclip(lam - 1, 2)], box_cox, above)
for lam in [mp.mpf("0.25"), mp.mpf(1), mp.mpf("1.75")]:
    yeo_johnson = lambda y: ((1 + y) ** lam - 1) / lam if y >= 0 else -((1 - y) ** (2 - lam) - 1) / (2 - lam)
    from_data(f"yeoJohnson, lambda {float(lam)}", {"type": "yeoJohnson"}, [unclip(lam - 1, 1)], yeo_johnson, sized)

# tails
below, beyond = mp.mpf("0.02"), mp.mpf("0.4")
case("lambertW", {"type": "lambertW"}, [unclip(mp.log(d / mp.mpf("0.05")), 5) for d in (below, beyond)],
     lambda x: x * mp.exp((below if x < 0 else beyond) * x * x / 2), usual)
left, right = mp.mpf("0.05"), mp.mpf("0.5")
index = lambda x: left if x < 0 else right
case("tailTransform", {"type": "tailTransform"}, [unclip(mp.log(l * 10), mp.log(10)) for l in (left, right)],
     lambda x: sign(x) / index(x) * (mp.erfc(abs(x) / mp.sqrt(2)) ** -index(x) - 1), usual)

# mixtures
half = [-2.5, -0.75, 0.25, 1.5]
case("distributionFunction, normal", {"type": "distributionFunction", "law": "normal"}, [], mp.ncdf, half)
case("distributionFunction, laplace", {"type": "distributionFunction", "law": "laplace"}, [],
     lambda x: mp.exp(x) / 2 if x < 0 else 1 - mp.exp(-x) / 2, half)
case("distributionFunction, gumbel", {"type": "distributionFunction", "law": "gumbel"}, [],
     lambda x: mp.exp(-mp.exp(-x)), [-1, 0.25, 2])
logits, places, scales = [0.5, -0.25, 1], [-1.5, 0.25, 2], [-0.5, 0.25, -1]
clip = lambda raw: mp.mpf(raw) / (1 + abs(mp.mpf(raw)) / mp.log(1000))
weights = [mp.exp(clip(l)) for l in logits]
weights = [w / sum(weights) for w in weights]
logistic = lambda u: 1 / (1 + mp.exp(-u))
logit = lambda p: mp.log(p) - mp.log1p(-p)
probit = lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1)
wide = [-7.5, -2.5, -0.5, 0.125, 1.25, 3, 6]
for form, u in [("places", lambda y, m, s: (y - m) / mp.exp(clip(s))), ("slopes", lambda y, m, s: y * mp.exp(clip(s)) + m)]:
    mixed = lambda y: sum(w * logistic(u(y, m, s)) for w, m, s in zip(weights, places, scales))
    from_data(f"mixture, logistic, {form}", {"type": "mixture", "components": 3, "form": form}, logits + places + scales,
              lambda y: (1 - mp.mpf(1e-3)) * logit(mixed(y)) + mp.mpf(1e-3) * y, wide)
# As in zuko 1.6, transforms.py, GaussianizationTransform.
from_data("mixture, zuko's Gaussianization",
          {"type": "mixture", "components": 3, "law": "normal", "form": "slopes", "weights": "equal", "leastSlope": 0,
           "largestLogScale": 0, "margin": 1e-6, "bound": 10}, places + scales,
          lambda y: mp.sqrt(2) * mp.erfinv(sum(mp.erf((mp.exp(s) * y + m) / mp.sqrt(2)) for m, s in zip(places, scales)) / 3
                                           * (1 - mp.mpf(1e-6))), [-3, -0.5, 0.25, 1, 2.5])

# polynomials, as in zuko 1.6: transforms.py, SOSPolynomialTransform, BoundedBernsteinTransform, BernsteinTransform
a, constant = [[0.5, -1.25, 2], [-0.75, 0.5, 3]], 0.375
from_data("sumOfSquares", {"type": "sumOfSquares", "polynomials": 2, "degree": 2, "slope": 1e-3}, a[0] + a[1] + [constant],
          lambda y: constant + mp.quad(lambda u: sum((1 + sum(c * (u / 10) ** j for j, c in enumerate(row))) ** 2 for row in a) / 2
                                       + mp.mpf(1e-3), [0, y]), wide)
bound = 5
bernstein = lambda theta, t: sum(c * mp.binomial(len(theta) - 1, i) * t**i * (1 - t) ** (len(theta) - 1 - i)
                                 for i, c in enumerate(theta))
raw = [mp.mpf(r) for r in [0.5, -1, 0.25, 1.5, -0.75]]
d = mp.mpf(2 * bound) / (len(raw) + 4)
total = sum(mp.exp(r) for r in raw)
steps = [d, d] + [(2 * bound - 4 * d) * mp.exp(r) / total for r in raw] + [d, d]
theta = [-mp.mpf(bound) + sum(steps[:i]) for i in range(len(steps) + 1)]
inside = lambda y: bernstein(theta, (y + bound) / (2 * bound))
from_data("bernstein, ends of the identity", {"type": "bernstein", "degree": 4}, raw,
          lambda y: inside(y) if abs(y) <= bound else y, wide)
soft = [mp.log(1 + mp.exp(r)) for r in raw[1:]]
learned = [soft[0]] + soft + [soft[-1]]
free = [raw[0] - mp.log(2) * len(raw) / 2]
for step in learned: free.append(free[-1] + step)
order = len(free) - 1
line = lambda y: (bernstein(free, (y + bound) / mp.mpf(2 * bound)) if abs(y) <= bound else
                  free[0] + order * (free[1] - free[0]) * (y + bound) / (2 * bound) if y < 0 else
                  free[-1] + order * (free[-1] - free[-2]) * (y - bound) / (2 * bound))
from_data("bernstein, learned ends", {"type": "bernstein", "degree": 4, "ends": "learned"}, raw, line, wide)

# networks, as in zuko 1.6, nn.py, MonotonicMLP and TwoWayELU
sizes, signal = [3, 4, 2, 1], [0.75, -1.25]
weights = golden_weights(sizes)
elu = lambda u: u if u > 0 else mp.exp(u) - 1


def monotonic(y):
    values = [mp.mpf(y)] + [mp.mpf(s) for s in signal]
    for l, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        matrix, bias = weights[f"weight{l}"], weights[f"bias{l}"]
        values = [sum(abs(mp.mpf(matrix[o * inputs + i])) * values[i] for i in range(inputs)) + mp.mpf(bias[o])
                  for o in range(outputs)]
        if l < len(sizes) - 2:
            values = [elu(v) if o < outputs / 2 else -elu(-v) for o, v in enumerate(values)]
    return values[0]


from_data("monotonicNetwork", {"type": "monotonicNetwork", "signal": 2, "hidden": [4, 2], "leastSlope": 0, "bound": 10}, signal,
          monotonic, wide, weights)

# circular
from_data("circularShift", {"type": "circularShift", "bound": 2}, [0.75],
          lambda y: y - mp.mpf(0.75) if y - mp.mpf(0.75) >= -2 else y - mp.mpf(0.75) + 4, [-1.75, -1.5, -0.5, 0.25, 1.5])

out = {"origin": f"mpmath {mp.__version__}, Python {platform.python_version()}", "cases": cases}
pathlib.Path(__file__).with_name("transformers.json").write_text(json.dumps(out, indent=1) + "\n")
