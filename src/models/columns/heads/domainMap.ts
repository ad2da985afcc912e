/**
 * Maps of what a column may be, an interval, a half-line or the line, to the line: t(x), with its slope and with exact differences.
 *
 * @module
 */

/** A map to the line by name. */
export type DomainMap =
  /** x itself. */
  | { readonly type: "identity" }
  /** asinh((x - center) / scale): for tails that fall off like a power. */
  | { readonly type: "asinh"; readonly center: number; readonly scale: number }
  /** log(x - from), of the half-line above `from`. */
  | { readonly type: "log"; readonly from: number }
  /** log(e^((x - from) / scale) - 1), of the half-line above `from`: far out it is linear. */
  | { readonly type: "softplusInverse"; readonly from: number; readonly scale: number }
  /** -log(to - x), of the half-line below `to`. */
  | { readonly type: "logBelow"; readonly to: number }
  /** log((x - from) / (to - x)), of the interval between them. */
  | { readonly type: "logit"; readonly from: number; readonly to: number };

/** t(x); infinite at the ends of the domain. */
export function domainToLine(map: DomainMap, x: number): number {
  switch (map.type) {
    case "identity":
      return x;
    case "asinh":
      return Math.asinh((x - map.center) / map.scale);
    case "log":
      return Math.log(x - map.from);
    case "softplusInverse": {
      const u = (x - map.from) / map.scale;
      return u + Math.log(-Math.expm1(-u));
    }
    case "logBelow":
      return -Math.log(map.to - x);
    case "logit":
      return Math.log((x - map.from) / (map.to - x));
  }
}

/** The x with t(x) = t. */
export function lineToDomain(map: DomainMap, t: number): number {
  switch (map.type) {
    case "identity":
      return t;
    case "asinh":
      return map.center + map.scale * Math.sinh(t);
    case "log":
      return map.from + Math.exp(t);
    case "softplusInverse":
      return map.from + map.scale * (t > 0 ? t + Math.log1p(Math.exp(-t)) : Math.log1p(Math.exp(t)));
    case "logBelow":
      return map.to - Math.exp(-t);
    case "logit":
      // From the nearer end, so that neither is reached before it must be.
      return t < 0
        ? map.from + (map.to - map.from) * (Math.exp(t) / (1 + Math.exp(t)))
        : map.to - (map.to - map.from) * (Math.exp(-t) / (1 + Math.exp(-t)));
  }
}

/** log t'(x). */
export function logDomainSlope(map: DomainMap, x: number): number {
  switch (map.type) {
    case "identity":
      return 0;
    case "asinh":
      return -Math.log(map.scale) - Math.log(Math.hypot(1, (x - map.center) / map.scale));
    case "log":
      return -Math.log(x - map.from);
    case "softplusInverse":
      return -Math.log(map.scale) - Math.log(-Math.expm1(-(x - map.from) / map.scale));
    case "logBelow":
      return -Math.log(map.to - x);
    case "logit":
      return Math.log(map.to - map.from) - Math.log(x - map.from) - Math.log(map.to - x);
  }
}

/** t(x + width) - t(x) for a width above 0, without cancellation; infinite where an end of the domain is reached. */
export function domainDifference(map: DomainMap, x: number, width: number): number {
  switch (map.type) {
    case "identity":
      return width;
    case "asinh": {
      const u = (x - map.center) / map.scale;
      const d = width / map.scale;
      const v = u + d;
      if (u < 0 && v > 0) return Math.asinh(v) - Math.asinh(u);
      // asinh v - asinh u = asinh((v^2 - u^2) / (v sqrt(1 + u^2) + u sqrt(1 + v^2))), both of one sign.
      const [a, b] = [Math.abs(u), Math.abs(v)];
      const [far, near] = [Math.max(a, b), Math.min(a, b)];
      if (near > 1e100) return Math.log1p(d / near);
      return Math.asinh((d * (far + near)) / (far * Math.hypot(1, near) + near * Math.hypot(1, far)));
    }
    case "log":
      return x > map.from ? Math.log1p(width / (x - map.from)) : Number.POSITIVE_INFINITY;
    case "softplusInverse": {
      const u = (x - map.from) / map.scale;
      const d = width / map.scale;
      if (!(u > 0)) return Number.POSITIVE_INFINITY;
      return d < 1
        ? Math.log1p(Math.expm1(d) / -Math.expm1(-u))
        : d + Math.log(-Math.expm1(-u - d)) - Math.log(-Math.expm1(-u));
    }
    case "logBelow":
      return x + width < map.to ? -Math.log1p(-width / (map.to - x)) : Number.POSITIVE_INFINITY;
    case "logit":
      return x > map.from && x + width < map.to
        ? Math.log1p(width / (x - map.from)) - Math.log1p(-width / (map.to - x))
        : Number.POSITIVE_INFINITY;
  }
}
