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
growth = {1: 1 - mp.tanh(1) ** 2, 0.75: mp.mpf(0.25)}
for c, a in growth.items():
    case(f"logTanh, {c}", {"type": "logTanh", "from": c, **({} if c == 1 else {"growth": float(a)})}, [],
         lambda x: mp.tanh(x) if abs(x) <= c else sign(x) * (mp.tanh(c) + a * mp.log(abs(x) / c)),
         [-900, -3.5, -0.875, -0.25, 0.125, 0.5, 2, 40])
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
case("distributionFunction, cauchy", {"type": "distributionFunction", "law": "cauchy"}, [],
     lambda x: mp.mpf(1) / 2 + mp.atan(x) / mp.pi, [-400, -30, -1.75, -0.625, -0.125, 0.25, 0.75, 2, 9])
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
# Huang et al. 2018, eq. 13, of two layers of two sigmoids; to the shifts is added what lays them apart.
def shares(logits):
    total = sum(mp.exp(l) for l in logits)
    return [mp.exp(l) / total for l in logits]
def dense(y, own, shared):
    own, shared, h = list(own), list(shared), [mp.mpf(y)]
    take = lambda values, size: [mp.mpf(values.pop(0)) for _ in range(size)]
    third, width = mp.log(3), mp.sqrt(1 - mp.mpf("0.3") ** 2)
    for layer, outputs in enumerate([2, 1]):
        a = [mp.exp(clip(raw)) / width for raw in take(own, 2)]
        # Two places lie one deviation, 0.3 of that of the logistic law, from their middle.
        b = [raw - side * mp.mpf("0.3") * mp.pi / mp.sqrt(3) / width for raw, side in zip(take(own, 2), [-1, 1])]
        w = take(own, 2)
        inner = take(own, 2) if layer else []
        columns = take(shared, 2 * outputs)
        rows = take(shared, 4) if layer else []
        u = [sum(s * v for s, v in zip(shares([inner[k] + rows[2 * i + k] for k in range(2)]), h)) if layer else h[0] for i in range(2)]
        sigmoids = [logistic(a[i] * u[i] + b[i]) for i in range(2)]
        h = [logit(sum(s * v for s, v in zip(shares([w[i] + columns[2 * j + i] for i in range(2)]), sigmoids))) for j in range(outputs)]
    return (1 - mp.mpf(1e-3)) * h[0] + mp.mpf(1e-3) * mp.mpf(y)
own = [0.5, -0.25, 1, -0.75, 0.25, -1.5, -0.5, 0.75, 0.375, 1.25, -1, 0.5, 2, -0.125]
shared = [0.5, -1, 0.25, 0.75, -0.5, 1.5, 0.125, -0.75, 1, 0.25]
from_data("denseSigmoidal", {"type": "denseSigmoidal", "units": 2}, own, lambda y: dense(y, own, shared), wide[1:-1], {"shares": shared})
# A user's own formula; its derivative is that of the formula, too.
raw = [0.5, -1.25]
factor = lambda r: mp.exp(mp.mpf(r) / (1 + abs(mp.mpf(r)) / mp.log(100)))
inside = lambda x: x + factor(raw[0]) * mp.tanh(5 * logistic(mp.log(mp.mpf(1) / 4) + mp.mpf(raw[1]) / (1 + abs(mp.mpf(raw[1])) / 12)) * x)
case("formula", {"type": "formula", "formula": "x + a * tanh(b * x)", "reach": 5,
                 "parameters": {"a": "positive", "b": {"above": 0, "below": 5, "start": 1}}}, raw,
     lambda x: inside(x) if abs(x) <= 5 else inside(sign(x) * 5) + mp.diff(inside, sign(x) * 5) * (x - sign(x) * 5), usual)
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

# the integral of a positive network: Wehenkel and Louppe 2019, eq. 1, with a log of the integrand within +-7
silu = lambda u: u / (1 + mp.exp(-u))


def integrand(u):
    values = [mp.mpf(u)] + [mp.mpf(s) for s in signal]
    for l, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        matrix, bias = weights[f"weight{l}"], weights[f"bias{l}"]
        values = [sum(mp.mpf(matrix[o * inputs + i]) * values[i] for i in range(inputs)) + mp.mpf(bias[o]) for o in range(outputs)]
        if l < len(sizes) - 2:
            values = [silu(v) for v in values]
    return mp.exp(7 * mp.tanh(values[0] / 7))


def integral(y):
    end = sign(y) * min(abs(y), 3)
    return mp.mpf("0.625") + mp.quad(integrand, [0, end / 2, end]) + (y - end) * integrand(end)


from_data("unconstrainedMonotonicNetwork",
          {"type": "unconstrainedMonotonicNetwork", "signal": 2, "hidden": [4, 2], "nodes": 40, "reach": 3}, [*signal, 0.625],
          integral, [-4, -2.75, -1, -0.25, 0.125, 0.75, 2, 2.875, 9], weights)

# splines, each by the formulas of its paper: Müller et al. 2019, eq. 9-13; Steffen 1990; Dolatabadi et al. 2020, algorithm 1
def shares(raw, least):
    weights = [mp.exp(r) for r in raw]
    return [mp.mpf(least) + (1 - len(raw) * mp.mpf(least)) * w / sum(weights) for w in weights]


def box(y, inside, first=1, last=1):
    """A map of [0, 1] as one of the box of half-width 3, on straight lines beyond."""
    if abs(y) <= 3:
        return 6 * inside((y + 3) / mp.mpf(6)) - 3
    return sign(y) * 3 + (y - sign(y) * 3) * (first if y < 0 else last)


def bin_of(u, widths):
    k, start = 0, mp.mpf(0)
    while k < len(widths) - 1 and u >= start + widths[k]:
        start += widths[k]
        k += 1
    return k, start


least = 1e-3
raw_widths, raw_heights = [0.5, -1, 0.25, 1.5], [-0.75, 0.25, 1.25, -0.5]
widths, heights = shares(raw_widths, least), shares(raw_heights, least)
spread = [-7.5, -2.75, -1.75, -0.5, 0.125, 1.25, 2.5, 6]

quarter = [mp.mpf(1) / 4] * 4
def linear(u):
    k, start = bin_of(u, quarter)
    return sum(heights[:k]) + heights[k] * (u - start) * 4
from_data("linearSpline", {"type": "linearSpline", "bins": 4, "bound": 3, "tails": "identity"}, raw_heights,
          lambda y: box(y, linear), spread)
from_data("linearSpline, learned tails", {"type": "linearSpline", "bins": 4, "bound": 3, "tails": "learned"}, raw_heights,
          lambda y: box(y, linear, 4 * heights[0], 4 * heights[3]), spread)


def quadratic(knots):
    def density(u):
        k, start = bin_of(u, widths)
        return knots[k] + (knots[k + 1] - knots[k]) * (u - start) / widths[k]
    edges = [sum(widths[:i]) for i in range(1, 4)]
    return lambda u: mp.quad(density, [0] + [e for e in edges if e < u] + [u]), density


def normalized(knots):
    area = sum(w * (a + b) / 2 for w, a, b in zip(widths, knots, knots[1:]))
    return [mp.mpf(least) + (1 - mp.mpf(least)) * h / area for h in knots]


soft = lambda r: mp.log(1 + mp.exp(r)) + mp.mpf("0.001")
raw_knots = [0.75, -1.5, 1, 0.25, -0.5]
inside, density = quadratic(normalized([soft(r) for r in raw_knots]))
from_data("quadraticSpline, learned tails", {"type": "quadraticSpline", "bins": 4, "bound": 3, "tails": "learned"},
          raw_widths + raw_knots, lambda y: box(y, inside, density(mp.mpf(0)), density(mp.mpf(1))), spread)
ring = [soft(r) for r in raw_knots[:4]]
inside_ring, _ = quadratic(normalized(ring + ring[:1]))
from_data("quadraticSpline, circular", {"type": "quadraticSpline", "bins": 4, "bound": 3, "tails": "circular"},
          raw_widths + raw_knots[:4], lambda y: box(y, inside_ring), spread[1:-1])
inner = [soft(r) for r in raw_knots[1:4]]
# The height at both ends whose share of the area is 1; in nflows 0.14, splines/quadratic.py, the outer areas count by half.
for name, ends, outer in [("", {}, mp.mpf(1) / 2), (", as in nflows", {"ends": "nflows"}, mp.mpf(1) / 4)]:
    area = outer * (widths[0] * inner[0] + widths[3] * inner[2]) + sum(w * (a + b) / 2 for w, a, b in zip(widths[1:3], inner, inner[1:]))
    end = area / (1 - outer * (widths[0] + widths[3]))
    inside_of, _ = quadratic(normalized([end] + inner + [end]))
    from_data(f"quadraticSpline, identity tails{name}",
              {"type": "quadraticSpline", "bins": 4, "bound": 3, "tails": "identity", **ends}, raw_widths + raw_knots[1:4],
              lambda y: box(y, inside_of), spread)

diagonals = [h / w for h, w in zip(heights, widths)]


def steffen(i, j):
    p = (diagonals[i] * widths[j] + diagonals[j] * widths[i]) / (widths[i] + widths[j])
    return 2 * min(diagonals[i], diagonals[j], p / 2)


def cubic(slopes):
    """The cubic of each bin that has the heights and slopes of its knots, found as the solution of four equations."""
    def inside(u):
        k, start = bin_of(u, widths)
        w, y0 = widths[k], sum(heights[:k])
        a = mp.lu_solve(mp.matrix([[1, 0, 0, 0], [0, 1, 0, 0], [1, w, w**2, w**3], [0, 1, 2 * w, 3 * w**2]]),
                        mp.matrix([y0, slopes[k], y0 + heights[k], slopes[k + 1]]))
        return sum(a[i] * (u - start) ** i for i in range(4))
    return inside


middle = [steffen(k, k + 1) for k in range(3)]
raw_ends = [0.75, -0.25]
end_slopes = [3 * d * logistic(mp.mpf(r)) for d, r in zip([diagonals[0], diagonals[3]], raw_ends)]
in_cubic = cubic([end_slopes[0]] + middle + [end_slopes[1]])
# As in nflows 0.14, splines/cubic.py.
plain = {"leastEndSlope": 0, "endOffset": 0}
from_data("cubicSpline, identity tails, as in nflows", {"type": "cubicSpline", "bins": 4, "bound": 3, "tails": "identity", **plain},
          raw_widths + raw_heights + raw_ends, lambda y: box(y, in_cubic), spread)
from_data("cubicSpline, learned tails", {"type": "cubicSpline", "bins": 4, "bound": 3, "tails": "learned", **plain},
          raw_widths + raw_heights + raw_ends, lambda y: box(y, in_cubic, *end_slopes), spread)
ring_cubic = cubic([steffen(3, 0)] + middle + [steffen(3, 0)])
from_data("cubicSpline, circular", {"type": "cubicSpline", "bins": 4, "bound": 3, "tails": "circular"},
          raw_widths + raw_heights, lambda y: box(y, ring_cubic), spread[1:-1])

raw_lambdas, raw_slopes = [0.5, -1.25, 0.25, 2], [0.75, -0.5, 0.25, 1, -1.25]


def linear_rational(delta):
    def inside(u):
        k, start = bin_of(u, widths)
        y0, y1, d0, d1 = sum(heights[:k]), sum(heights[:k + 1]), delta[k], delta[k + 1]
        lam = mp.mpf("0.025") + mp.mpf("0.95") * logistic(mp.mpf(raw_lambdas[k]))
        w0, w1 = 1, mp.sqrt(d0 / d1)
        ym = ((1 - lam) * w0 * y0 + lam * w1 * y1) / ((1 - lam) * w0 + lam * w1)
        wm = (lam * w0 * d0 + (1 - lam) * w1 * d1) * widths[k] / (y1 - y0)
        phi = (u - start) / widths[k]
        if phi <= lam:
            return (w0 * y0 * (lam - phi) + wm * ym * phi) / (w0 * (lam - phi) + wm * phi)
        return (wm * ym * (1 - phi) + w1 * y1 * (phi - lam)) / (wm * (1 - phi) + w1 * (phi - lam))
    return inside


slopes = [mp.exp(clip(r)) for r in raw_slopes]
in_fractions = linear_rational(slopes)
from_data("linearRationalSpline, learned tails", {"type": "linearRationalSpline", "bins": 4, "bound": 3, "tails": "learned"},
          raw_widths + raw_heights + raw_lambdas + raw_slopes, lambda y: box(y, in_fractions, slopes[0], slopes[4]), spread)
in_unit = linear_rational([mp.mpf(1)] + slopes[1:4] + [mp.mpf(1)])
from_data("linearRationalSpline, identity tails", {"type": "linearRationalSpline", "bins": 4, "bound": 3, "tails": "identity"},
          raw_widths + raw_heights + raw_lambdas + raw_slopes[1:4], lambda y: box(y, in_unit), spread)
in_ring = linear_rational(slopes[:4] + slopes[:1])
from_data("linearRationalSpline, circular", {"type": "linearRationalSpline", "bins": 4, "bound": 3, "tails": "circular"},
          raw_widths + raw_heights + raw_lambdas + raw_slopes[:4], lambda y: box(y, in_ring), spread[1:-1])

# circular
from_data("circularShift", {"type": "circularShift", "bound": 2}, [0.75],
          lambda y: y - mp.mpf(0.75) if y - mp.mpf(0.75) >= -2 else y - mp.mpf(0.75) + 4, [-1.75, -1.5, -0.5, 0.25, 1.5])

out = {"origin": f"mpmath {mp.__version__}, Python {platform.python_version()}", "cases": cases}
pathlib.Path(__file__).with_name("transformers.json").write_text(json.dumps(out, indent=1) + "\n")
