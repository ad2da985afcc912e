"""Runs exports in the runtimes of Python: argument is a folder with jobs.json; writes the values of each job as float64. Prints versions."""

import json
import os
import sys
from importlib.metadata import version

import numpy as np

folder = sys.argv[1]
with open(f"{folder}/jobs.json") as file:
    jobs = json.load(file)
versions = {}


def numbers(job, part):
    return np.fromfile(f"{folder}/{job['name']}.{part}", dtype=np.float64)


def in_wasmtime(job):
    import wasmtime

    versions["wasmtime"] = version("wasmtime")
    store = wasmtime.Store()
    module = wasmtime.Module.from_file(store.engine, f"{folder}/{job['file']}")
    exports = wasmtime.Instance(store, module, []).exports(store)
    rows, function = numbers(job, "rows"), job["function"].replace("-", "_")
    count = len(rows) // exports[f"{function}_width"](store)
    size = 8 * count * exports[f"{function}_results"](store)
    at, out = exports["allocate"](store, rows.nbytes), exports["allocate"](store, size)
    exports["memory"].write(store, rows.tobytes(), at)
    exports[function](store, at, count, out)
    return np.frombuffer(exports["memory"].read(store, out, out + size))


def in_onnxruntime(job):
    import onnx
    import onnxruntime

    versions["onnxruntime"], versions["onnx"] = version("onnxruntime"), version("onnx")
    model = onnx.load(f"{folder}/{job['file']}")
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version >= 17
    assert "pushforward" in {entry.key for entry in model.metadata_props}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(f"{folder}/{job['file']}", options)
    inputs = {}
    for each in session.get_inputs():
        assert isinstance(each.shape[0], str), "the number of rows is dynamic"
        kind = np.float32 if each.type == "tensor(float)" else np.float64
        inputs[each.name] = numbers(job, each.name).reshape(-1, each.shape[1]).astype(kind)
    (values,) = session.run(None, inputs)
    return values.astype(np.float64)


database = None


def in_clickhouse(job):
    global database
    from chdb import session

    versions["ClickHouse"] = f"chdb {version('chdb')}"
    if database is None:
        with open(f"{os.path.dirname(os.path.abspath(__file__))}/clickHouse.xml") as file:
            configuration = file.read().replace("FOLDER", folder)
        with open(f"{folder}/configuration.xml", "w") as file:
            file.write(configuration)
        database = session.Session(f"{folder}/database?config-file={folder}/configuration.xml")
    for statement in job["statements"]:
        database.query(statement)
    rows = numbers(job, "rows").reshape(-1, job["width"])
    names = [f"c{i}" for i in range(job["width"])]
    types = ", ".join(f"{name} Float64" for name in names)
    lines = ", ".join(f"({', '.join(map(repr, map(float, row)))})" for row in rows)
    query = f"SELECT {job['call']}({', '.join(names)}) FROM values('{types}', {lines})"
    text = str(database.query(query, "TSV"))
    return np.array([float(number) for number in text.replace("(", "").replace(")", "").replace(",", " ").split()])


runtimes = {"wasmtime": in_wasmtime, "onnxruntime": in_onnxruntime, "ClickHouse": in_clickhouse}
for job in jobs:
    try:
        runtimes[job["runtime"]](job).astype(np.float64).tofile(f"{folder}/{job['name']}.values")
    except ModuleNotFoundError as error:
        versions.setdefault(job["runtime"], f"absent: {error.name}")
    except Exception as error:  # each cell has its own outcome
        with open(f"{folder}/{job['name']}.error", "w") as file:
            file.write(f"{type(error).__name__}: {error}")
print(json.dumps(versions))
sys.stdout.flush()
# An engine in the process may take long to end.
os._exit(0)
