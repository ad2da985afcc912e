"""Lets PyPI's PyTorch for Linux be imported without the CUDA packages that it names, which weigh several GB.

Its libraries link to those of CUDA, though a program on a CPU calls none of them. For each this makes a small
one beside PyTorch's own, with the symbols that are asked for; whatever is called answers "no device".
The kernels for the CPU are those of the wheel, untouched. Needs a C compiler and readelf.
"""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

CUDA = re.compile(r"lib(cu|nccl|nvrtc|nvshmem)")
UNVERSIONED = re.compile(r"(cusparseLt|cuFile|nccl)[A-Z]")
NO_DEVICE = 100  # cudaErrorNoDevice


def read(library, *options):
    command = ["readelf", "-W", *options, library]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(folder):
    needed = set()
    versions = {}  # name of a version -> library that it is asked of
    symbols = defaultdict(dict)  # version -> symbol -> whether it is an object
    for library in folder.glob("*.so"):
        needed.update(re.findall(r"\(NEEDED\).*\[(.*)\]", read(library, "-d")))
        asked = None
        for file, name in re.findall(r"File: (\S+)|Name: (\S+)  Flags", read(library, "-V")):
            asked = file or asked
            if name:
                versions[name] = asked
        undefined = re.findall(r" (\w+) +GLOBAL +\w+ +UND (\w+)@?(\S*)", read(library, "--dyn-syms"))
        for kind, symbol, version in undefined:
            if version or UNVERSIONED.match(symbol):
                symbols[version][symbol] = kind == "OBJECT"
    made = 0
    for name in sorted(filter(CUDA.match, needed)):
        if name == "libcuda.so.1":
            continue  # the driver's, linked by a part that is loaded with a device only
        code, script = "", ""
        own = [version for version, library in versions.items() if library == name]
        # Symbols without a version are found wherever they are.
        for version in own or [""]:
            if version:
                script += f"{version} {{ global: *; }};\n"
            for symbol, is_object in symbols.pop(version, {}).items():
                function = f"int {symbol}(void) {{ return {NO_DEVICE}; }}\n"
                code += f"long {symbol}[64];\n" if is_object else function
        with tempfile.TemporaryDirectory() as work:
            Path(work, "stub.c").write_text(code)
            Path(work, "versions").write_text(script)
            options = [f"-Wl,--version-script={work}/versions"] if script else []
            subprocess.run(
                ["cc", "-w", "-shared", "-fPIC", "-fno-builtin", f"-Wl,-soname,{name}", *options]
                + ["-o", str(folder / name), f"{work}/stub.c"],
                check=True,
            )
        made += 1
    print(f"{made} libraries stand in for CUDA's in {folder.name}")


main(Path(sys.argv[1]))
