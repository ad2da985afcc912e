/**
 * A flow's description in words.
 *
 * @module
 */

const KINDS: ReadonlyMap<string, string> = new Map([
  ["realnvp", "RealNVP"],
  ["maf", "masked autoregressive flow"],
  ["nsf", "neural spline flow"],
  ["nsf-ar", "autoregressive neural spline flow"],
]);

/** The fields of a description that this module puts in words, where they are there. */
interface Described {
  readonly kind?: unknown;
  readonly transforms?: unknown;
  readonly hidden?: unknown;
  readonly bins?: unknown;
}

/** `neural spline flow, 3 transforms, hidden 64, 64`. */
export function describeArchitecture(description: object): string {
  const { kind, transforms, hidden, bins } = description as Described;
  const parts = [KINDS.get(String(kind)) ?? String(kind)];
  if (typeof transforms === "number") parts.push(`${transforms} transform${transforms === 1 ? "" : "s"}`);
  if (Array.isArray(hidden)) parts.push(`hidden ${hidden.length > 0 ? hidden.join("x") : "none"}`);
  if (typeof bins === "number") parts.push(`${bins} bins`);
  return parts.join(", ");
}

/** A value of a description for people: lists with commas, numbers without noise. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? value.map(describeValue).join(", ") : "none";
  if (typeof value === "number")
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
  if (value === null || value === undefined) return "-";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `validationLogProb` as `validation log prob`. */
export function describeKey(key: string): string {
  return key.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
}
