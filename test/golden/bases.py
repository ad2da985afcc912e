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

out = {"origin": f"mpmath {mp.__version__}, Python {platform.python_version()}", "cases": cases}
pathlib.Path(__file__).with_name("bases.json").write_text(json.dumps(out, indent=1) + "\n")
