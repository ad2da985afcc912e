"""How good synthetic rows are, the same for all: `judge.py FOLDER NAME` compares the rows that NAME wrote with those held out.

    auc          area under the curve of gradient-boosted trees (LightGBM) that tell synthetic rows from held-out ones: as many of the one
                 as of the other, five-fold cross-validation, mean over as many disjoint sets of synthetic rows as there are; 0.5 is perfect
    tells        the columns that they use for it, with the share of the gain
    wasserstein  of all columns together: mean cost of the best assignment of synthetic rows to held-out ones. The cost of two rows is
                 the sum over the columns: of numbers their difference by the range of training, of levels and missing cells 0 or 1
    marginal     of each column alone: distance of Wasserstein of numbers in standard deviations of training, and total variation of
                 levels and missing cells; means over the columns
    coverage     share of held-out rows that have a synthetic one nearer than their fifth neighbor among the held-out (Naeem et al. 2020)
    useful       what LightGBM, trained on synthetic rows, does with the target of held-out ones: R² of numbers, macro F1 of levels
    copies       share of synthetic rows that equal a row of training
    forbidden    share of synthetic rows with a cell that the schema has no place for

NAME `train` judges the rows of training themselves: what a model could reach.
"""

import sys
import warnings

import lightgbm
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import wasserstein_distance
from sklearn.metrics import f1_score, r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from columns import Task, answer

warnings.filterwarnings("ignore")
NEIGHBOR = 5
SETTINGS = {
    "n_estimators": 100,
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_child_samples": 10,
    "n_jobs": 1,
    "verbosity": -1,
    "importance_type": "gain",
}


def two_samples(task, held, synthetic, seed):
    """Mean area under the curve, its standard error over sets of rows and folds, and what the trees used."""
    levels = [j for j, column in enumerate(task.columns) if column.levels]
    size = min(len(held), len(synthetic))
    areas, gains = [], np.zeros(len(task.columns))
    for start in range(0, len(synthetic) - size + 1, size):
        rows = np.vstack([held[:size], synthetic[start : start + size]])
        labels = np.repeat([0, 1], size)
        folds = StratifiedKFold(5, shuffle=True, random_state=seed + start)
        set_areas = []
        for fit, test in folds.split(rows, labels):
            model = lightgbm.LGBMClassifier(**SETTINGS, random_state=seed)
            model.fit(rows[fit], labels[fit], categorical_feature=levels)
            set_areas.append(roc_auc_score(labels[test], model.predict_proba(rows[test])[:, 1]))
            gains += model.feature_importances_
        areas.append(set_areas)
    # The held-out rows are the same in all sets: a set's standard error stands for all.
    within = np.std(areas, axis=1, ddof=1).mean() / np.sqrt(5)
    shares = gains / max(gains.sum(), 1e-300)
    most = np.argsort(-shares)[:3]
    tells = [[task.columns[j].name, round(float(shares[j]), 3)] for j in most]
    return float(np.mean(areas)), float(within), tells


def distances(task, first, second):
    """Sums over columns of differences, of every row of the first to every one of the second."""
    total = np.zeros((len(first), len(second)))
    for j, column in enumerate(task.columns):
        a, b = first[:, j][:, None], second[:, j][None, :]
        if column.levels:
            apart = (a != b).astype(float)
        else:
            known = task.train[~np.isnan(task.train[:, j]), j]
            scale = max(np.ptp(known), 1e-300) if known.size else 1.0
            apart = np.abs(a - b)
            if column.kind == "angle":
                apart, scale = np.minimum(apart, column.period - apart), 0.5 * column.period
            apart = np.minimum(apart / scale, 1.0)
        lacks_a, lacks_b = np.isnan(a), np.isnan(b)
        apart = np.where(lacks_a | lacks_b, (lacks_a != lacks_b).astype(float), apart)
        total += apart
    return total


def marginals(task, held, synthetic):
    numbers, classes = [], []
    for j, column in enumerate(task.columns):
        a, b = held[:, j], synthetic[:, j]
        known_a, known_b = a[~np.isnan(a)], b[~np.isnan(b)]
        if column.levels:
            first, second = (np.bincount(np.nan_to_num(c, nan=column.levels).astype(int), minlength=column.levels + 1) for c in (a, b))
            classes.append(0.5 * np.abs(first / len(a) - second / len(b)).sum())
            continue
        if column.missing:
            classes.append(abs(np.isnan(a).mean() - np.isnan(b).mean()))
        trained = task.train[~np.isnan(task.train[:, j]), j]
        if known_a.size and known_b.size:
            numbers.append(wasserstein_distance(known_a, known_b) / (np.std(trained) or 1.0))
    return (float(np.mean(each)) if each else None for each in (numbers, classes))


def useful(task, rows, held, seed):
    """Held-out R² or macro F1 of the target of trees that are trained on the rows."""
    at = [column.name for column in task.columns].index(task.target)
    others = [j for j in range(len(task.columns)) if j != at]
    levels = [i for i, j in enumerate(others) if task.columns[j].levels]
    rows, held = rows[~np.isnan(rows[:, at])], held[~np.isnan(held[:, at])]
    if not task.columns[at].levels:
        model = lightgbm.LGBMRegressor(**SETTINGS, random_state=seed)
        model.fit(rows[:, others], rows[:, at], categorical_feature=levels)
        return "R2", float(r2_score(held[:, at], model.predict(held[:, others])))
    if np.unique(rows[:, at]).size < 2:
        guess = np.full(len(held), rows[0, at] if len(rows) else 0)
    else:
        model = lightgbm.LGBMClassifier(**SETTINGS, random_state=seed)
        model.fit(rows[:, others], rows[:, at], categorical_feature=levels)
        guess = model.predict(held[:, others])
    return "F1", float(f1_score(held[:, at], guess, average="macro"))


def alike(rows):
    """Rows that are equal, to the last bit."""
    return np.where(np.isnan(rows), np.nan, rows) + 0.0


def main():
    task, name = Task(sys.argv[1]), sys.argv[2]
    synthetic, held = task.read(name), task.test
    if name == "train":
        synthetic = np.random.default_rng(task.seed).permutation(synthetic)
    auc, error, tells = two_samples(task, held, synthetic, task.seed)
    size = min(len(held), len(synthetic))
    apart = distances(task, held, synthetic[:size])
    radii = np.partition(distances(task, held, held), NEIGHBOR, axis=1)[:, NEIGHBOR]
    assigned = linear_sum_assignment(apart[:size])
    numbers, levels = marginals(task, held, synthetic)
    measure, score = useful(task, synthetic, held, task.seed)
    trained = {row.tobytes() for row in alike(task.train)}
    forbidden = np.column_stack([column.forbidden(synthetic[:, j]) for j, column in enumerate(task.columns)])
    verdict = {
        "auc": auc,
        "aucError": error,
        "tells": tells,
        "wasserstein": float(apart[:size][assigned].mean()),
        "numbers": numbers,
        "levels": levels,
        "coverage": float((apart.min(1) <= radii).mean()),
        "measure": measure,
        "useful": score,
        "copies": float(np.mean([row.tobytes() in trained for row in alike(synthetic)])),
    }
    # What a synthesizer drew has been moved to the schema, and told its share of forbidden rows itself.
    if "--moved" not in sys.argv:
        verdict["forbidden"] = float(forbidden.any(1).mean())
    answer(**verdict)


main()
