"""What the workers on PyTorch share: a training step with torch.optim.Adam, scores and samples in parts."""

import os

import torch
from worker import Prepared, check_finite, read_rows

torch.set_num_threads(int(os.environ["BENCH_THREADS"]))
torch.set_num_interop_threads(1)
torch.manual_seed(0)

# A call on all 100,000 rows at once moves every value through memory, and takes 1.2 to 2 times as long as one in parts
# of 1,000 or 4,000 rows, which are about equal (10,000 rows: in between).
PART = 2000


def trained_parameters(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def prepared(task, module, log_prob, sample, after_step=None):
    """
    A workload of a flow.

    `log_prob(x)` gives log-densities of rows, `sample(n)` rows; both within torch. `after_step()` is what a training
    loop does besides.
    """
    count = trained_parameters(module)
    if task["workload"] == "step":
        batch = task["batch"]
        rows = torch.from_numpy(read_rows(task, task["batches"] * batch))
        batches = list(rows.split(batch))
        optimizer = torch.optim.Adam(module.parameters(), lr=task["rate"])
        turn = iter(())

        def step():
            nonlocal turn
            x = next(turn, None)
            if x is None:
                turn = iter(batches)
                x = next(turn)
            optimizer.zero_grad()
            loss = -log_prob(x).mean()
            loss.backward()
            optimizer.step()
            if after_step:
                after_step()
            return loss.detach()

        return Prepared(count, step, check_finite)
    module.eval()
    if task["workload"] == "logProb":
        rows = torch.from_numpy(read_rows(task, task["rows"]))

        @torch.no_grad()
        def score():
            return torch.cat([log_prob(part) for part in rows.split(PART)])

        return Prepared(count, score, check_finite)

    @torch.no_grad()
    def draw():
        sizes = [min(PART, task["rows"] - start) for start in range(0, task["rows"], PART)]
        return torch.cat([sample(size) for size in sizes])

    return Prepared(count, draw, check_finite)
