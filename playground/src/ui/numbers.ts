/** How numbers are written on the page. */

/** With a true minus, and so many places. */
export function written(value: number, places = 3): string {
  if (!Number.isFinite(value)) return value === -Infinity ? "−∞" : "–";
  return value
    .toFixed(places)
    .replace(/^-(?=0\.?0*$)/, "")
    .replace("-", "−");
}
