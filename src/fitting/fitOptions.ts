/**
 * What a fit can be told.
 *
 * @module
 */

import { type BaseName, baseNames } from "../architectures/bases/baseNames.ts";
import {
  flowKinds,
  type ModelKind,
  mixedKinds,
  modelKinds,
  statisticalKinds,
} from "../architectures/kinds.ts";
import { type RadialProfile, radialProfiles } from "../bijections/residual/radialProfiles.ts";
import { mostMembers } from "../models/columns/mostMembers.ts";
import type { Flow } from "../models/flow.ts";
import {
  anObject,
  callback,
  count,
  engineOptions,
  flag,
  integer,
  names,
  notNegative,
  numberOf,
  type OptionKind,
  oneOf,
  positive,
  signal,
  sizes,
  text,
  wholeNumber,
} from "../options.ts";
import type { ColumnKind, TableSchema } from "../tables/schema/columnSchema.ts";
import type { AscentMaps } from "./dualAscent/dualAscent.ts";
import { type FlowOption, flowOptionKind } from "./flowOption.ts";
import type { MarginalKind } from "./gaussianization/marginalMap.ts";
import type { RotationKind } from "./gaussianization/rotations.ts";

/** What can be done with missing cells. */
export const missingCells = ["error", "drop", "marginal", "outcome"] as const;

/** What is done with missing cells. */
export type MissingCells = (typeof missingCells)[number];

/** What a column of a table was taken for, in words. */
export interface ColumnNote {
  /** Its name. */
  readonly name: string;
  /** Its kind. */
  readonly kind: ColumnKind;
  /** What becomes of it; `given` and `weights` as the options say. */
  readonly use: "fit" | "given" | "weights" | "keep" | "exclude";
  /** What of it: levels, range, step, atoms, missing cells; of one that is left out why. */
  readonly values: string;
  /** What else could be meant, or how to use what is left out. */
  readonly remedy?: string | undefined;
  /** The warning that says the same, where there is one. */
  readonly warning?: string | undefined;
}

/** Where a fit stands; log-likelihoods are means in nats per row, in data units. */
export interface FitProgress {
  /** Epochs done; of an epoch of more than 500 steps, parts count. */
  readonly epoch: number;
  /** Epochs at most. */
  readonly epochs: number;
  /** Optimizer steps done. */
  readonly step: number;
  /** Optimizer steps at most. */
  readonly steps: number;
  /**
   * Of the rows trained on in this epoch; where a mixture teaches, its rows are among them. NaN where training minimizes
   * something else than minus a log-density.
   */
  readonly trainLogProb: number;
  /** Of the held-out rows, under the moving average of the weights; without such rows the same as `trainLogProb`. */
  readonly validationLogProb: number;
  /** Epoch whose weights would be returned now. */
  readonly bestEpoch: number;
  /** Which of the `members` is trained, from 1: networks of a flow of mixed columns, one after another. */
  readonly member?: number | undefined;
  /** Networks whose distributions are averaged, at most (default 2 for `columns`). */
  readonly members?: number | undefined;
}

/** What a fit is at, as it goes on to it. */
export interface FitPhase {
  /**
   * Choosing the preparation of the columns by short trainings; for `columns`, looking at each column by itself; keeping rows of a table in
   * batches on disk; or the training itself.
   */
  readonly phase: "preparation" | "columns" | "rows" | "training";
  /** Trials done, columns, rows, or epochs. */
  readonly done: number;
  /** Trials, columns, rows, or epochs at most. */
  readonly total: number;
}

/**
 * Options of a fit. All have defaults; those of sizes and lengths follow from the table (see `defaultRecipe`). An option that
 * means nothing for the kind of flow is refused. "Trained" are the kinds of {@link flowKinds} and all architectures.
 */
export interface FitOptions {
  /**
   * What is fitted: the name of a kind (default `nsf-ar` where all columns are real numbers, else `columns`), an architecture, or a function that makes one of the number of
   * fitted and given columns, such as `(sizes) => neuralSplineFlow({ ...sizes, bins: 16 })`.
   */
  readonly flow?: FlowOption<ModelKind> | undefined;
  /**
   * A model that training starts at, imported or fitted here by gradient: a flow, or the path (Node) or bytes of its file. Its structure,
   * columns, preparation and precision are kept, so that `flow`, `columns`, `given`, `simplex`, `transforms`, `hidden` and `embedding` are refused beside it;
   * the table must have its columns. On the held-out rows the result is never worse than the model.
   */
  readonly from?: Flow | string | Uint8Array | ArrayBuffer | Blob | undefined;
  /**
   * Columns to fit (default: all that are not used otherwise and are neither constant nor identifiers nor free text; for kinds of numbers
   * all columns of numbers that are not used otherwise).
   */
  readonly columns?: readonly string[] | undefined;
  /** Columns to condition on, trained kinds only. */
  readonly given?: readonly string[] | undefined;
  /** Column of row weights, 0 or more. */
  readonly weights?: string | undefined;
  /**
   * Passes over the training rows at most, in one cycle of the learning rate (default: by table, see `defaultRecipe` of `pushforward/fitting`;
   * from 5,000 rows on more while the held-out score rises, within the budget).
   */
  readonly epochs?: number | undefined;
  /**
   * Seconds that the training may take on two cores (default 120, but never less than the recipe of the table; for `columns` the
   * recipe, once). They are turned into steps by a fixed cost, so that results repeat; a slower machine takes longer. Given,
   * a small table goes on, too, while its held-out score rises.
   */
  readonly budget?: number | undefined;
  /**
   * Rows per step (default 128 for fewer than 1,000 rows, else 256; then the first steps of a training may have a half or a quarter of them,
   * see `defaultRecipe` of `pushforward/fitting`).
   */
  readonly batch?: number | undefined;
  /** Peak of the one-cycle schedule (default by table and kind, 0.003 to 0.05; with `from` 0.002). */
  readonly learningRate?: number | undefined;
  /**
   * Decay of weight matrices, per step, relative to the learning rate (default 1e-4, for flow matching 0.02, for `columns` 0.25,1.5, one
   * network after another); well below 1 / rate.
   */
  readonly weightDecay?: number | undefined;
  /**
   * Share of the rows held out for early stopping, in (0, 1), or 0 for none (default 0.1; 0.05 for continuous flows from 5,000
   * rows on).
   */
  readonly validation?: number | undefined;
  /**
   * Epochs without a better held-out log-likelihood before a training stops (default half of all, at least 20; a fifth, at
   * least 10, for `nsf-ar`, `nsf`, `maf` and `realnvp` from 1,000 rows on; for `columns` a fifth); for `dual-ascent` steps (default 100).
   */
  readonly patience?: number | undefined;
  /** Decay of the moving average of the weights, in [0, 1) (default 0.995, for `columns` 0.99). */
  readonly averaging?: number | undefined;
  /**
   * What to do with rows that lack a value in a used column: an error (default for kinds of numbers), or leave them out and count
   * them in `dropped`. For `columns` a missing cell is an `outcome` with a probability of its own (default), or says nothing:
   * `marginal` is the density of the cells that are there.
   */
  readonly missing?: MissingCells | undefined;
  /**
   * For `columns`: what the columns are, as `describe` gives it or a schema file holds it; columns that it does not name are found out.
   */
  readonly schema?: TableSchema | undefined;
  /**
   * For `columns`: kinds by column, such as `{ age: "integer", shift: "angle:24", score: "interval:0:100", joined:
   * "date-time:day-month-year" }`. For `ncsf`: the period of each column, as in `{ phi: "angle:360", psi: "angle:360" }`.
   */
  readonly kinds?: Readonly<Record<string, string>> | undefined;
  /**
   * For `columns`: trains one network for all sets of known columns (default false): then questions about some columns given others are
   * answered by one pass, without draws, each set by a density of its own. The fit takes up to twice as long.
   */
  readonly anyOrder?: boolean | undefined;
  /**
   * For `columns`: networks whose distributions of each cell are averaged, from 1 to 16 (default 2, with `anyOrder` 1). They
   * differ in how much of a row is hidden in training; held-out rows weigh them column by column, and leave the best alone
   * where the others do not help it. Unless this, `epochs` or `budget` is given, the first is the only one where its held-out
   * score still rises at the end.
   */
  readonly members?: number | undefined;
  /**
   * For `nsf-ar` and `maf`: what each column depends on, such as `{ wage: ["age", "education"], hours: ["age"] }`; a column that is not named depends on
   * none, and all depend on given ones. Circles are an error that names them. The model is the product of the densities of each column given its
   * parents, and prepares each column by itself.
   */
  readonly parents?: Readonly<Record<string, readonly string[]>> | undefined;
  /**
   * For trained kinds that are named, but `ncsf`, `flow-matching` and `mixture-of-flows`: the distribution that they push forward (default `normal`). `mixture`
   * is of four normal laws; all but `normal` are trained with the flow. An architecture has its own, and takes any: `neuralSplineFlow({ base: studentT })`.
   */
  readonly base?: BaseName | undefined;
  /** Columns that are left out. */
  readonly exclude?: readonly string[] | undefined;
  /** Columns that are not fitted, but carried along: the model names them, and `keptColumns` finds them beside scores. */
  readonly keep?: readonly string[] | undefined;
  /**
   * Columns that are shares of a total, such as `["sand", "silt", "clay"]`: all above 0, with one sum in all rows, which is found
   * out. The density is one with respect to all fitted columns but the last of these, minus infinity where the shares do not sum to
   * the total; samples do.
   */
  readonly simplex?: readonly string[] | undefined;
  /** File to keep the state of the fit in (Node). */
  readonly checkpoint?: string | undefined;
  /** Go on from the checkpoint if there is one. */
  readonly resume?: boolean | undefined;
  /** Same seed, same model (default 0). */
  readonly seed?: number | undefined;
  /**
   * Threads of the wasm engine (default: those of the machine, at most 8). The result does not depend on it.
   */
  readonly threads?: number | undefined;
  /** Wide SIMD of the wasm engine, experimental in V8 (default false). The result does not depend on it. */
  readonly wide?: boolean | undefined;
  /** Numbers of the training (default `float32`); the preparation is always in float64. */
  readonly precision?: "float32" | "float64" | undefined;
  /** `wasm` (default), or `reference`, float64 in plain TypeScript, slow. */
  readonly engine?: "wasm" | "reference" | undefined;
  /** Stops the fit, with an AbortedError unless `keepOnAbort`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where the signal fires during training, give the best model so far, with `interrupted` in the result (default false). A fit
   * that has not yet learned anything ends in the AbortedError all the same.
   */
  readonly keepOnAbort?: boolean | undefined;
  /** Number of transforms of a trained kind that is given by name (default by kind and table; see `defaultRecipe` of `pushforward/fitting`). */
  readonly transforms?: number | undefined;
  /**
   * Sizes of the hidden layers of each conditioner, the same (default 32, 32 below 500 rows, else 64, 64; for `columns`
   * 128, 128; for residual and continuous flows by table, see `defaultRecipe`).
   */
  readonly hidden?: readonly number[] | undefined;
  /**
   * Sizes of the layers of a network that the given columns go through once, for all transforms, such as `[64, 16]`: each transform is given the
   * last 16 numbers (default: each is given the columns). For trained kinds that are named, but `cnf`, `flow-matching` and `mixture-of-flows`; for an
   * architecture there is `embeddedFlow`.
   */
  readonly embedding?: readonly number[] | undefined;
  /**
   * Whether the gradients of a training keep of each transform what it is given alone, and compute the rest once more (default false): memory that
   * hardly grows with `transforms`, for a quarter to a third more time and the same gradients within rounding. For trained kinds but `cnf`, `flow-matching` and `mixture-of-flows`.
   */
  readonly recompute?: boolean | undefined;
  /** Components of a `mixture`, exactly so many (default: as many of 1 to 24 as have the smallest BIC). */
  readonly components?: number | undefined;
  /**
   * Standard deviation of the kernel of `kde`, in standard deviations of the columns, or of the whitened columns where these
   * do better (default: the best by likelihood cross-validation).
   */
  readonly bandwidth?: number | undefined;
  /**
   * For `gaussianization`: directions of a layer, which are principal axes, independent components (FastICA), or random
   * (default `ica`). Those of the sliced Wasserstein distance are a kind of their own, `sliced`.
   */
  readonly rotation?: Exclude<RotationKind, "sliced"> | undefined;
  /** For `gaussianization` and `sliced`: how marginal distributions are estimated (default `kernel`). */
  readonly marginal?: MarginalKind | undefined;
  /**
   * For the same kinds: layers at most, of which as many are made as held-out rows say: by default 100, for `sliced` 300, but 10,000,000
   * over the rows where that is less, and no fewer than 50.
   */
  readonly layers?: number | undefined;
  /** For the same kinds: knots of each spline, from 8 to 256 (default 24). */
  readonly knots?: number | undefined;
  /**
   * For the same kinds: share of the way to normal that a layer goes, above 0 and at most 0.95 (default 0.5; below 500 rows 0.25 or
   * 0.5 by trial).
   */
  readonly step?: number | undefined;
  /** For `dual-ascent`: radial maps, one-dimensional maps along orthogonal directions, or both in every step (default `both`). */
  readonly maps?: AscentMaps | undefined;
  /** For the same kinds: how radial maps fall off with the distance from their center (default `compact`). */
  readonly profile?: RadialProfile | undefined;
  /**
   * For the same kinds: number of rows in the smallest balls and windows, above 0. Default: a hundredth, a twentieth or a fifth of the rows,
   * whichever does best on held-out rows in a short trial.
   */
  readonly pointsInBall?: number | undefined;
  /**
   * For the same kinds: steps at most (default 2000, fewer for large tables), of which as many are kept as held-out rows say. With
   * `validation: 0` exactly as many are made, where the number is given.
   */
  readonly steps?: number | undefined;
  /** Called after each validation. */
  readonly onProgress?: ((progress: FitProgress) => void) | undefined;
  /** Called before each trial of a preparation, after the last one, behind each column of a flow of mixed ones, and when the steps of the training begin. */
  readonly onPhase?: ((phase: FitPhase) => void) | undefined;
  /**
   * Called when the columns are chosen, before anything is trained, where a flow of mixed columns is fitted: what each column of the table
   * was taken for, and what becomes of it; and, where no kind was named, why such a flow was taken.
   */
  readonly onColumns?: ((columns: readonly ColumnNote[], chosen?: string) => void) | undefined;
  /** Gets one line for each column that is left out, was read from another dress, or looks discrete. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/** Sizes beyond which a fit would only run out of memory, after a long while. */
const mostTransforms = 500;
const mostHidden = 8192;

/** What an option of a fit may be, and whose it is. */
interface FitOptionKind extends OptionKind {
  /** The kinds that have it; undefined for all. */
  readonly kinds?: readonly ModelKind[] | undefined;
}

const of = (kinds: readonly ModelKind[], kind: OptionKind): FitOptionKind => ({ ...kind, kinds });
const ofTrained = (kind: OptionKind): FitOptionKind => of(flowKinds, kind);
const ofEpochs = (kind: OptionKind): FitOptionKind => of([...flowKinds, ...mixedKinds], kind);
const ofNumbers = (kind: OptionKind): FitOptionKind => of([...flowKinds, ...statisticalKinds], kind);
const ofMixed = (kind: OptionKind): FitOptionKind => of(mixedKinds, kind);
const ofLayers = (kind: OptionKind): FitOptionKind => of(["gaussianization", "sliced"], kind);
const ofAscent = (kind: OptionKind): FitOptionKind => of(["dual-ascent"], kind);

const rotations: readonly NonNullable<FitOptions["rotation"]>[] = ["pca", "ica", "random"];
const marginals: readonly MarginalKind[] = ["kernel", "mixture", "histogram", "spline"];
const ascentMaps: readonly AscentMaps[] = ["directional", "radial", "both"];

/** Kinds whose bases are part of what they are. */
const basesOfTheirOwn: readonly string[] = ["ncsf", "flow-matching", "mixture-of-flows"];

/** Kinds that have one network, or where the base is given columns. */
const ofOneNetwork: readonly string[] = ["cnf", "flow-matching", "mixture-of-flows"];

const ofChains = (kind: OptionKind): FitOptionKind =>
  of(
    flowKinds.filter((each) => !ofOneNetwork.includes(each)),
    kind,
  );

/** What each option of a fit may be, and whose it is. */
export const fitOptionTable: Readonly<Record<keyof Required<FitOptions>, FitOptionKind>> = {
  flow: flowOptionKind(modelKinds),
  from: ofTrained({
    ...text,
    expected: "a flow, or the path or bytes of a model file",
    accepts: (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  }),
  columns: names,
  given: ofEpochs(names),
  weights: text,
  transforms: ofTrained(wholeNumber(`a positive integer, at most ${mostTransforms}`, 1, mostTransforms)),
  hidden: ofEpochs(sizes(mostHidden)),
  embedding: ofChains(sizes(mostHidden)),
  epochs: ofEpochs(count),
  budget: ofEpochs(numberOf("a positive number of seconds", (x) => x > 0 && Number.isFinite(x))),
  batch: ofEpochs(count),
  learningRate: ofEpochs(positive),
  weightDecay: ofEpochs(notNegative),
  validation: numberOf("a share of the rows, at least 0 and below 1", (x) => x >= 0 && x < 1),
  patience: of([...flowKinds, ...mixedKinds, "dual-ascent"], count),
  averaging: ofEpochs(numberOf("at least 0 and below 1", (x) => x >= 0 && x < 1)),
  missing: oneOf(missingCells),
  schema: ofMixed(anObject),
  kinds: of([...mixedKinds, "ncsf"], anObject),
  anyOrder: ofMixed(flag),
  members: ofMixed(wholeNumber(`a positive integer, at most ${mostMembers}`, 1, mostMembers)),
  parents: of(["nsf-ar", "maf"], anObject),
  base: of(
    flowKinds.filter((kind) => !basesOfTheirOwn.includes(kind)),
    oneOf(baseNames),
  ),
  exclude: names,
  keep: names,
  simplex: ofNumbers(names),
  checkpoint: ofEpochs(text),
  resume: ofEpochs(flag),
  seed: integer,
  ...engineOptions,
  signal,
  keepOnAbort: ofEpochs(flag),
  recompute: ofChains(flag),
  components: of(["mixture"], count),
  bandwidth: of(["kde"], positive),
  rotation: of(["gaussianization"], oneOf(rotations)),
  marginal: ofLayers(oneOf(marginals)),
  layers: ofLayers(wholeNumber("an integer from 1 to 1000", 1, 1000)),
  knots: ofLayers(wholeNumber("an integer from 8 to 256", 8, 256)),
  step: ofLayers(numberOf("above 0 and at most 0.95", (value) => value > 0 && value <= 0.95)),
  maps: ofAscent(oneOf(ascentMaps)),
  profile: ofAscent(oneOf(radialProfiles)),
  pointsInBall: ofAscent(positive),
  steps: ofAscent(count),
  onProgress: callback,
  onPhase: ofEpochs(callback),
  onColumns: callback,
  onWarning: callback,
};
