/**
 * Diagnostics: calibration, uniformity, Pareto smoothing, how the equations of continuous flows were solved.
 *
 * @module pushforward/diagnostics
 */

export {
  type Calibration,
  type CalibrationOptions,
  type ConditionalSampler,
  type Coverage,
  calibrationRanks,
  type RankedQuantity,
} from "../diagnostics/calibration.ts";
export {
  bandTest,
  type ChiSquareTest,
  chiSquareTest,
  type RankBand,
  rankBand,
} from "../diagnostics/uniformity.ts";
export {
  type SolverReport,
  solverReport,
  type TrajectoryOptions,
  trajectories,
} from "../models/solverReport.ts";
export { type ParetoSmoothed, paretoSmoothed } from "../numerics/paretoSmoothing.ts";
