"""Parquet files of another writer, for test/formats/parquetFiles.test.ts: python makeParquet.py (pyarrow 26.0.1, pandas 3.1.1)."""

import os
from datetime import date, datetime, time
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "parquet")
os.makedirs(here, exist_ok=True)


def save(name, table, **options):
    pq.write_table(table, os.path.join(here, name + ".parquet"), **options)


rows = 300
x = np.sin(np.arange(rows))
k = np.arange(rows) % 7
some = [None if i % 5 == 0 else float(i) / 8 for i in range(rows)]
plain = pa.table({"x": x, "k": k.astype("int32"), "some": pa.array(some)})

# Each codec, in both versions of pages, in pages and groups of few rows.
for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
    for version in ["1.0", "2.0"]:
        save(
            f"codec-{codec}-{version}",
            plain,
            compression=codec,
            data_page_version=version,
            row_group_size=200,
            data_page_size=400,
            write_page_checksum=True,
        )

# Each encoding.
text = [f"name {i % 11}" for i in range(60)]
encoded = pa.table(
    {
        "f4": np.cos(np.arange(60)).astype("float32"),
        "f8": np.cos(np.arange(60)),
        "i4": (np.arange(60) * 12345 % 1001 - 500).astype("int32"),
        "i8": pa.array([(i * 7919**4) % 2**62 * (-1) ** i for i in range(60)], pa.int64()),
        "flag": pa.array([None if i % 9 == 4 else i % 3 == 0 for i in range(60)]),
        "text": text,
    }
)
for name, encodings in {
    "split": {"f4": "BYTE_STREAM_SPLIT", "f8": "BYTE_STREAM_SPLIT", "i4": "BYTE_STREAM_SPLIT", "i8": "BYTE_STREAM_SPLIT"},
    "delta": {"i4": "DELTA_BINARY_PACKED", "i8": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "flag": "RLE"},
    "lengths": {"text": "DELTA_LENGTH_BYTE_ARRAY", "i4": "PLAIN", "i8": "PLAIN"},
}.items():
    save("encoding-" + name, encoded, use_dictionary=False, column_encoding=encodings, data_page_size=100)
save("encoding-dictionary", encoded)

# Decimals in each storage, of several scales.
digits = [(i * 7907 + 13) % 999983 - 400000 for i in range(200)]
def decimals(scale, precision, factor=1):
    return pa.array([Decimal(d * factor).scaleb(-scale) for d in digits], pa.decimal128(precision, scale))
save(
    "decimals",
    pa.table(
        {
            "s3p9": decimals(3, 9),
            "s5p18": decimals(5, 18, 10**9 + 7),
            "s3p12": decimals(3, 12),
            "s20p38": decimals(20, 38, 10**21 + 9),
            "s30p38": decimals(30, 38, 10**28 + 9),
            "p60": pa.array([Decimal(d * (10**40 + 7)).scaleb(-41) for d in digits], pa.decimal256(60, 41)),
            "text": [str(Decimal(d * (10**28 + 9)).scaleb(-30)) for d in digits],
        }
    ),
    store_decimal_as_integer=True,
)
save("decimals-fixed", pa.table({"s3p9": decimals(3, 9), "s5p18": decimals(5, 18, 10**9 + 7)}))

# What is not a number, or not a single value.
save(
    "kinds",
    pa.table(
        {
            "x": [1.0, 2.0, 3.0],
            "half": pa.array([np.float16(1.5), None, np.float16(-6e-8)], pa.float16()),
            "u8": pa.array([1, 255, None], pa.uint8()),
            "u32": pa.array([1, 2**32 - 1, None], pa.uint32()),
            "u64": pa.array([1, 2**64 - 1, None], pa.uint64()),
            "list": [["a"], [], None],
            "numbers": pa.array([[1.0], [2.0, 3.0], None]),
            "struct": [{"a": 1, "b": "c"}, None, {"a": 2, "b": "d"}],
            "map": pa.array([[("a", 1)], [], None], pa.map_(pa.string(), pa.int64())),
            "day": [date(2020, 1, 2), None, date(2021, 1, 1)],
            "moment": pa.array([datetime(2020, 1, 2, 3, 4, 5), None, None], pa.timestamp("us")),
            "clock": pa.array([time(1, 2, 3), None, None], pa.time64("us")),
            "bytes": pa.array([b"\xff\x00", None, b"\xfe"]),
            "fixed": pa.array([b"\xff\x00", None, b"\xfe\x01"], pa.binary(2)),
            "nothing": pa.array([None, None, None], pa.null()),
            "flag": [True, False, None],
        }
    ),
)

# pandas: an index that is written, one with a name, one of consecutive numbers that is not.
frame = pd.DataFrame({"x": x[:30], "y": x[1:31]})
for name, own in {
    "level": frame[frame.x > 0],
    "named": frame.set_index(pd.Index([i * i for i in range(30)], name="id")),
    "two": frame.set_index([pd.Index([i * i for i in range(30)], name="id"), pd.Index(["a", "b"] * 15, name="part")]),
    "range": frame,
}.items():
    own.to_parquet(os.path.join(here, f"pandas-{name}.parquet"))
