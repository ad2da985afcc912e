"""Rows of cells under a frozen schema, and the marginal distribution of a column of numbers.

A cell is a float: a level its place from 0, a date-time its milliseconds, a missing cell NaN. Log-densities are with respect to the
measure that the schema says: counting for levels, grids, atoms and missing cells, Lebesgue for other numbers. So the numbers of all
models under one schema can be compared.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.special import expit, logit, logsumexp
from scipy.stats import norm
from sklearn.mixture import GaussianMixture

FEWEST = 1e-300


class Column:
    """A column of the schema."""

    def __init__(self, schema):
        self.name = schema["name"]
        self.kind = schema["kind"]
        self.levels = len(schema["levels"]) if "levels" in schema else 0
        step = schema.get("step")
        self.step = 1.0 if step is None and self.kind in ("integer", "date-time") else step
        self.start = schema.get("from", 0.0)
        # Values that were recorded in single precision are off the grid by their last digits.
        self.rounding = 2.0**-22 if "rounded" in schema else 0.0
        self.missing = bool(schema.get("missing"))
        self.lower = schema.get("lower", 0.0 if self.kind == "positive" else -np.inf)
        self.upper = schema.get("upper", np.inf)
        if self.kind == "angle":
            # A turn is an interval; on a grid its last value is that before the first.
            self.lower = schema.get("lower", 0.0)
            self.period = schema["period"]
            self.upper = self.lower + self.period - (self.step or 0.0)
        # On a grid every value has a mass: atoms are outcomes beside a continuous part alone.
        self.atoms = [] if self.levels or self.step else list(schema.get("atoms", []))

    def outcomes(self, cells):
        """Which outcome each cell is: 0 a missing one, then the atoms, then any other value."""
        outcome = np.full(len(cells), len(self.atoms) + 1)
        for i, atom in enumerate(self.atoms):
            outcome[cells == atom] = i + 1
        outcome[np.isnan(cells)] = 0
        return outcome

    def forbidden(self, cells):
        """Which cells the schema has no place for."""
        missing = np.isnan(cells)
        known = np.where(missing, self.start, cells)
        if self.levels:
            wrong = (known < 0) | (known >= self.levels) | (known != np.rint(known))
        else:
            wrong = (known < self.lower) | (known > self.upper) | ~np.isfinite(known)
            if self.step:
                places = (known - self.start) / self.step
                wrong |= np.abs(places - np.rint(places)) > 2e-3 + self.rounding * np.abs(places)
        return np.where(missing, not self.missing, wrong)

    def repaired(self, cells):
        """Cells of a synthesizer, moved to the nearest that the schema allows."""
        cells = np.array(cells, dtype=float)
        if self.levels:
            return np.clip(np.rint(cells), 0, self.levels - 1)
        if self.step:
            cells = self.start + self.step * np.rint((cells - self.start) / self.step)
        return np.clip(cells, self.lower, self.upper)


class Task:
    """The folder of a table: its schema, its rows for training and for testing."""

    def __init__(self, folder):
        self.folder = Path(folder)
        about = json.loads((self.folder / "task.json").read_text())
        self.columns = [Column(schema) for schema in about["columns"]]
        self.target = about["target"]
        self.seed = about["seed"]
        self.train = self.read("train")
        self.test = self.read("test")

    def read(self, name):
        return np.fromfile(self.folder / f"{name}.bin").reshape(-1, len(self.columns))

    def write(self, name, cells):
        np.ascontiguousarray(cells, dtype=float).tofile(self.folder / f"{name}.bin")


def answer(**values):
    """The last line of a peer: what it has found."""
    print(json.dumps(values))


def task_of_arguments():
    return Task(sys.argv[1])


class NumberMarginal:
    """The distribution of a column's numbers: a mixture of Gaussians behind a map of its domain to the line.

    On a grid it has the mass of each cell, blended with the discounted counts of the values that occurred.
    """

    def __init__(self, column, values, seed=0):
        self.column = column
        half = 0.5 * column.step if column.step else 0.0
        self.low, self.high = column.lower - half, column.upper + half
        candidates = ["logit"] if np.isfinite(self.low) and np.isfinite(self.high) else None
        if candidates is None:
            candidates = ["log"] if np.isfinite(self.low) else ["below"] if np.isfinite(self.high) else ["line", "asinh"]
        self.center, spread = np.median(values), np.subtract(*np.quantile(values, [0.75, 0.25]))
        self.spread = spread or np.std(values) or max(abs(self.center), 1.0)
        best = None
        for self.map in candidates:
            points, slopes = self.line(values)
            least = 1e-6 * max(np.var(points), FEWEST)
            if column.step:
                edges = self.line(np.array([self.center - half * 0.999, self.center + half * 0.999]))[0]
                least = max(least, (0.5 * (edges[1] - edges[0])) ** 2)
            few = np.unique(points).size
            for count in (1, 2, 3, 5, 8, 12):
                if count > few:
                    break
                mixture = GaussianMixture(count, reg_covar=least, random_state=seed, max_iter=200)
                mixture.fit(points[:, None])
                bic = mixture.bic(points[:, None]) - 2 * slopes.sum()
                if best is None or bic < best[0]:
                    best = (bic, self.map, mixture.weights_, mixture.means_[:, 0], np.sqrt(mixture.covariances_[:, 0, 0]))
        _, self.map, self.weights, self.means, self.deviations = best
        self.places, self.counts, self.blend = np.empty(0), np.empty(0), 1.0
        if column.step:
            places, counts = np.unique(self.place(values), return_counts=True)
            once, twice = (counts == 1).sum(), (counts == 2).sum()
            if once <= 0.6 * len(values):
                discount = min(0.9, max(0.3, once / max(once + 2 * twice, 1)))
                self.places, self.counts = places, (counts - discount) / len(values)
                self.blend = discount * len(places) / len(values)

    def place(self, values):
        return np.rint((values - self.column.start) / self.column.step)

    def line(self, values):
        """Where values are on the line, and the logarithm of the map's slope."""
        if self.map == "logit":
            part = (values - self.low) / (self.high - self.low)
            part = np.clip(part, 0.0, 1.0)
            with np.errstate(divide="ignore"):
                return logit(part), -np.log(part) - np.log1p(-part) - np.log(self.high - self.low)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.map == "log":
                own = np.maximum(values - self.low, 0)
                return np.log(own), -np.log(own)
            if self.map == "below":
                own = np.maximum(self.high - values, 0)
                return -np.log(own), -np.log(own)
        own = (values - self.center) / self.spread
        if self.map == "line":
            return own, np.full(len(values), -np.log(self.spread))
        return np.arcsinh(own), -0.5 * np.log1p(own**2) - np.log(self.spread)

    def smooth_cdf(self, values):
        points = self.line(np.asarray(values, dtype=float))[0]
        return (self.weights * norm.cdf((points[:, None] - self.means) / self.deviations)).sum(1)

    def smooth_mass(self, low, high):
        """Mass between two arrays of values, of the tail that is nearer: with all its digits."""
        a, b = (self.line(np.asarray(v, dtype=float))[0][:, None] for v in (low, high))
        a, b = (a - self.means) / self.deviations, (b - self.means) / self.deviations
        flip = a > 0
        left, right = np.where(flip, -b, a), np.where(flip, -a, b)
        return (self.weights * (norm.cdf(right) - norm.cdf(left))).sum(1)

    def log_prob(self, values):
        if not self.column.step:
            points, slopes = self.line(values)
            terms = norm.logpdf(points[:, None], self.means, self.deviations) + np.log(self.weights)
            return logsumexp(terms, axis=1) + slopes
        places = self.place(values)
        half = 0.5 * self.column.step
        middle = self.column.start + self.column.step * places
        mass = self.blend * self.smooth_mass(middle - half, middle + half)
        if self.places.size:
            at = np.minimum(np.searchsorted(self.places, places), self.places.size - 1)
            mass = mass + np.where(self.places[at] == places, self.counts[at], 0.0)
        return np.log(np.maximum(mass, FEWEST))

    def log_masses(self, edges):
        """Logarithms of the masses between edges, of which the outermost are the ends of the domain."""
        masses = self.blend * self.smooth_mass(edges[:-1], edges[1:])
        if self.places.size:
            values = self.column.start + self.column.step * self.places
            at = np.searchsorted(edges, values, side="right") - 1
            masses = masses + np.bincount(at, self.counts, minlength=len(edges) - 1)
        return np.log(np.maximum(masses, FEWEST))

    def ends(self):
        return self.low, self.high


def shares(classes, count):
    """Shares of classes, half a row added to each."""
    counts = np.bincount(classes, minlength=count) + 0.5
    return counts / counts.sum()
