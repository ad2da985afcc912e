/**
 * What can be chosen, as data: the kinds of flow, the options of the verbs, and how messages speak of options. For forms, command lines
 * and services; light, as the library is not loaded with it.
 *
 * @module pushforward/options
 */

export { type BaseName, baseNames } from "../architectures/bases/baseNames.ts";
export {
  comparedKinds,
  type FittedKind,
  flowKinds,
  hasEpochs,
  hasMixedColumns,
  isTrained,
  modelKinds,
  type OtherKind,
  type StatisticalKind,
  type VariationalKind,
  variationalKinds,
} from "../architectures/kinds.ts";
export { closestName, listNames } from "../closestName.ts";
export { anomaliesOptionTable } from "../diagnostics/anomalies/anomaliesOptions.ts";
export { compareOptionTable } from "../diagnostics/compare/compareOptions.ts";
export {
  anomaliesDefaults,
  compareDefaults,
  evaluateDefaults,
  informationFolds,
  klDivergenceDefaults,
  mostSamples,
} from "../diagnostics/defaults.ts";
export {
  densityRatioOptionTable,
  klDivergenceOptionTable,
} from "../diagnostics/divergence/divergenceOptions.ts";
export { evaluateOptionTable } from "../diagnostics/evaluate/evaluateOptions.ts";
export { informationOptionTable } from "../diagnostics/informationOptions.ts";
export {
  exportFunctions,
  exportOptionTable,
  exportTargets,
  verifyOptionTable,
} from "../exchange/exportOptions.ts";
export { importedLibraries, importOptionTable } from "../exchange/importOptions.ts";
export {
  approximateDefaults,
  ascentPatience,
  columnsDefaults,
  fitDefaults,
  matchingWeightDecay,
} from "../fitting/defaults.ts";
export { fitOptionTable } from "../fitting/fitOptions.ts";
export { checkFormerOptions } from "../fitting/flowOption.ts";
export { approximateOptionTable } from "../fitting/variational/approximateOptionTable.ts";
export { imputeDefaults, questionDefaults } from "../models/columns/questions/questionDefaults.ts";
export {
  cdfOptionTable,
  type DistributionOptions,
  type GivenReport,
  type Imputation,
  type ImputeOptions,
  imputeOptionTable,
  type Marginal,
  type MarginalOptions,
  marginalOptionTable,
  type Probabilities,
  type Quantiles,
  quantileOptionTable,
} from "../models/columns/questions/questionOptions.ts";
export {
  type GivenRange,
  type GivenValue,
  logProbOptionTable,
  sampleOptionTable,
} from "../models/flowOptions.ts";
export type { OptionKind, OptionTable } from "../options.ts";
export { replaceOptionTexts } from "../optionText.ts";
export { checkColumnParse } from "../tables/columnRecord.ts";
export { readTableOptionTable } from "../tables/readTableOptions.ts";
