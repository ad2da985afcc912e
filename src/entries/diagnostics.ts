/**
 * Diagnostics: a fitted flow on rows that it has not seen, what columns add to scores, how two flows differ, calibration, uniformity, Pareto smoothing, how the
 * equations of continuous flows were solved.
 *
 * @module pushforward/diagnostics
 */

export {
  type AcceptedShare,
  type AcceptedShareOptions,
  acceptedShare,
} from "../diagnostics/acceptedShare.ts";
export {
  type Anomalies,
  type AnomaliesOptions,
  type Anomaly,
  anomalies,
  type Blame,
} from "../diagnostics/anomalies/anomalies.ts";
export { anomaliesTable } from "../diagnostics/anomalies/anomaliesTable.ts";
export { type AnomalyBatches, anomalyBatches } from "../diagnostics/anomalies/anomalyBatches.ts";
export { StrangestRows } from "../diagnostics/anomalies/anomalyRows.ts";
export {
  type AnomalyScorer,
  type AnomalyScorerOptions,
  anomalyScorer,
} from "../diagnostics/anomalies/flowJudge.ts";
export {
  type Calibration,
  type CalibrationOptions,
  type ConditionalSampler,
  type Coverage,
  calibrationRanks,
  type RankedQuantity,
} from "../diagnostics/calibration.ts";
export { type CompareBatchesOptions, compareBatches } from "../diagnostics/compare/compareBatches.ts";
export {
  type DensityRatio,
  type DensityRatioOptions,
  densityRatio,
  densityRatioBatches,
} from "../diagnostics/divergence/densityRatio.ts";
export {
  type KlDivergence,
  type KlDivergenceOptions,
  klDivergence,
} from "../diagnostics/divergence/klDivergence.ts";
export type { Associations, PairAssociation } from "../diagnostics/evaluate/associations.ts";
export type { ClassifierTest } from "../diagnostics/evaluate/classifierTest.ts";
export type { ClosestRecords } from "../diagnostics/evaluate/closestRecords.ts";
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type HeldOutScore,
  privacyWarning,
} from "../diagnostics/evaluate/evaluate.ts";
export { type EvaluateBatchesOptions, evaluateBatches } from "../diagnostics/evaluate/evaluateBatches.ts";
export { evaluationText } from "../diagnostics/evaluate/evaluationText.ts";
export type { MarginalDistance } from "../diagnostics/evaluate/marginalDistances.ts";
export { type CheckLawsOptions, checkLaws, type LawReport } from "../diagnostics/laws/checkLaws.ts";
export type { LawResult } from "../diagnostics/laws/lawResult.ts";
export {
  bandTest,
  type ChiSquareTest,
  chiSquareTest,
  type RankBand,
  rankBand,
} from "../diagnostics/uniformity.ts";
export { sampleBatches } from "../models/batches/sampleBatches.ts";
export {
  type BatchScores,
  type ScoreBatchesOptions,
  type ScoredBatch,
  scoreBatches,
} from "../models/batches/scoreBatches.ts";
export { type ColumnMeans, type LogProbSummary, ScoreSummary } from "../models/batches/scoreSummary.ts";
export type { ColumnContributions, Contributions } from "../models/scores/contributions.ts";
export type { ImpossibleRow } from "../models/scores/impossibleCells.ts";
export type { ColumnMeasure, ReferenceMeasure } from "../models/scores/measure.ts";
export {
  type SolverReport,
  solverReport,
  type TrajectoryOptions,
  trajectories,
} from "../models/solverReport.ts";
export { type ParetoSmoothed, paretoSmoothed } from "../numerics/paretoSmoothing.ts";
