/**
 * Some of many numbers, without a detour over objects.
 *
 * @module
 */

/** The numbers that are wanted, in their order. `Float64Array.filter` makes an object of each: of a million, 24 MB. */
export function filtered(
  values: Float64Array,
  isWanted: (value: number, place: number) => boolean,
): Float64Array {
  const out = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (isWanted(values[i]!, i)) out[count++] = values[i]!;
  return count === values.length ? out : out.slice(0, count);
}
