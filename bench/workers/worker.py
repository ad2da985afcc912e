"""
What the workers in Python share: the protocol of README.md, the data, and the search for a hidden width.

A worker imports this first, so that start-up is timed from the import of its library on.
"""

import time

started = time.perf_counter()

import json
import math
import sys
import traceback

import numpy as np

# The protocol has standard output for itself; what a library prints goes to standard error.
replies, sys.stdout = sys.stdout, sys.stderr


def reply(message):
    replies.write(json.dumps(message) + "\n")
    replies.flush()


def read_rows(task, rows=None):
    """Rows of the task's table, float32, `[rows, features]`."""
    table = np.fromfile(task["data"], dtype=np.float32).reshape(-1, task["features"])
    return np.ascontiguousarray(table[:rows])


def matching_width(task, count):
    """
    The width of the hidden layers with which a flow has as many parameters as ours, within 2%: that of the task if
    it does, else the smallest that does. 0 for a flow without hidden layers.

    `count` gives the parameters of a flow with hidden layers of a width.
    """
    if not task["hidden"]:
        return 0
    fits = lambda width: abs(count(width) / task["parameters"] - 1) <= 0.02
    widths = [task["hidden"][0], *range(8, 4 * task["hidden"][0])]
    for width in widths:
        if fits(width):
            return width
    return min(widths, key=lambda width: abs(count(width) - task["parameters"]))


class Prepared:
    """One workload, ready to be timed."""

    def __init__(self, parameters, call, check=lambda result: None):
        self.parameters = parameters
        self.call = call
        self.check = check

    def time(self, repeats):
        """Milliseconds of each call."""
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            result = self.call()
            times.append(1000 * (time.perf_counter() - start))
        self.check(result)
        return times


def check_finite(values):
    """Refuses a result whose mean is not finite."""
    if not math.isfinite(float(np.mean(np.asarray(values, dtype=np.float64)))):
        raise ArithmeticError("the result is not finite")


def serve(version, prepare):
    """
    Answers the driver's requests, one JSON a line, until its input ends.

    `prepare(task)` returns a `Prepared`, or None for a workload that the implementation does not have.
    """
    reply({"version": version, "node": None, "wide": False})
    prepared = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                prepared = None
                prepared = prepare(request["prepare"])
                reply({"parameters": prepared.parameters if prepared else None})
            elif "time" in request:
                ms = prepared.time(request["time"])
                reply({"ms": ms, "sinceImport": 1000 * (time.perf_counter() - started)})
            else:
                prepared = None
                reply({})
        except Exception as error:
            traceback.print_exc()
            reply({"error": f"{type(error).__name__}: {error}"})
