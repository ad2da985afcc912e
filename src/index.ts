/**
 * Normalizing flows: fit a density to a table, score rows, draw samples.
 *
 * @module
 */

export { absoluteValue } from "./bijections/absoluteValue.ts";
export { type AffineOptions, affine } from "./bijections/affine.ts";
export { affineTransformer } from "./bijections/affineTransformer.ts";
export type {
  Bijection,
  BijectionJson,
  Bound,
  Branch,
  Initializer,
  Mapped,
  ParameterSpec,
  ParameterTree,
} from "./bijections/bijection.ts";
export {
  bindTree,
  flattenTree,
  leafOf,
  statistics,
  subtreeOf,
  trained,
  trainedUniform,
} from "./bijections/bijection.ts";
export { type BoundedOptions, bounded } from "./bijections/bounded.ts";
export { type Chain, chain } from "./bijections/chain.ts";
export { chainTransformer } from "./bijections/chainTransformer.ts";
export {
  type Continuous,
  type ContinuousOptions,
  continuous,
  type Divergence,
  type Solved,
  type SolveOptions,
} from "./bijections/continuous.ts";
export { type CouplingOptions, coupling } from "./bijections/coupling.ts";
export { type DirectionalMapOptions, directionalMap } from "./bijections/directionalMap.ts";
export { type ElementwiseOptions, elementwise } from "./bijections/elementwise.ts";
export { type HeavyTailsOptions, heavyTails } from "./bijections/heavyTails.ts";
export { invert } from "./bijections/invert.ts";
export type { ContractionNorm, ContractiveActivation } from "./bijections/lipschitzNetwork.ts";
export { luAffine } from "./bijections/luAffine.ts";
export { type MarginalSplineOptions, marginalSpline } from "./bijections/marginalSpline.ts";
export { type MaskedAutoregressiveOptions, maskedAutoregressive } from "./bijections/maskedAutoregressive.ts";
export { type Network, type NetworkOptions, network } from "./bijections/network.ts";
export { permutation } from "./bijections/permutation.ts";
export { type PlanarOptions, planar } from "./bijections/planar.ts";
export { type RadialOptions, radial } from "./bijections/radial.ts";
export { type RadialMapOptions, type RadialProfile, radialMap } from "./bijections/radialMap.ts";
export {
  type RationalQuadraticOptions,
  rationalQuadraticTransformer,
  type Tails,
} from "./bijections/rationalQuadraticTransformer.ts";
export { bijectionFromJson } from "./bijections/registry.ts";
export { type Repeated, type RepeatedOptions, repeated } from "./bijections/repeated.ts";
export {
  type Residual,
  type ResidualLogDet,
  type ResidualOptions,
  residual,
} from "./bijections/residual.ts";
export { type Roulette, seriesError } from "./bijections/residualLogDet.ts";
export { type RotationOptions, rotation } from "./bijections/rotation.ts";
export { type SlicedSplineOptions, slicedSpline } from "./bijections/slicedSpline.ts";
export { standardization } from "./bijections/standardization.ts";
export { type SylvesterOptions, sylvester } from "./bijections/sylvester.ts";
export type { ScalarMapped, Transformer, TransformerJson } from "./bijections/transformer.ts";
export { type TriangularAffineOptions, triangularAffine } from "./bijections/triangularAffine.ts";
export type { ColumnParse, ColumnRecord, LeftOut, LeftOutColumn } from "./data/columnRecord.ts";
export type { DependentColumn } from "./data/dependence.ts";
export type { ReadLimits } from "./data/limits.ts";
export { type ReadTableOptions, readTable } from "./data/readTable.ts";
export {
  column,
  selectColumns,
  type Table,
  tableFromColumns,
  tableFromRows,
} from "./data/table.ts";
export { writeTable } from "./data/writeTable.ts";
export { diagonalNormal } from "./distributions/diagonalNormal.ts";
export type { Distribution, DistributionJson } from "./distributions/distribution.ts";
export { type GaussianMixtureDistributionOptions, gaussianMixture } from "./distributions/gaussianMixture.ts";
export { type KernelDensityOptions, kernelDensity } from "./distributions/kernelDensity.ts";
export { distributionFromJson } from "./distributions/registry.ts";
export { standardNormal } from "./distributions/standardNormal.ts";
export { type TailedNormalOptions, tailedNormal } from "./distributions/tailedNormal.ts";
export type {
  Arrays,
  Engine,
  Executable,
  RunInputs,
  RunOptions,
  RunOutputs,
  Steps,
} from "./engines/engine.ts";
export { referenceEngine } from "./engines/reference/engine.ts";
export { type WasmEngineOptions, wasmEngine } from "./engines/wasm/engine.ts";
export {
  AbortedError,
  DataError,
  FormatError,
  NumericalError,
  PushforwardError,
  ShapeError,
  UsageError,
} from "./errors.ts";
export {
  type ComparedFlow,
  type CompareOptions,
  type CompareProgress,
  type Comparison,
  compare,
  comparedKinds,
} from "./fitting/compare.ts";
export {
  type CrossFit,
  type CrossFitOptions,
  type CrossFitProgress,
  crossFit,
} from "./fitting/crossFit.ts";
export { type FitFlowOptions, fitFlow } from "./fitting/fitFlow.ts";
export type { FitOptions, FitPhase, FitProgress, FitResult, FitTableOptions } from "./fitting/fitOptions.ts";
export {
  type Calibration,
  type CalibrationOptions,
  type ConditionalSampler,
  type Coverage,
  calibrationRanks,
  type RankedQuantity,
} from "./fitting/simulation/calibration.ts";
export {
  bandTest,
  type ChiSquareTest,
  chiSquareTest,
  type RankBand,
  rankBand,
} from "./fitting/simulation/uniformity.ts";
export type { StatisticalFitOptions } from "./fitting/statisticalFit.ts";
export { fitGaussian } from "./fitting/statistics/fitGaussian.ts";
export { fitKernelDensity } from "./fitting/statistics/fitKernelDensity.ts";
export { fitMixture } from "./fitting/statistics/fitMixture.ts";
export {
  chooseGaussianMixture,
  fitGaussianMixture,
  type GaussianMixtureOptions,
} from "./fitting/statistics/gaussianMixture.ts";
export type { GaussianMixture } from "./fitting/statistics/mixtureDensity.ts";
export type { AscentMaps } from "./fitting/stepwise/dualAscent.ts";
export { type DualAscentOptions, fitDualAscent } from "./fitting/stepwise/fitDualAscent.ts";
export { fitGaussianization, type GaussianizationOptions } from "./fitting/stepwise/fitGaussianization.ts";
export {
  type Estimate,
  type InformationOptions,
  type InformationResult,
  information,
} from "./fitting/stepwise/information.ts";
export type { MarginalKind } from "./fitting/stepwise/marginalMap.ts";
export type { RotationKind } from "./fitting/stepwise/rotations.ts";
export { type AdamWOptions, adamW } from "./fitting/training/adamW.ts";
export { fit, fitTable } from "./fitting/training/fit.ts";
export { trainedLeaves } from "./fitting/training/likelihood.ts";
export {
  type EpochRecord,
  type MinimizeOptions,
  type MinimizeResult,
  type MinimizeState,
  minimize,
  type Objective,
  type Rows,
  type StepDraw,
} from "./fitting/training/minimize.ts";
export { defaultRecipe, type Recipe } from "./fitting/training/recipe.ts";
export type {
  Approximation,
  Diagnostics,
  ParameterSummary,
} from "./fitting/variational/approximation.ts";
export type { Bounded } from "./fitting/variational/boundDistances.ts";
export { fitVariational } from "./fitting/variational/fitVariational.ts";
export {
  type ParameterDescription,
  type ParameterDescriptions,
  type ParameterSpace,
  parameterSpace,
} from "./fitting/variational/parameterSpace.ts";
export { type ParetoSmoothed, paretoSmoothed } from "./fitting/variational/paretoSmoothing.ts";
export {
  type VariationalKind,
  variationalArchitecture,
} from "./fitting/variational/variationalArchitecture.ts";
export type { VariationalDivergence, VariationalGradient } from "./fitting/variational/variationalLoss.ts";
export type { VariationalOptions, VariationalProgress } from "./fitting/variational/variationalOptions.ts";
export type { ApproximationWarning, WarningCode } from "./fitting/variational/warnings.ts";
export type { DrawOptions, WeightedSamples } from "./fitting/variational/weighing.ts";
export type { DerivedQuantities, LogDensity } from "./fitting/variational/writtenDensity.ts";
export {
  type Architecture,
  type ArchitectureOptions,
  maskedAutoregressiveFlow,
  type NeuralSplineFlowOptions,
  neuralSplineFlow,
  realNVP,
  type Training,
} from "./flows/architecture.ts";
export {
  type ContinuousFlowOptions,
  type ContinuousFlowSizes,
  continuousFlow,
} from "./flows/continuousFlow.ts";
export { pushforwardLogProb, pushforwardSample } from "./flows/density.ts";
export {
  type ElementaryFlowOptions,
  planarFlow,
  radialFlow,
  type SylvesterFlowOptions,
  sylvesterFlow,
} from "./flows/elementaryFlows.ts";
export type { EngineOptions } from "./flows/evaluation.ts";
export {
  type EvaluationOptions,
  Flow,
  type FlowDescription,
  type LoadOptions,
  type LogProbOptions,
  load,
  type SampleOptions,
  type SampleWithLogProb,
} from "./flows/flow.ts";
export { type FlowMatchingOptions, flowMatching } from "./flows/flowMatching.ts";
export { type FlowKind, flowKinds, type ModelKind, modelKinds, type StatisticalKind } from "./flows/kinds.ts";
export type { FittedDescription } from "./flows/model.ts";
export { initialValues, type ParameterValues } from "./flows/parameters.ts";
export { type ResidualFlowOptions, residualFlow } from "./flows/residualFlow.ts";
export {
  type SolverReport,
  solverReport,
  type TrajectoryOptions,
  trajectories,
} from "./flows/solverReport.ts";
export { type Density, type DensityLike, densityOf } from "./gradientFlow/density.ts";
export {
  type GradientFlow,
  type GradientFlowForm,
  type GradientFlowOptions,
  gradientFlow,
  type Mobility,
} from "./gradientFlow/gradientFlow.ts";
export type { GridOptions } from "./gradientFlow/gridFlow.ts";
export type { NormalMixture } from "./gradientFlow/normalMixture.ts";
export type { Path, Snapshot, Trajectory } from "./gradientFlow/trajectory.ts";
export { jvp, vjp } from "./graph/derivative.ts";
export type { Expr, Shape } from "./graph/expr.ts";
export * as ops from "./graph/ops.ts";
export type { Program, Update } from "./graph/program.ts";
export { type RandomKey, RandomStream, randomKey, split } from "./random/philox.ts";
