/**
 * How large a flow and how long a training a table gets unless the caller says otherwise: a function of its shape.
 *
 * The numbers come from trials on some thirty real and synthetic tables of 120 to 16,000 rows; see
 * docs/fitting.md for what was tried and what it gained.
 *
 * @module
 */

import { anObject, checkArgument } from "../../options.ts";
import { fitDefaults, matchingWeightDecay } from "../defaults.ts";
import type { BatchParts } from "./batches.ts";

/** Everything that a fit needs to know beyond the table. */
export interface Recipe {
  /** Kind of flow. */
  readonly flow: string;
  /** Number of transforms. */
  readonly transforms: number;
  /** Sizes of the hidden layers of each conditioner. */
  readonly hidden: readonly number[];
  /** Bins of each spline. */
  readonly bins: number;
  /** Passes over the training rows, of the first cycle. */
  readonly epochs: number;
  /** Batches of about as many passes, where one pass is longer. */
  readonly steps: number;
  /** Rows per step. */
  readonly batch: number;
  /** Into how many steps batches are cut at the beginning of a cycle; see `minimize`. */
  readonly parts: readonly BatchParts[];
  /** Peak of the one-cycle schedule. */
  readonly learningRate: number;
  /** Decay of the mean of squares of the gradient. */
  readonly beta2: number;
  /** Decay of the moving average of the weights, per step. */
  readonly averaging: number;
  /** Decay of weight matrices, per step, relative to the learning rate. */
  readonly weightDecay: number;
  /** Epochs without a better validation score before a fit stops. */
  readonly patience: number;
  /** Share of each batch that is drawn from a Gaussian mixture fitted to the training rows; 0 for none. */
  readonly mixtureShare: number;
  /**
   * Rows of the mixture are left out that the preparation takes farther out, in any column, than this many times the
   * farthest training row.
   */
  readonly mixtureReach: number;
  /** Whether only preparations are tried that remove correlations. */
  readonly whitened: boolean;
}

/** Passes over the rows in about as many steps. */
function epochsFor(steps: number, rows: number, batch: number): number {
  return Math.max(1, Math.round(steps / Math.max(1, Math.round((0.9 * rows) / batch))));
}

/** Rows of training from which on a training goes on while the held-out score rises. */
export const growsFrom = 4500;

/** Rows from which on continuous flows are larger. */
const manyRows = 5000;

/**
 * Share of the rows that a fit holds out for validation. Continuous flows of many rows gain more by further rows than by
 * a better choice of the epoch.
 */
export function defaultValidation(kind: string | undefined, rows: number): number {
  return (kind === "cnf" || kind === "flow-matching") && rows >= manyRows ? 0.05 : fitDefaults.validation;
}

/** Columns up to which the exact divergence of a velocity of three hidden layers, as many products, is worth its time. */
const fewColumns = 8;

/**
 * What continuous flows do otherwise: few steps by maximum likelihood, each dear, or many by flow matching, each cheap. Many
 * rows show more than a small network can hold: there that of likelihood is wider and that of matching deeper.
 */
function continuousDefaults(
  kind: string | undefined,
  rows: number,
  features: number,
  batch: number,
): Partial<Recipe> {
  if (kind !== "cnf" && kind !== "flow-matching") return {};
  const isMatching = kind === "flow-matching";
  const isLarge = rows >= manyRows;
  const width = isMatching || isLarge ? 128 : 64;
  const depth = isMatching && isLarge && features <= fewColumns ? 3 : 2;
  const [few, some, many] = isMatching ? [4000, 6000, 12000] : [500, 800, 1600];
  const epochs = epochsFor((rows < 1000 ? few : rows < 5000 ? some : many)!, rows, batch);
  // Waves take smaller steps, unless rows are so few that what small ones would learn is noise.
  const learningRate = isLarge || (isMatching && rows >= 500) ? 5e-3 : 1e-2;
  const hidden = Array.from({ length: depth }, () => width);
  const steps = (rows < 1000 ? few : rows < 5000 ? some : many)!;
  return { hidden, epochs, steps, learningRate, ...(isMatching ? { weightDecay: matchingWeightDecay } : {}) };
}

/** What Gaussianization flows do otherwise: without a network, mixtures bear large steps, and need them to come apart. */
function mixtureDefaults(kind: string | undefined): Partial<Recipe> {
  return kind === "gf" ? { learningRate: 5e-2 } : {};
}

/** What residual flows do otherwise: many small maps of one hidden layer, whose bounded slopes bear large steps. */
function residualDefaults(kind: string | undefined, rows: number): Partial<Recipe> {
  return kind === "residual" ? { transforms: rows < 1000 ? 8 : 16, hidden: [64], learningRate: 2e-2 } : {};
}

/** Columns that a row must be worth for its table's covariance to be a safe start. */
const rowsAColumn = 5;

/**
 * What flows of elementary maps do otherwise: many of them, each of few parameters, which bear large steps and hardly
 * overfit. They leave far rows where they are, so that a single one that a spline has thrown out would rule the gradient:
 * no teacher where rows are many, and one without far rows where they are few.
 *
 * A radial map cannot turn, and few rows cannot choose a preparation: there the start is the Gaussian of the columns.
 */
function elementaryDefaults(
  kind: string | undefined,
  rows: number,
  features: number,
  batch: number,
): Partial<Recipe> {
  if (kind !== "planar" && kind !== "radial" && kind !== "sylvester") return {};
  const isTiny = rows < 500;
  const steps = rows < 1000 ? 1400 : rows < 5000 ? 2400 : 5000;
  return {
    transforms: (kind === "sylvester" ? 8 : 16) * (isTiny && kind !== "radial" ? 1 : 2),
    epochs: epochsFor(steps, rows, batch),
    steps,
    learningRate: 2e-2,
    mixtureShare: isTiny ? 0.7 : 0,
    mixtureReach: 1.2,
    whitened:
      features > 1 && rows >= rowsAColumn * features && (kind === "radial" || (kind === "planar" && isTiny)),
  };
}

/** What decides how long a training takes. */
interface Pace extends Pick<Recipe, "parts" | "learningRate" | "beta2"> {
  /** Share of the rows which whole batches in all of the usual steps would go through. */
  readonly share: number;
  /** Share of the epochs without a better score after which a training stops, and the least number of them. */
  readonly patience: { readonly share: number; readonly least: number };
}

/** Kinds that bear a high rate, as trials on ten tables have shown. */
export const fastKinds: readonly string[] = ["nsf-ar", "nsf", "maf", "realnvp"];

/** Rows from which on small batches are too rough for what the rows can tell. */
const someRows = 2000;

/** Rows for each column below which a flow soon knows what the columns have in common, and then learns the rows by heart. */
const fewRowsAColumn = 100;

/**
 * With a short memory of squared gradients the rate may be high, and about as many steps are enough if the first ones see parts
 * of a batch. Couplings and affine maps of more rows need whole batches, and more.
 */
function paceOf(flow: string, rows: number, features: number): Pace {
  const isTiny = rows < 500;
  // Few columns are cheap, and ridges in them sharp: larger steps.
  const isNarrow = features <= 3 && rows >= 1000;
  if (!fastKinds.includes(flow)) {
    const learningRate = isTiny ? 3e-3 : isNarrow ? 8e-3 : 5e-3;
    return { share: 1, parts: [], learningRate, beta2: 0.999, patience: { share: 1 / 2, least: 20 } };
  }
  const isMany = rows >= someRows;
  const isWhole = flow !== "nsf-ar" && rows >= 1000;
  const few = [
    { until: 0.3, parts: 4 },
    { until: 0.7, parts: 2 },
  ];
  return {
    share: isWhole ? 0.85 : isMany ? 0.55 : 0.42,
    parts: isWhole ? [] : isMany ? [{ until: 0.4, parts: 2 }] : few,
    learningRate: isTiny ? 5e-3 : isNarrow ? 1.6e-2 : isMany && !isWhole ? 1e-2 : 1.25e-2,
    beta2: 0.99,
    // A handful of held-out rows says too little to stop soon.
    patience: rows < 1000 ? { share: 1 / 2, least: 20 } : { share: 1 / 5, least: 10 },
  };
}

/** The default recipe for a table of some rows and columns. */
export function defaultRecipe(
  table: { readonly rows: number; readonly features: number },
  settings: Partial<Recipe> = {},
): Recipe {
  checkArgument("defaultRecipe", "table", table, anObject, "such as { rows: 1000, features: 3 }");
  checkArgument("defaultRecipe", "own", settings, anObject);
  const { rows, features } = table;
  const batch = settings.batch ?? (rows < 1000 ? 128 : 256);
  const chosen = {
    ...continuousDefaults(settings.flow, rows, features, batch),
    ...residualDefaults(settings.flow, rows),
    ...mixtureDefaults(settings.flow),
    ...elementaryDefaults(settings.flow, rows, features, batch),
    ...settings,
  };
  const flow = chosen.flow ?? "nsf-ar";
  const isTiny = rows < 500;
  // Few columns are cheap, and ridges in them sharp: more transforms, larger and more steps.
  const isNarrow = features <= 3 && rows >= 1000;
  const width = isTiny ? 32 : 64;
  const isFew = rows < 5000 || (fastKinds.includes(flow) && rows < fewRowsAColumn * features);
  const steps = rows < 1000 ? 700 : isFew ? 1200 : 2500;
  const pace = paceOf(flow, rows, features);
  // A batch that the caller names is that of all steps.
  const hasParts = settings.batch === undefined;
  const usualSteps = Math.round((isNarrow ? Math.max(steps, 2000) : steps) * (hasParts ? pace.share : 1));
  const epochs = chosen.epochs ?? epochsFor(usualSteps, rows, batch);
  return {
    flow,
    transforms:
      chosen.transforms ??
      (flow === "realnvp" || flow === "nice"
        ? 8
        : ["sospf", "bpf", "unaf", "ncsf", "ttf"].includes(flow)
          ? 3
          : ["bnaf", "mixture-of-flows"].includes(flow)
            ? 2
            : flow === "nsf-ar"
              ? isNarrow
                ? 4
                : 3
              : 5),
    // Of blocks the units of each feature.
    hidden: chosen.hidden ?? (flow === "bnaf" ? [16, 16] : [width, width]),
    bins: chosen.bins ?? (features <= 2 ? 16 : 8),
    epochs,
    steps: Math.max(usualSteps, chosen.steps ?? 0),
    batch,
    parts: chosen.parts ?? (hasParts ? pace.parts : []),
    learningRate: chosen.learningRate ?? pace.learningRate,
    beta2: chosen.beta2 ?? pace.beta2,
    averaging: chosen.averaging ?? fitDefaults.averaging,
    weightDecay: chosen.weightDecay ?? fitDefaults.weightDecay,
    patience: chosen.patience ?? Math.max(pace.patience.least, Math.ceil(pace.patience.share * epochs)),
    mixtureShare: chosen.mixtureShare ?? (isTiny ? 0.7 : rows >= 6000 ? 0 : isNarrow ? 0.2 : 0.4),
    mixtureReach: chosen.mixtureReach ?? Number.POSITIVE_INFINITY,
    whitened: chosen.whitened ?? false,
  };
}
