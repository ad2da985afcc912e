/**
 * NumPy's `.npy`: one array of numbers.
 *
 *     6 bytes   "\x93NUMPY"
 *     2 bytes   version, 1.0 to 3.0
 *     2 or 4    length of the header (4 from version 2), little-endian
 *     header    a Python dictionary: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }
 *     the rest  the elements
 *
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @module
 */

import { FormatError, unreadable } from "../errors.ts";
import { halfFloat } from "./halfFloat.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

type Getter = (view: DataView, at: number, littleEndian: boolean) => number;

/** How to read one element that a double may not hold. */
const wholeTypes: Readonly<Record<string, (view: DataView, at: number, littleEndian: boolean) => bigint>> = {
  i8: (view, at, little) => view.getBigInt64(at, little),
  u8: (view, at, little) => view.getBigUint64(at, little),
};

/** How to read one element, by NumPy's letter and size. 64-bit integers are rounded to the nearest double. */
const elementTypes: Readonly<Record<string, Getter>> = {
  f2: (view, at, little) => halfFloat(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  b1: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

const listOfFields = "a list of fields";

interface Header {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** The three fields of the header's dictionary, which Python's `repr` wrote. */
function parseDictionary(text: string, name: string): Header {
  const descr = /'descr'\s*:\s*(?:'([^']*)'|\[)/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  // Python 2 wrote lengths as 3L; a tuple of one ends with a comma.
  const shape = /'shape'\s*:\s*\(((?:\s*\d+L?\s*,)*(?:\s*\d+L?)?\s*)\)/.exec(text);
  if (!descr || !order || !shape) {
    throw damagedArray(
      name,
      `the header of the .npy file is corrupt: ${JSON.stringify(text.slice(0, 80))}`,
      "descr, fortran_order and shape",
      "another header",
    );
  }
  const lengths = shape[1]!.split(",").filter((length) => length.trim() !== "");
  return {
    descr: descr[1] ?? listOfFields,
    fortranOrder: order[1] === "True",
    shape: lengths.map((length) => Number.parseInt(length, 10)),
  };
}

/** The header, and where the elements start. */
function readHeader(bytes: Uint8Array, name: string): { header: Header; start: number } {
  if (bytes.length < 10 || magic.some((byte, at) => bytes[at] !== byte)) {
    throw unreadable(name, 'is not a .npy file: it does not start with "\\x93NUMPY"', {
      expected: "a .npy file",
      received: "other bytes",
      remedy: "check what kind of file it is",
    });
  }
  const version = bytes[6]!;
  if (version < 1 || version > 3) {
    throw unreadable(name, `is a .npy file of version ${version}`, {
      expected: "version 1, 2 or 3",
      received: String(version),
      remedy: "versions 1 to 3 can be read",
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const before = version === 1 ? 10 : 12;
  const length =
    version === 1 ? view.getUint16(8, true) : bytes.length < 12 ? Infinity : view.getUint32(8, true);
  if (length > bytes.length - before)
    throw damagedArray(
      name,
      "the .npy file is truncated in its header",
      `a header of ${length} bytes`,
      String(bytes.length - before),
    );
  const start = before + length;
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(before, start));
  return { header: parseDictionary(text, name), start };
}

function damagedArray(where: string, problem: string, expected: string, received: string): FormatError {
  const remedy = "it is truncated or corrupt: copy or write it again";
  return new FormatError({ where, problem, expected, received, remedy });
}

/** An array that holds no numbers. */
export function notNumbers(name: string, { reason }: NpyNotNumbers): FormatError {
  return unreadable(name, reason, {
    expected: "an array of numbers",
    received: reason,
    remedy: "save it as numbers",
  });
}

/** What to do with elements that are not numbers, by NumPy's letter. */
const remedies: Readonly<Record<string, string>> = {
  c: "complex numbers: save their real and imaginary parts as columns of their own",
  O: "Python objects, which are not read: save it as float64",
  U: "text: save numbers as float64",
  S: "text: save numbers as float64",
  M: "dates: save them as numbers, such as days since a date",
  m: "durations: save them as numbers",
};

/** An array of numbers. */
export interface NpyArray {
  readonly shape: readonly number[];
  /**
   * Row-major, whatever the order in the file.
   * @throws FormatError if the file is truncated or too long.
   */
  read(): Float64Array;
  /** The whole number in a row and column, of 64-bit integers: a double may not hold it. */
  readonly wholeAt?: ((row: number, column: number) => bigint) | undefined;
}

/** Why an array cannot be read as numbers; it is well-formed otherwise. */
export interface NpyNotNumbers {
  readonly shape: readonly number[];
  readonly reason: string;
}

/**
 * The array of a .npy file. Nothing that its header claims is allocated before it has been compared with the file.
 * @throws FormatError if the bytes are not .npy, or of another version.
 */
export function readNpyArray(bytes: Uint8Array, name: string): NpyArray | NpyNotNumbers {
  const { header, start } = readHeader(bytes, name);
  const { descr, fortranOrder, shape } = header;
  const type = /^([<>=|])?([fiub]\d)$/.exec(descr);
  const read = type && elementTypes[type[2]!];
  if (!type || !read) {
    const letter = /[a-zA-Z]/.exec(descr)?.[0] ?? "";
    const what =
      descr === listOfFields ? "records of named fields: save each field as a column" : remedies[letter];
    return {
      shape,
      reason: `holds elements of type ${JSON.stringify(descr.slice(0, 40))}; expected numbers${
        what ? `, found ${what}` : ": save it as float64"
      }`,
    };
  }
  const size = Number(type[2]![1]);
  const count = shape.reduce((product, length) => product * length, 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = type[1] !== ">";
  const whole = wholeTypes[type[2]!];
  const [rows = 1, width = 1] = shape;
  const placeOf = (row: number, column: number): number =>
    start + size * (fortranOrder ? column * rows + row : row * width + column);
  return {
    shape,
    wholeAt: whole && ((row, column) => whole(view, placeOf(row, column), little)),
    read() {
      if (count * size !== bytes.length - start) {
        throw damagedArray(
          name,
          `shape (${shape.join(", ")}) of "${descr}" takes ${count * size} bytes, the file has ${bytes.length - start}`,
          `${count * size} bytes`,
          String(bytes.length - start),
        );
      }
      const values = new Float64Array(count);
      if (!fortranOrder || shape.length !== 2) {
        for (let at = 0; at < count; at++) values[at] = read(view, start + at * size, little);
        return values;
      }
      for (let row = 0, at = 0; row < rows; row++)
        for (let place = 0; place < width; place++, at++)
          values[at] = read(view, placeOf(row, place), little);
      return values;
    },
  };
}

/** What stands before the elements of an array of float64, little-endian, C order, shape (rows, width), version 1.0. */
export function npyHeader(rows: number, width: number): Uint8Array {
  const dictionary = `{'descr': '<f8', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  // The format wants the elements to start at a multiple of 64, after blanks and a line feed.
  const start = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start);
  bytes.set(magic);
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(start - 11)}\n`), 10);
  return bytes;
}

/** The elements of an array, as {@link npyHeader} says. */
export function npyElements(values: Float64Array): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setFloat64(8 * index, value, true);
  });
  return bytes;
}
