/** How numbers are written on the page. */

/** With a true minus, and so many places. */
export function written(value: number, places = 3): string {
  if (!Number.isFinite(value)) return value === -Infinity ? "−∞" : "–";
  return value
    .toFixed(places)
    .replace(/^-(?=0\.?0*$)/, "")
    .replace("-", "−");
}

/** So many numbers that count, in full: 0.0031, 66.9, 1200. */
export function significant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 10 ** digits) return String(Number(value.toPrecision(digits)));
  return value !== 0 && value < 1e-6 ? "less than 0.000001" : value.toPrecision(digits);
}

/**
 * Values rounded to so many places so that what is shown adds up: their sum is the rounded sum, and each is less than one unit of
 * the last place from what it was. As they are where one is not finite.
 */
export function addingUp(values: readonly number[], places = 3): number[] {
  const units = values.map((value) => value * 10 ** places);
  const total = Math.round(units.reduce((sum, value) => sum + value, 0));
  if (!Number.isFinite(total)) return [...values];
  const whole = units.map(Math.floor);
  const missing = total - whole.reduce((sum, value) => sum + value, 0);
  // What is missing goes to those that were rounded down by most.
  const order = units.map((_, i) => i).sort((a, b) => units[b]! - whole[b]! - (units[a]! - whole[a]!));
  for (const i of order.slice(0, missing)) whole[i]!++;
  return whole.map((value) => value / 10 ** places);
}
