"""Writes bases.json beside this file: log-densities and samples of bases with ends, of angles and of low rank, at 40 digits.

    pip install mpmath && python bases.py

Each case holds a distribution, its parameters, points with their log-density, and normal noise with the sample that it becomes.
"""

import json, pathlib, platform

import mpmath as mp

mp.mp.dps = 40
cases = []


def clip(raw, limit):
    raw = mp.mpf(raw)
    return raw / (1 + abs(raw) / limit)


def case(distribution, values, density, points, sample, noise):
    cases.append({
        "distribution": distribution,
        "values": values,
        "x": points,
        "logProb": [float(density(mp.mpf(x))) for x in points],
        "noise": [[n] for n in noise],
        "samples": [float(sample(mp.mpf(n))) for n in noise],
    })


# Half: of a normal law with the scale e^0.75.
s = mp.mpf("0.75")
case({"type": "half", "features": 1, "law": "normal"}, {"logScale": [float(s)]},
     lambda x: mp.log(2 * mp.npdf(x / mp.exp(s))) - s, [0, 1e-300, 0.5, 30],
     lambda n: mp.exp(s) * abs(n), [-1.5, 0.25])

# Truncated: the share between the ends and the quantile, by mpmath's own tails.
laws = {
    "normal": (mp.npdf, mp.ncdf, lambda u: mp.sqrt(2) * mp.erfinv(2 * u - 1)),
    "laplace": (lambda z: mp.exp(-abs(z)) / 2, lambda z: mp.exp(z) / 2 if z < 0 else 1 - mp.exp(-z) / 2,
                lambda u: mp.log(2 * u) if u < 0.5 else -mp.log(2 * (1 - u))),
    "logistic": (lambda z: mp.exp(-z) / (1 + mp.exp(-z)) ** 2, lambda z: 1 / (1 + mp.exp(-z)), lambda u: mp.log(u / (1 - u))),
}


def truncated(law, low, high, mean, raw, points, noise):
    mp.mp.dps = 400  # Shares far out are differences of numbers near 1.
    pdf, cdf, quantile = laws[law]
    m, s = mp.mpf(mean), clip(raw, 10)
    at = lambda end, none: none if end is None else cdf((mp.mpf(end) - m) / mp.exp(s))
    a, b = at(low, mp.mpf(0)), at(high, mp.mpf(1))

    def sample(n):
        u = (1 - mp.ncdf(n)) * a + mp.ncdf(n) * b
        if law != "normal":
            return m + mp.exp(s) * quantile(u)
        tail = min(u, 1 - u)
        start = -mp.sqrt(-2 * mp.log(tail)) if tail < 0.01 else quantile(tail)
        z = mp.findroot(lambda z: mp.log(mp.ncdf(z)) - mp.log(tail), start)
        return m + mp.exp(s) * (z if u < 0.5 else -z)

    case({"type": "truncated", "lower": [low], "upper": [high], "law": law}, {"mean": [mean], "logScale": [raw]},
         lambda x: mp.log(pdf((x - m) / mp.exp(s)) / (b - a)) - s, points, sample, noise)
    mp.mp.dps = 40


numbers = [-3.5, -0.25, 1.25, 4]
for law in laws:
    truncated(law, -2, 4, 0.75, -0.5, [-2, 0, 1.5, 4], numbers)
    truncated(law, 20, 21, 0.75, 0, [20, 20.5, 21], numbers)  # far above
    truncated(law, -20.5, None, 1, 0, [-20, 0, 1e3], numbers)
    truncated(law, None, -15, 0.5, 0, [-15, -16, -100], numbers)  # far below
    truncated(law, 1, 1.0001220703125, 0, 0.5, [1, 1.00006103515625], numbers)  # near each other
    truncated(law, -1, 1, 0, 8, [-1, 0.5], numbers)  # all but flat

# Von Mises: the distribution function by quadrature, a sample as its root.
for raw, mean, points in [(0, 0.5, [-3, 0, 0.5, 3.125]), (-30, 1, [-3.125, 2]), (4, -2, [-2, -1.5, 3]),
                          (60, 2.5, [2.5, 2.5009765625, -1]), (1000, 0, [0, 1e-3, 2])]:
    k = mp.exp(clip(raw, 6 * mp.log(10)))
    scaled = mp.besseli(0, k) * mp.exp(-k)
    m = mp.mpf(mean)

    def sample(n):
        share = mp.ncdf(abs(n)) - mp.mpf("0.5")
        width = min(mp.pi, 14 / mp.sqrt(k))
        f = lambda x: mp.quad(lambda t: mp.exp(-2 * k * mp.sin(t / 2) ** 2), [x * i / 4 for i in range(5)]) / (2 * mp.pi * scaled) - share
        x = mp.findroot(f, (0, width), solver="illinois", tol=1e-44, maxsteps=200)
        angle = m + mp.sign(n) * x
        return angle - 2 * mp.pi * mp.floor((angle + mp.pi) / (2 * mp.pi))

    case({"type": "vonMises", "features": 1}, {"mean": [mean], "logConcentration": [raw]},
         lambda x: -2 * k * mp.sin((x - m) / 2) ** 2 - mp.log(2 * mp.pi * scaled), points, sample, [-2.5, -0.125, 0.5, 3])

# Normal of low rank: the dense covariance, its determinant and its inverse.
n, r = 3, 2
mean, log_scale, factor = [0.5, -1, 2], [0.25, -0.5, 1], [3, -1, 0.5, 2, -8, 1.5]
total = mp.sqrt(1 + sum(mp.mpf(f) ** 2 for f in factor) / 1000)
U = mp.matrix(n, r)
for i in range(n):
    for j in range(r):
        U[i, j] = mp.mpf(factor[i * r + j]) / total
D = mp.diag([mp.exp(mp.mpf(s)) for s in log_scale])
S = D * (mp.eye(n) + U * U.T) * D
points = [[0, 0, 0], [0.5, -1, 2], [10, -20, 7], [1e6, 1, -1e6]]
noise = [[1, -0.5, 0.25, 2, -1], [0, 0, 0, 1, 1]]


def density(x):
    d = mp.matrix([mp.mpf(a) - b for a, b in zip(x, mean)])
    return -(d.T * mp.inverse(S) * d)[0] / 2 - mp.log(mp.det(S)) / 2 - n * mp.log(2 * mp.pi) / 2


samples = [mp.matrix(mean) + D * (mp.matrix(e[:n]) + U * mp.matrix(e[n:])) for e in noise]
cases.append({
    "distribution": {"type": "lowRankNormal", "features": n, "rank": r},
    "values": {"mean": mean, "logScale": log_scale, "factor": factor},
    "x": [v for x in points for v in x],
    "logProb": [float(density(x)) for x in points],
    "noise": noise,
    "samples": [float(v) for x in samples for v in x],
})

# Normal given a context, by a linear network and by the class.
def normal_given(distribution, values, mean, log_scale, context):
    points, noise = [[0, 0], [0.5, -1], [-20, 7]], [[1, -0.5], [-2, 0.25]]
    for c in context:
        m, s = mean(c), log_scale(c)
        cases.append({
            "distribution": distribution,
            "values": values,
            "context": c,
            "x": [v for x in points for v in x],
            "logProb": [float(sum(mp.log(mp.npdf((v - a) / mp.exp(b))) - b for v, a, b in zip(x, m, s))) for x in points],
            "noise": noise,
            "samples": [float(a + mp.exp(b) * v) for e in noise for v, a, b in zip(e, m, s)],
        })


weight, bias = [[0.5, -1], [2, 0.25], [-0.75, 1], [0.125, -2]], [0.25, -0.5, 1, 0.75]
affine = lambda c, rows: [sum(mp.mpf(w) * v for w, v in zip(weight[i], c)) + mp.mpf(bias[i]) for i in rows]
normal_given({"type": "conditionalNormal", "features": 2, "context": 2, "hidden": []},
             {"network.weight0": sum(weight, []), "network.bias0": bias},
             lambda c: affine(c, [0, 1]), lambda c: [clip(s, 10) for s in affine(c, [2, 3])], [[0.5, -1], [-3, 4]])
means, log_scales, common_mean, common_log_scale = [[1, -2], [0.5, 3], [-4, 0.25]], [[0.5, -1], [0, 0.75], [-0.25, 2]], [0.5, -1], [-0.25, 0.5]
of_class = lambda rows, common, k: [mp.mpf(a) + mp.mpf(b) for a, b in zip(rows[k], common)]
for encoding, context, class_of in [("one-hot", [[1, 0, 0], [0, 0, 1]], lambda c: c.index(1)), ("index", [[1], [2]], lambda c: c[0])]:
    normal_given({"type": "classNormal", "features": 2, "classes": 3, "encoding": encoding},
                 {"mean": sum(means, []), "logScale": sum(log_scales, []), "commonMean": common_mean, "commonLogScale": common_log_scale},
                 lambda c: of_class(means, common_mean, class_of(c)), lambda c: of_class(log_scales, common_log_scale, class_of(c)), context)

# Resampled (Stimper et al. 2022, eq. 11): the normalizer by quadrature, a sample as the first point that is taken.
w0, b0, w1, b1, T = [1.5, -0.75, 0.5], [0.25, 1, -2], [2, -1.5, 3], 0.5, 3
taken = lambda z: 1 / (1 + mp.exp(-(sum(mp.mpf(w) * mp.tanh(mp.mpf(a) * z + mp.mpf(b)) for w, a, b in zip(w1, w0, b0)) + mp.mpf(b1))))
Z = mp.quad(lambda z: mp.npdf(z) * taken(z), [-15, -4, -1, 0, 1, 2, 4, 15])
alpha = (1 - Z) ** (T - 1)
points = [-6, -1.25, 0, 0.5, 4]
# Three points, then three levels, as normal numbers.
noise = [[-1, 0.5, 2, -2, -2, -2], [-1, 0.5, 2, 3, -1, 0], [-3, -2.5, -1, 3, 2, 3]]
first = lambda e: next((mp.mpf(z) for z, u in zip(e[:T - 1], e[T:]) if mp.ncdf(u) < taken(mp.mpf(z))), mp.mpf(e[T - 1]))
cases.append({
    "distribution": {"type": "resampled", "features": 1, "hidden": [3], "truncation": T},
    "values": {"network.weight0": w0, "network.bias0": b0, "network.weight1": w1, "network.bias1": [b1]},
    "x": points,
    "logProb": [float(mp.log(mp.npdf(mp.mpf(z)) * ((1 - alpha) * taken(mp.mpf(z)) / Z + alpha))) for z in points],
    "noise": noise,
    "samples": [float(first(e)) for e in noise],
})

out = {"origin": f"mpmath {mp.__version__}, Python {platform.python_version()}", "cases": cases}
pathlib.Path(__file__).with_name("bases.json").write_text(json.dumps(out, indent=1) + "\n")
