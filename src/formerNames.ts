/**
 * Names that are gone: whoever calls one is told what to call. They are in no type, so that they are not offered.
 *
 * @module
 */

import { UsageError } from "./errors.ts";

function gone(name: string, now: string): () => void {
  return () => {
    const facts = {
      problem: `${name} is gone: call ${now}`,
      expected: `a call of ${now}`,
      received: `a call of ${name}`,
    };
    throw new UsageError(facts, undefined, name);
  };
}

const ofKind = (kind: string): string => `fit(table, { flow: "${kind}", ... }), which gives { flow, report }`;

/** @internal */
export const fitTable: () => void = /* @__PURE__ */ gone(
  "fitTable",
  "fit(table, options), which gives { flow, report }",
);
/** @internal */
export const fitFlow: () => void = /* @__PURE__ */ gone(
  "fitFlow",
  "fit(table, options), which gives { flow, report }",
);
/** @internal */
export const fitVariational: () => void = /* @__PURE__ */ gone(
  "fitVariational",
  "approximate({ parameters, logDensity, flow, ... }), which gives { flow, report, sample }",
);
/** @internal */
export const fitGaussian: () => void = /* @__PURE__ */ gone(
  "fitGaussian",
  /* @__PURE__ */ ofKind("gaussian"),
);
/** @internal */
export const fitMixture: () => void = /* @__PURE__ */ gone("fitMixture", /* @__PURE__ */ ofKind("mixture"));
/** @internal */
export const fitKernelDensity: () => void = /* @__PURE__ */ gone(
  "fitKernelDensity",
  /* @__PURE__ */ ofKind("kde"),
);
/** @internal */
export const fitGaussianization: () => void = /* @__PURE__ */ gone(
  "fitGaussianization",
  /* @__PURE__ */ ofKind("gaussianization"),
);
/** @internal */
export const fitDualAscent: () => void = /* @__PURE__ */ gone(
  "fitDualAscent",
  /* @__PURE__ */ ofKind("dual-ascent"),
);
