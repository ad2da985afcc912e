"""Writes tensors as a safetensors file, with numpy alone."""

import json
import struct

import numpy as np

TYPES = {
    "float64": "F64",
    "float32": "F32",
    "int64": "I64",
    "int32": "I32",
    "uint8": "U8",
    "bool": "BOOL",
}


def save(tensors, path):
    header, blocks, start = {}, [], 0
    for name, value in tensors.items():
        array = np.ascontiguousarray(value)
        array = array.reshape(np.shape(value))
        block = array.tobytes()
        header[name] = {
            "dtype": TYPES[str(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [start, start + len(block)],
        }
        blocks.append(block)
        start += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))
