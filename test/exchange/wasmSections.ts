/**
 * The sections of a WebAssembly module: where the content of each is.
 *
 * @module
 */

/** A section by its number (10 is code, 11 data), and where in the file its content begins and ends. */
export interface Section {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/** All sections, in their order. */
export function sectionsOf(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = 8; at < bytes.length; ) {
    const number = bytes[at++]!;
    let [size, shift] = [0, 0];
    for (let byte = 128; byte >= 128; shift += 7) {
      byte = bytes[at++]!;
      size += (byte & 127) * 2 ** shift;
    }
    sections.push({ number, from: at, to: at + size });
    at += size;
  }
  return sections;
}
