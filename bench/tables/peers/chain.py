"""A chain of calibrated conditional boosted trees, and independent marginals: exact log-densities of held-out rows.

    log p(row) = sum_j log P(class of cell j | cells before) + log p(value | class)

The classes of a column are its outcomes (missing, atoms) and its levels, or bins of its numbers at quantiles; in a bin the value has the
column's marginal distribution. Each classifier is LightGBM, stopped early on rows held out, whose temperature and share of the marginal
distribution are calibrated on them.
"""

import time

import lightgbm
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax

from columns import NumberMarginal, answer, shares, task_of_arguments


class Classes:
    """Classes of a column, and the log-density of a value in its class."""

    def __init__(self, column, cells, seed):
        self.column = column
        outcome = column.outcomes(cells)
        self.first = len(column.atoms) + 1
        values = cells[outcome == self.first]
        self.marginal = None
        if column.levels:
            self.count = self.first + column.levels
        elif values.size == 0:
            self.count = self.first + 1
        else:
            self.marginal = NumberMarginal(column, values, seed)
            bins = int(np.clip(np.sqrt(values.size) / 3, 8, 30))
            self.edges = self.bin_edges(np.sort(values), bins)
            self.log_masses = self.marginal.log_masses(self.edges)
            self.count = self.first + len(self.edges) - 1

    def bin_edges(self, values, bins):
        """Edges at quantiles, between two values that differ; a frequent value has a bin of its own."""
        distinct, counts = np.unique(values, return_counts=True)
        edges, filled, size = [], 0, len(values) / bins
        for i in range(1, len(distinct)):
            filled += counts[i - 1]
            if filled >= size or counts[i] >= size:
                middle = 0.5 * (distinct[i - 1] + distinct[i])
                if self.column.step:
                    middle = distinct[i] - 0.5 * self.column.step
                edges.append(middle)
                filled = 0
        low, high = self.marginal.ends()
        return np.array([low, *edges, high])

    def of(self, cells):
        outcome = self.column.outcomes(cells)
        classes = np.minimum(outcome, self.first).astype(int)
        classes[outcome > 0] = outcome[outcome > 0]
        is_value = outcome == self.first
        if self.column.levels:
            classes[is_value] = self.first + cells[is_value].astype(int)
        elif self.marginal is not None:
            inside = np.searchsorted(self.edges, cells[is_value], side="right") - 1
            classes[is_value] = self.first + np.clip(inside, 0, len(self.edges) - 2)
        return classes

    def within(self, cells, classes):
        """Log-densities of cells in their classes."""
        out = np.zeros(len(cells))
        if self.marginal is None:
            return out
        is_value = classes >= self.first
        out[is_value] = self.marginal.log_prob(cells[is_value]) - self.log_masses[classes[is_value] - self.first]
        return out

    def check(self):
        """The masses of a bounded grid sum to 1, over all and in every bin."""
        column = self.column
        if self.marginal is None or not column.step:
            return
        if not (np.isfinite(column.lower) and np.isfinite(column.upper)):
            return
        count = round((column.upper - column.lower) / column.step) + 1
        if count > 20000:
            return
        values = column.lower + column.step * np.arange(count)
        classes = self.of(values)
        sums = np.bincount(classes - self.first, np.exp(self.within(values, classes)), len(self.edges) - 1)
        assert np.all(np.abs(sums - 1) < 1e-6), f"{column.name}: the bins sum to {sums}"


def conditional(features, categorical, classes, count, train_rows, held_rows, test_features, prior, seed):
    """Log-probabilities of all classes for the rows of the test."""
    present = np.unique(classes[train_rows])
    log_prior = np.log(prior)
    if present.size < 2 or features.shape[1] == 0:
        return np.tile(log_prior, (len(test_features), 1))
    code = np.full(count, -1)
    code[present] = np.arange(present.size)
    held_known = held_rows[code[classes[held_rows]] >= 0]
    data = lightgbm.Dataset(features[train_rows], code[classes[train_rows]], categorical_feature=categorical)
    held = lightgbm.Dataset(features[held_known], code[classes[held_known]], reference=data)
    model = lightgbm.train(
        {
            "objective": "multiclass",
            "num_class": int(present.size),
            "learning_rate": 0.12,
            "num_leaves": 15,
            "min_data_in_leaf": 20,
            "lambda_l2": 1.0,
            "feature_fraction": 0.8,
            "verbosity": -1,
            "num_threads": 1,
            "seed": seed,
        },
        data,
        num_boost_round=150,
        valid_sets=[held],
        callbacks=[lightgbm.early_stopping(12, verbose=False)],
    )

    def calibrated(raw, numbers):
        temperature, mix = np.exp(numbers[0]), expit(numbers[1])
        full = np.zeros((len(raw), count))
        full[:, present] = np.exp(log_softmax(raw / temperature, axis=1))
        return np.log((1 - mix) * full + mix * prior)

    raw = model.predict(features[held_rows], raw_score=True)
    rows = np.arange(len(held_rows))

    def loss(numbers):
        return -calibrated(raw, numbers)[rows, classes[held_rows]].mean() + 1e-3 * numbers[0] ** 2

    found = minimize(loss, [0.0, -2.0], method="Nelder-Mead", options={"maxiter": 80})
    out = calibrated(model.predict(test_features, raw_score=True), found.x)
    assert np.all(np.abs(np.exp(out).sum(1) - 1) < 1e-9)
    return out


def main():
    task = task_of_arguments()
    rng = np.random.default_rng(task.seed)
    shuffled = rng.permutation(len(task.train))
    held = max(50, int(0.15 * len(shuffled)))
    held_rows, train_rows = shuffled[:held], shuffled[held:]
    started, began = time.time(), time.process_time()
    alone, chained = [], []
    for j, column in enumerate(task.columns):
        cells, test = task.train[:, j], task.test[:, j]
        classes = Classes(column, cells, task.seed)
        classes.check()
        trained, tested = classes.of(cells), classes.of(test)
        within = classes.within(test, tested)
        if not column.missing:
            prior = np.append([1e-12], shares(trained[trained > 0] - 1, classes.count - 1))
        else:
            prior = shares(trained, classes.count)
        prior = prior / prior.sum()
        alone.append(np.log(prior)[tested] + within)
        categorical = [i for i in range(j) if task.columns[i].levels]
        before, before_test = task.train[:, :j].copy(), task.test[:, :j].copy()
        for i in categorical:
            before[:, i] = np.nan_to_num(before[:, i], nan=-1)
            before_test[:, i] = np.nan_to_num(before_test[:, i], nan=-1)
        logs = conditional(
            before, categorical, trained, classes.count, train_rows, held_rows, before_test, prior, task.seed
        )
        chained.append(logs[np.arange(len(test)), tested] + within)
    alone, chained = np.array(alone), np.array(chained)
    task.write("smoothed-counts.logs", alone.sum(0))
    task.write("chain.logs", chained.sum(0))
    answer(seconds=time.time() - started, processorSeconds=time.process_time() - began)


main()
