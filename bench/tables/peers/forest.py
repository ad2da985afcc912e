"""An adversarial random forest (Watson et al. 2023) of `arfpy`, whose leaves make an exact density.

    p(row) = mean over trees of  sum over leaves  coverage(leaf) product_j p_j(cell j | leaf)

The package samples from its leaves and gives no densities, and it has neither missing cells nor atoms nor grids. So a column of numbers
with several outcomes is two for the forest, which outcome a cell is and its number; and a leaf's distribution of numbers is, as there, a
normal one cut at the leaf's bounds, of which a grid's value has the mass of its cell. Shares of outcomes and levels are those of the leaf,
with one row spread by the shares of the table, and a hundredth of each number's distribution is that of the table: else a held-out
row whose leaf has not seen its level would have no probability.
"""

import time
import warnings

import numpy as np
from arfpy import arf
from scipy.special import logsumexp
from scipy.stats import norm

from columns import NumberMarginal, answer, shares, task_of_arguments
from frames import Part, frame_of

warnings.filterwarnings("ignore")
# The package asks NumPy for a name that it no longer has.
np.in1d = np.isin

TREES = 30
REST = 0.01


class LeafPart(Part):
    """A column as the forest has it, and what its leaves fall back on."""

    def __init__(self, column, cells, seed):
        super().__init__(column, cells)
        outcome = column.outcomes(cells)
        self.marginal = NumberMarginal(column, cells[outcome == self.first], seed) if self.is_number else None
        self.prior = shares(self.classes(cells), self.count)
        if not column.missing:
            self.prior[0] = 1e-12
        self.prior /= self.prior.sum()

    def normal_logs(self, cells, mean, deviation, low, high):
        """Log-density of numbers under normal distributions cut at bounds."""
        with np.errstate(divide="ignore", invalid="ignore"):
            total = norm.cdf((high - mean) / deviation) - norm.cdf((low - mean) / deviation)
            if self.column.step:
                half = 0.5 * self.column.step
                a = np.clip((cells - half), low, high)
                b = np.clip((cells + half), low, high)
                mass = norm.cdf((b - mean) / deviation) - norm.cdf((a - mean) / deviation)
                return np.log(mass / total)
            inside = (cells >= low) & (cells <= high)
            return np.where(inside, norm.logpdf(cells, mean, deviation) - np.log(total), -np.inf)


def leaf_bounds(tree, feature, low, high):
    """Bounds of a feature in every leaf of a tree."""
    bounds = {}
    stack = [(0, low, high)]
    while stack:
        node, a, b = stack.pop()
        left, right = tree.children_left[node], tree.children_right[node]
        if left < 0:
            bounds[node] = (a, b)
        elif left == right or tree.feature[node] != feature:
            stack += [(child, a, b) for child in {left, right}]
        else:
            cut = tree.threshold[node]
            stack += [(left, a, min(b, cut)), (right, max(a, cut), b)]
    return bounds


def log_prob(parts, task, forest, names, frame, cells):
    """Log-densities of rows of cells."""
    train_leaves = forest.apply(frame)
    rows = len(cells)
    per_tree = []
    for t, estimator in enumerate(forest.estimators_):
        leaves, at = np.unique(train_leaves[:, t], return_inverse=True)
        sizes = np.bincount(at)
        logs = np.tile(np.log(sizes / sizes.sum()), (rows, 1))
        for j, part in enumerate(parts):
            own, tested = part.classes(task.train[:, j]), part.classes(cells[:, j])
            if part.has_classes:
                counts = np.zeros((leaves.size, part.count))
                np.add.at(counts, (at, own), 1.0)
                table = (counts + part.prior) / (sizes[:, None] + 1.0)
                logs += np.log(table)[:, tested].T
            if not part.is_number:
                continue
            is_value = own == part.first
            values, where = task.train[is_value, j], at[is_value]
            count = np.maximum(np.bincount(where, minlength=leaves.size), 1e-9)
            mean = np.bincount(where, values, minlength=leaves.size) / count
            square = np.bincount(where, (values - mean[where]) ** 2, minlength=leaves.size)
            overall = np.std(values) or 1.0
            least = (part.column.step or 0.0) / 4 or 1e-4 * overall
            deviation = np.maximum(np.sqrt(square / np.maximum(count - 1, 1)), least)
            few = count < 2
            mean, deviation = np.where(few, values.mean(), mean), np.where(few, overall, deviation)
            bounds = leaf_bounds(estimator.tree_, names.index(part.column.name), *part.marginal.ends())
            low, high = np.array([bounds[leaf] for leaf in leaves]).T
            numbers = tested == part.first
            local = part.normal_logs(cells[numbers, j][:, None], mean, deviation, low, high)
            rest = part.marginal.log_prob(cells[numbers, j])[:, None]
            logs[numbers] += np.logaddexp(np.log1p(-REST) + np.nan_to_num(local, nan=-np.inf), np.log(REST) + rest)
        per_tree.append(logsumexp(logs, axis=1))
    return logsumexp(per_tree, axis=0) - np.log(len(per_tree))


def check(parts, task, forest, names, frame):
    """The density of a bounded column sums to 1 over its values, the other cells being those of a row and its mass divided out."""
    for j, part in enumerate(parts):
        if part.is_number or part.column.levels > 40:
            continue
        rows = np.tile(task.train[0], (part.column.levels + part.column.missing, 1))
        rows[: part.column.levels, j] = np.arange(part.column.levels)
        if part.column.missing:
            rows[-1, j] = np.nan
        total = logsumexp(log_prob(parts, task, forest, names, frame, rows))
        # The sum over one column is the density of the others: the same by the leaves without it.
        others = [own for i, own in enumerate(parts) if i != j]
        smaller = Smaller(task, [i for i in range(len(parts)) if i != j])
        rest = log_prob(others, smaller, forest, names, frame, smaller.cells(task.train[:1]))[0]
        assert abs(total - rest) < 1e-6, f"{part.column.name}: summed out {total}, without it {rest}"
        return


class Smaller:
    """A task without some of its columns."""

    def __init__(self, task, kept):
        self.kept = kept
        self.train = task.train[:, kept]

    def cells(self, rows):
        return rows[:, self.kept]


def main():
    task = task_of_arguments()
    started, began = time.time(), time.process_time()
    rng = np.random.default_rng(task.seed)
    np.random.seed(task.seed)
    parts = [LeafPart(column, task.train[:, j], task.seed) for j, column in enumerate(task.columns)]
    frame = frame_of(parts, task.train, rng)
    grown = arf.arf(
        frame, num_trees=TREES, max_iters=5, min_node_size=5, verbose=False, random_state=task.seed
    )
    names = list(frame)
    check(parts, task, grown.clf, names, grown.x_real)
    logs = log_prob(parts, task, grown.clf, names, grown.x_real, task.test)
    task.write("forest.logs", logs)
    answer(
        seconds=time.time() - started,
        processorSeconds=time.process_time() - began,
        accuracy=[float(share) for share in grown.acc],
    )


main()
