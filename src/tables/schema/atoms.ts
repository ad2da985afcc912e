/**
 * Atoms: values that many rows share in a column that is otherwise continuous, such as 0 or a cap.
 *
 * @module
 */

/** An atom and the rows that have it. */
export interface AtomCount {
  readonly value: number;
  readonly count: number;
}

/** More atoms than these are a grid, or a list of values. */
const mostAtoms = 8;
/** An atom holds this share of the rows at least, and this many ... */
const leastShare = 0.01;
const leastRows = 5;
/** ... and more than the values around it by so many standard deviations of a count, and so many times as many. */
const deviations = 5;
const leastRatio = 4;
/** Different values on either side that an atom is compared with. */
const neighbors = 10;

/**
 * The atoms of a column, the most frequent first; empty where there are none, or so many that the column is a list of
 * values.
 * @param sorted - Finite values in ascending order.
 */
export function atomsOf(sorted: Float64Array): readonly AtomCount[] {
  const values = new Float64Array(sorted.length);
  const counts = new Uint32Array(sorted.length);
  let different = 0;
  for (let i = 0; i < sorted.length; ) {
    let next = i + 1;
    while (next < sorted.length && sorted[next] === sorted[i]) next++;
    values[different] = sorted[i]!;
    counts[different++] = next - i;
    i = next;
  }
  // Of few different values all are levels.
  if (different <= 2 * neighbors) return [];
  const isAtom = new Uint8Array(different);
  const fewestRows = Math.max(leastRows, leastShare * sorted.length);
  const order: number[] = [];
  for (let place = 0; place < different; place++) if (counts[place]! >= fewestRows) order.push(place);
  order.sort((a, b) => counts[b]! - counts[a]!);
  const atoms: AtomCount[] = [];
  for (const place of order) {
    const count = counts[place]!;
    const around: number[] = [];
    for (let at = Math.max(0, place - neighbors); at <= Math.min(different - 1, place + neighbors); at++)
      if (at !== place && isAtom[at] === 0) around.push(counts[at]!);
    const usual = around.reduce((sum, neighborRows) => sum + neighborRows, 0) / Math.max(1, around.length);
    if (count <= usual + deviations * Math.sqrt(usual) || count < leastRatio * usual) continue;
    isAtom[place] = 1;
    atoms.push({ value: values[place]!, count });
    if (atoms.length > mostAtoms) return [];
  }
  return atoms;
}
