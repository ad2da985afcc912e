/**
 * The parts of fitting: minimizing a loss of your own, mixtures, gradient flows, and what reports hold.
 *
 * @module pushforward/fitting
 */

export type { AscentMaps } from "../fitting/dualAscent/dualAscent.ts";
export type { ColumnNote, MissingCells } from "../fitting/fitOptions.ts";
export type { ReportWarning } from "../fitting/fitReport.ts";
export { type FlowOfOptions, flowOf, parametersOf } from "../fitting/flowOf.ts";
export type { MarginalKind } from "../fitting/gaussianization/marginalMap.ts";
export type { RotationKind } from "../fitting/gaussianization/rotations.ts";
export { type AdamWOptions, adamW } from "../fitting/gradient/adamW.ts";
export {
  type EpochRecord,
  type MinimizeOptions,
  type MinimizeResult,
  type MinimizeState,
  minimize,
  type Objective,
  type Rows,
  type StepDraw,
} from "../fitting/gradient/minimize.ts";
export { defaultRecipe, type Recipe } from "../fitting/gradient/recipe.ts";
export { type Density, type DensityLike, densityOf } from "../fitting/gradientFlow/density.ts";
export {
  type GradientFlow,
  type GradientFlowForm,
  type GradientFlowOptions,
  gradientFlow,
  type Mobility,
} from "../fitting/gradientFlow/gradientFlow.ts";
export type { GridOptions } from "../fitting/gradientFlow/gridFlow.ts";
export type { NormalMixture } from "../fitting/gradientFlow/normalMixture.ts";
export type { Path, Snapshot, Trajectory } from "../fitting/gradientFlow/trajectory.ts";
export { type ValuesFromDataOptions, valuesFromData } from "../fitting/preparation/valuesFromData.ts";
export {
  type PosteriorByRounds,
  type PosteriorByRoundsOptions,
  posteriorByRounds,
  type SimulationRound,
} from "../fitting/simulation/posteriorByRounds.ts";
export {
  chooseGaussianMixture,
  fitGaussianMixture,
  type GaussianMixtureOptions,
} from "../fitting/statistics/gaussianMixture.ts";
export type { GaussianMixture } from "../fitting/statistics/mixtureDensity.ts";
export { type BatchesFit, type FitBatchesOptions, fitBatches } from "../fitting/streamed/fitBatches.ts";
export type { Diagnostics, ParameterSummary } from "../fitting/variational/approximation.ts";
export type { Bounded } from "../fitting/variational/judgement/boundDistances.ts";
export type { ApproximationWarning, WarningCode } from "../fitting/variational/judgement/warnings.ts";
export type { DrawOptions, WeightedSamples } from "../fitting/variational/judgement/weighing.ts";
export {
  type ParameterDescription,
  type ParameterSpace,
  parameterSpace,
} from "../fitting/variational/parameterSpace.ts";
export type { VariationalDivergence, VariationalGradient } from "../fitting/variational/variationalLoss.ts";
export { trainedLeaves } from "../graph/parameters.ts";
export { atomicLogProb } from "../models/scores/atomicLogProb.ts";
export {
  type EvidenceBound,
  type EvidenceBoundOptions,
  evidenceBound,
  type WeightedPath,
} from "../models/scores/evidenceBound.ts";
export { type LogProbBoundOptions, logProbBound } from "../models/scores/logProbBound.ts";
