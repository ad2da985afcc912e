"""Writes heavy_bases.json beside this file: log-densities and quantiles of independent bases, at 40 digits.

    pip install mpmath && python heavy_bases.py

Each case holds a distribution of one feature, its parameters, numbers x with their log-density, and normal noise with the sample that it
becomes.
"""

import json, pathlib, platform

import mpmath as mp

mp.mp.dps = 40
mean, log_scale = mp.mpf("0.75"), mp.mpf("-0.5")
points = [-400, -3.5, -0.25, 0.75, 1.5, 20, 1e8]
noise = [-12, -2.5, -0.5, 0.125, 1.75, 6]
scale = mp.exp(log_scale)
cases = []


def case(name, density, sample, numbers, **parameters):
    cases.append({
        "distribution": {"type": name, "features": 1},
        "values": {"mean": [float(mean)], "logScale": [float(log_scale)], **parameters},
        "x": points,
        "logProb": [float(mp.log(density((mp.mpf(x) - mean) / scale)) - log_scale) for x in points],
        "noise": numbers,
        "samples": [float(mean + scale * sample(*[mp.mpf(n) for n in each])) for each in numbers],
    })


case("laplace", lambda z: mp.exp(-abs(z)) / 2,
     lambda n: mp.log(2 * mp.ncdf(n)) if n < 0 else -mp.log(2 * mp.ncdf(-n)), [[n] for n in noise])
case("logistic", lambda z: mp.exp(-z) / (1 + mp.exp(-z)) ** 2, lambda n: mp.log(mp.ncdf(n) / mp.ncdf(-n)), [[n] for n in noise])
raw = mp.mpf("-0.5")
d = 5 * mp.exp(raw / (1 + abs(raw) / mp.log(20)))
case("studentT", lambda z: mp.gamma((d + 1) / 2) / (mp.gamma(d / 2) * mp.sqrt(mp.pi * d)) * (1 + z * z / d) ** (-(d + 1) / 2),
     lambda n, m: mp.sqrt(d * (mp.ncdf(n) ** (-2 / d) - 1)) * mp.cos(2 * mp.pi * mp.ncdf(m)),
     [[n, m] for n, m in zip(noise, reversed(noise))], logDegrees=[float(raw)])

out = {"origin": f"mpmath {mp.__version__}, Python {platform.python_version()}", "cases": cases}
pathlib.Path(__file__).with_name("heavy_bases.json").write_text(json.dumps(out, indent=1) + "\n")
