/**
 * Normalizing flows: fit a density to a table, score rows, draw samples.
 *
 * @module pushforward
 */

export type { FlowKind, ModelKind } from "./architectures/kinds.ts";
export {
  type CompareOptions,
  type CompareProgress,
  type Comparison,
  compare,
} from "./diagnostics/compare/compare.ts";
export type { ComparedFlow } from "./diagnostics/compare/comparedScores.ts";
export {
  type Estimate,
  type InformationOptions,
  type InformationResult,
  information,
} from "./diagnostics/information.ts";
export {
  AbortedError,
  DataError,
  FormatError,
  NumericalError,
  PushforwardError,
  ShapeError,
  UsageError,
} from "./errors.ts";
export { type CrossFit, type CrossFitOptions, type CrossFitProgress, crossFit } from "./fitting/crossFit.ts";
export { fit } from "./fitting/fit.ts";
export type { FitOptions, FitPhase, FitProgress } from "./fitting/fitOptions.ts";
export type { FitReport, FitResult } from "./fitting/fitReport.ts";
export type { FlowOption } from "./fitting/flowOption.ts";
export { approximate } from "./fitting/variational/approximate.ts";
export type { ApproximateOptions, ApproximateProgress } from "./fitting/variational/approximateOptions.ts";
export type { Approximation, ApproximationReport } from "./fitting/variational/approximation.ts";
export type { ParameterDescriptions } from "./fitting/variational/parameterSpace.ts";
export type { DerivedQuantities, LogDensity } from "./fitting/variational/writtenDensity.ts";
/** @internal Names that are gone, in no type. */
export {
  fitDualAscent,
  fitFlow,
  fitGaussian,
  fitGaussianization,
  fitKernelDensity,
  fitMixture,
  fitTable,
  fitVariational,
} from "./formerNames.ts";
export { type FormulaScope, formula } from "./graph/library/formula.ts";
export { Flow, type FlowDescription, load, type SampleWithLogProb } from "./models/flow.ts";
export type {
  EvaluationOptions,
  LoadOptions,
  LogProbOptions,
  SampleOptions,
} from "./models/flowOptions.ts";
export type { FittedDescription } from "./models/model.ts";
export { type RegisterOptions, register } from "./models/register.ts";
export type { RowsLike } from "./models/rows/splitRows.ts";
export type { Reader } from "./registry.ts";
export { type ReadTableOptions, readTable } from "./tables/reading/readTable.ts";
export { tableFromObjects, tableToObjects } from "./tables/reading/tableFromObjects.ts";
export { type DescribeOptions, describe, type TableDescription } from "./tables/schema/describe.ts";
export { type SplitTableOptions, type SplitTables, splitTable } from "./tables/splitTable.ts";
export { column, selectColumns, type Table, tableFromColumns, tableFromRows } from "./tables/table.ts";
export { tableToBytes, writeTable } from "./tables/writeTable.ts";
