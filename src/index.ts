/**
 * Normalizing flows: fit a density to a table, score rows, draw samples.
 *
 * @module
 */

export {
  type Architecture,
  type ArchitectureMaker,
  type ArchitectureOptions,
  type ArchitectureSizes,
  type BaseMaker,
  maskedAutoregressiveFlow,
  type NeuralSplineFlowOptions,
  neuralSplineFlow,
  realNVP,
  type TransformerFlowOptions,
  type Unsized,
} from "./architectures/architecture.ts";
export {
  type ContinuousFlowOptions,
  type ContinuousFlowSizes,
  continuousFlow,
} from "./architectures/continuousFlow.ts";
export {
  type ElementaryFlowOptions,
  planarFlow,
  radialFlow,
  type SylvesterFlowOptions,
  sylvesterFlow,
} from "./architectures/elementaryFlows.ts";
export { type FlowMatchingOptions, flowMatching } from "./architectures/flowMatching.ts";
export {
  type FittedKind,
  type FlowKind,
  flowKinds,
  type ModelKind,
  modelKinds,
  type OtherKind,
  type StatisticalKind,
} from "./architectures/kinds.ts";
export { type ResidualFlowOptions, residualFlow } from "./architectures/residualFlow.ts";
export type { Training } from "./architectures/training.ts";
export { type CouplingOptions, coupling } from "./bijections/autoregressive/coupling.ts";
export { type ElementwiseOptions, elementwise } from "./bijections/autoregressive/elementwise.ts";
export { type MarginalSplineOptions, marginalSpline } from "./bijections/autoregressive/marginalSpline.ts";
export {
  type MaskedAutoregressiveOptions,
  maskedAutoregressive,
} from "./bijections/autoregressive/maskedAutoregressive.ts";
export { type SlicedSplineOptions, slicedSpline } from "./bijections/autoregressive/slicedSpline.ts";
export type { Bijection, BijectionJson, Branch, Mapped } from "./bijections/bijection.ts";
export { type Chain, chain } from "./bijections/combinators/chain.ts";
export { invert } from "./bijections/combinators/invert.ts";
export { type Repeated, type RepeatedOptions, repeated } from "./bijections/combinators/repeated.ts";
export {
  type Continuous,
  type ContinuousOptions,
  continuous,
  type Divergence,
  type Solved,
  type SolveOptions,
} from "./bijections/continuous/continuous.ts";
export { type BoundedOptions, bounded } from "./bijections/domains/bounded.ts";
export { type HeavyTailsOptions, heavyTails } from "./bijections/domains/heavyTails.ts";
export { type AffineOptions, affine } from "./bijections/linear/affine.ts";
export { luAffine } from "./bijections/linear/luAffine.ts";
export { permutation } from "./bijections/linear/permutation.ts";
export { type RotationOptions, rotation } from "./bijections/linear/rotation.ts";
export { standardization } from "./bijections/linear/standardization.ts";
export { type TriangularAffineOptions, triangularAffine } from "./bijections/linear/triangularAffine.ts";
export { absoluteValue } from "./bijections/piecewise/absoluteValue.ts";
export { bijectionFromJson } from "./bijections/registry.ts";
export { type DirectionalMapOptions, directionalMap } from "./bijections/residual/directionalMap.ts";
export { type PlanarOptions, planar } from "./bijections/residual/planar.ts";
export { type RadialOptions, radial } from "./bijections/residual/radial.ts";
export { type RadialMapOptions, type RadialProfile, radialMap } from "./bijections/residual/radialMap.ts";
export {
  type Residual,
  type ResidualLogDet,
  type ResidualOptions,
  residual,
} from "./bijections/residual/residual.ts";
export { type Roulette, seriesError } from "./bijections/residual/residualLogDet.ts";
export { type SylvesterOptions, sylvester } from "./bijections/residual/sylvester.ts";
export {
  type Calibration,
  type CalibrationOptions,
  type ConditionalSampler,
  type Coverage,
  calibrationRanks,
  type RankedQuantity,
} from "./diagnostics/calibration.ts";
export {
  type ComparedFlow,
  type CompareOptions,
  type CompareProgress,
  type Comparison,
  compare,
  comparedKinds,
} from "./diagnostics/compare.ts";
export {
  type Estimate,
  type InformationOptions,
  type InformationResult,
  information,
} from "./diagnostics/information.ts";
export {
  bandTest,
  type ChiSquareTest,
  chiSquareTest,
  type RankBand,
  rankBand,
} from "./diagnostics/uniformity.ts";
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
  type CrossFit,
  type CrossFitOptions,
  type CrossFitProgress,
  crossFit,
} from "./fitting/crossFit.ts";
export type { AscentMaps } from "./fitting/dualAscent/dualAscent.ts";
export { fit } from "./fitting/fit.ts";
export type { FitOptions, FitPhase, FitProgress } from "./fitting/fitOptions.ts";
export type { FitReport, FitResult, ReportWarning } from "./fitting/fitReport.ts";
export type { FlowOption, FlowSizes } from "./fitting/flowOption.ts";
export type { MarginalKind } from "./fitting/gaussianization/marginalMap.ts";
export type { RotationKind } from "./fitting/gaussianization/rotations.ts";
export { type AdamWOptions, adamW } from "./fitting/gradient/adamW.ts";
export { trainedLeaves } from "./fitting/gradient/likelihood.ts";
export {
  type EpochRecord,
  type MinimizeOptions,
  type MinimizeResult,
  type MinimizeState,
  minimize,
  type Objective,
  type Rows,
  type StepDraw,
} from "./fitting/gradient/minimize.ts";
export { defaultRecipe, type Recipe } from "./fitting/gradient/recipe.ts";
export { type Density, type DensityLike, densityOf } from "./fitting/gradientFlow/density.ts";
export {
  type GradientFlow,
  type GradientFlowForm,
  type GradientFlowOptions,
  gradientFlow,
  type Mobility,
} from "./fitting/gradientFlow/gradientFlow.ts";
export type { GridOptions } from "./fitting/gradientFlow/gridFlow.ts";
export type { NormalMixture } from "./fitting/gradientFlow/normalMixture.ts";
export type { Path, Snapshot, Trajectory } from "./fitting/gradientFlow/trajectory.ts";
export {
  chooseGaussianMixture,
  fitGaussianMixture,
  type GaussianMixtureOptions,
} from "./fitting/statistics/gaussianMixture.ts";
export type { GaussianMixture } from "./fitting/statistics/mixtureDensity.ts";
export { approximate } from "./fitting/variational/approximate.ts";
export type { ApproximateOptions, ApproximateProgress } from "./fitting/variational/approximateOptions.ts";
export type {
  Approximation,
  ApproximationReport,
  Diagnostics,
  ParameterSummary,
} from "./fitting/variational/approximation.ts";
export type { Bounded } from "./fitting/variational/judgement/boundDistances.ts";
export type { ApproximationWarning, WarningCode } from "./fitting/variational/judgement/warnings.ts";
export type { DrawOptions, WeightedSamples } from "./fitting/variational/judgement/weighing.ts";
export {
  type ParameterDescription,
  type ParameterDescriptions,
  type ParameterSpace,
  parameterSpace,
} from "./fitting/variational/parameterSpace.ts";
export type { VariationalKind } from "./fitting/variational/variationalArchitecture.ts";
export type { VariationalDivergence, VariationalGradient } from "./fitting/variational/variationalLoss.ts";
export type { DerivedQuantities, LogDensity } from "./fitting/variational/writtenDensity.ts";
export type { ReadLimits } from "./formats/limits.ts";
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
export { jvp, vjp } from "./graph/derivative/derivative.ts";
export type { Expr, Shape } from "./graph/expr.ts";
export { type FormulaScope, formula, formulaFunctions } from "./graph/library/formula.ts";
export * as ops from "./graph/ops.ts";
export type { Bound, Initializer, ParameterSpec, ParameterTree } from "./graph/parameters.ts";
export {
  bindTree,
  flattenTree,
  leafOf,
  statistics,
  subtreeOf,
  trained,
  trainedUniform,
} from "./graph/parameters.ts";
export type { Program, Update } from "./graph/program.ts";
export { pushforwardLogProb, pushforwardSample } from "./models/density.ts";
export type { EngineOptions } from "./models/evaluation.ts";
export { Flow, type FlowDescription, load, type SampleWithLogProb } from "./models/flow.ts";
export type {
  EvaluationOptions,
  LoadOptions,
  LogProbOptions,
  SampleOptions,
} from "./models/flowOptions.ts";
export type { FittedDescription } from "./models/model.ts";
export { initialValues, type ParameterValues } from "./models/parameters.ts";
export { type RegisterOptions, register } from "./models/register.ts";
export {
  type SolverReport,
  solverReport,
  type TrajectoryOptions,
  trajectories,
} from "./models/solverReport.ts";
export type { RowsLike } from "./models/splitRows.ts";
export type {
  Conditioner,
  ConditionerJson,
  ConditionerNetwork,
  ConditionerSizes,
} from "./networks/conditionerContract.ts";
export { type DenseConditionerOptions, denseConditioner } from "./networks/denseConditioner.ts";
export type { ContractionNorm, ContractiveActivation } from "./networks/lipschitzNetwork.ts";
export { type Network, type NetworkOptions, network } from "./networks/network.ts";
export { conditionerFromJson } from "./networks/registry.ts";
export { type ParetoSmoothed, paretoSmoothed } from "./numerics/paretoSmoothing.ts";
export { type RandomKey, RandomStream, randomKey, split } from "./random/philox.ts";
export type { Reader } from "./registry.ts";
export type { ColumnParse, ColumnRecord, LeftOut, LeftOutColumn } from "./tables/columnRecord.ts";
export type { DependentColumn } from "./tables/dependence.ts";
export type { TableFormat } from "./tables/reading/fileFormat.ts";
export { type ReadTableOptions, readTable } from "./tables/reading/readTable.ts";
export { tableFromObjects, tableToObjects } from "./tables/reading/tableFromObjects.ts";
export { type SplitTableOptions, type SplitTables, splitTable } from "./tables/splitTable.ts";
export {
  column,
  selectColumns,
  type Table,
  tableFromColumns,
  tableFromRows,
} from "./tables/table.ts";
export { tableToBytes, writeTable } from "./tables/writeTable.ts";
export { affineTransformer } from "./transformers/affineTransformer.ts";
export { chainTransformer } from "./transformers/chainTransformer.ts";
export {
  type RationalQuadraticOptions,
  rationalQuadraticTransformer,
} from "./transformers/rationalQuadraticTransformer.ts";
export { transformerFromJson } from "./transformers/registry.ts";
export { sinhArcsinh } from "./transformers/sinhArcsinh.ts";
export type { Tails } from "./transformers/splineTails.ts";
export type { ScalarMapped, Transformer, TransformerJson } from "./transformers/transformer.ts";
