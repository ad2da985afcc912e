"""Writes test/files/arrow: pip install pyarrow==26.0.1, then python test/files/makeArrow.py."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from pyarrow import feather, ipc

folder = Path(__file__).parent / "arrow"
folder.mkdir(exist_ok=True)

moment = dt.datetime(2024, 3, 1, 12, 30, 5, 123456)
zoned = moment.replace(tzinfo=dt.timezone.utc)
columns = {
    "i8": pa.array([-128, None, 127], pa.int8()),
    "u16": pa.array([0, None, 65535], pa.uint16()),
    "i32": pa.array([-(2**31), None, 2**31 - 1], pa.int32()),
    "i64": pa.array([-(2**53) + 1, None, 2**53 - 1], pa.int64()),
    "u64": pa.array([1, None, 2**64 - 1], pa.uint64()),
    "f32": pa.array([0.1, None, -2.5], pa.float32()),
    "f64": pa.array([0.1, None, -0.0], pa.float64()),
    "flag": pa.array([True, None, False], pa.bool_()),
    "text": pa.array(["Rome", None, "NA"], pa.utf8()),
    "large": pa.array(["", None, "Oslo"], pa.large_utf8()),
    "view": pa.array(["short", None, "longer than twelve bytes"], pa.string_view()),
    "code": pa.array(["02134", None, "10001"], pa.utf8()),
    "size": pa.DictionaryArray.from_arrays(
        pa.array([2, None, 0], pa.int8()), ["S", "M", "L"], ordered=True
    ),
    "rating": pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), pa.array([5, 1], pa.int64())),
    "day": pa.array([dt.date(2024, 3, 1), None, dt.date(1969, 12, 31)], pa.date32()),
    "day64": pa.array([dt.date(2024, 3, 1), None, dt.date(1969, 12, 31)], pa.date64()),
    "second": pa.array([moment.replace(microsecond=0), None, dt.datetime(1969, 12, 31)], pa.timestamp("s")),
    "micro": pa.array([moment, None, dt.datetime(1969, 12, 31, 23, 59, 59, 1)], pa.timestamp("us")),
    "zoned": pa.array([zoned, None, zoned], pa.timestamp("ns", tz="Europe/Berlin")),
    "clock": pa.array([dt.time(1, 2, 3), None, dt.time(23, 59, 59, 500000)], pa.time64("us")),
    "clock32": pa.array([dt.time(1, 2, 3), None, dt.time(23, 59, 59)], pa.time32("s")),
    "price": pa.array([Decimal("1.10"), None, Decimal("-20.05")], pa.decimal128(10, 2)),
    "wide": pa.array([Decimal("1.1"), None, Decimal("-2.5")], pa.decimal256(40, 1)),
    "nothing": pa.nulls(3),
    "list": pa.array([[1, 2], None, []], pa.list_(pa.int64())),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": 2, "b": "y"}]),
    "bytes": pa.array([b"\xff\xfe", None, b"\x80"], pa.binary()),
    "last": pa.array([1.5, 2.5, 3.5], pa.float64()),
}
table = pa.table(columns)
feather.write_feather(table, str(folder / "kinds.arrow"), compression="uncompressed")

rows = 500
plain = pa.table(
    {
        "x": pa.array([i / 7 for i in range(rows)], pa.float64()),
        "n": pa.array([None if i % 10 == 3 else i % 40 for i in range(rows)], pa.int32()),
        "city": pa.array([["Rome", "Oslo", "Lima"][i % 3] for i in range(rows)], pa.utf8()).dictionary_encode(),
        "start": pa.array(
            [dt.datetime(2024, 1, 1) + dt.timedelta(minutes=5 * i) for i in range(rows)], pa.timestamp("ms")
        ),
    }
)
for codec in ["lz4", "zstd"]:
    feather.write_feather(plain, str(folder / f"{codec}.feather"), compression=codec, chunksize=200)
options = ipc.IpcWriteOptions(compression="zstd", emit_dictionary_deltas=True)
with ipc.new_stream(str(folder / "stream.arrows"), plain.schema, options=options) as writer:
    writer.write_table(plain, 200)

# Dictionaries that grow, and one that is replaced.
with ipc.new_stream(
    str(folder / "deltas.arrows"),
    pa.schema([("d", pa.dictionary(pa.int32(), pa.utf8()))]),
    options=ipc.IpcWriteOptions(emit_dictionary_deltas=True),
) as writer:
    for levels, places in [(["a", "b"], [0, 1]), (["a", "b", "c"], [2, 0]), (["z"], [0, 0])]:
        own = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), levels)
        writer.write_batch(pa.record_batch([own], names=["d"]))
