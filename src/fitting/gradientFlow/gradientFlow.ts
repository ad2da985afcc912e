/**
 * The gradient flow of the log-likelihood: from a data density rho to a base density mu along
 *
 *     dz/dt = rho_t(z) grad mu(z) / mu(z) - grad rho_t(z)      mobility "density"
 *     dz/dt = grad log mu(z) - grad log rho_t(z)               mobility "unit"
 *
 * rho_t is the law of z_t = phi_t(x), x drawn from rho, phi_0 the identity: rho_t(phi_t(x)) = rho(x) / abs(det J phi_t(x)).
 * Both are steepest ascents of L[phi_t] = E log rho~_t(x), rho~_t(x) = mu(phi_t(x)) abs(det J phi_t(x)), in two metrics:
 *
 *     dL/dt = E[m |grad log mu - grad log rho_t|^2] >= 0,      m = rho_t or 1
 *
 * and L[phi_t] = E log rho - KL(rho_t || mu), so that KL(rho_t || mu) falls as L rises. The dual flow is phi_t^-1 on
 * points of mu: its law is rho~_t, which goes from mu to rho.
 *
 * E. Tabak, E. Vanden-Eijnden, "Density estimation by dual ascent of the log-likelihood", Communications in
 * Mathematical Sciences 8 (2010), https://doi.org/10.4310/CMS.2010.v8.n1.a11; unit mobility: R. Jordan, D. Kinderlehrer,
 * F. Otto, "The variational formulation of the Fokker-Planck equation", SIAM Journal on Mathematical Analysis 29
 * (1998), https://doi.org/10.1137/S0036141096303359
 *
 * @module
 */

import { ShapeError, UsageError } from "../../errors.ts";
import { Flow } from "../../models/flow.ts";
import {
  anObject,
  anyNumber,
  anything,
  checkedOptions,
  count,
  describeValue,
  flag,
  float64s,
  integer,
  numbers,
  type OptionTable,
  required,
  signal,
} from "../../options.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import { type DensityLike, type ResolvedDensity, resolveDensity } from "./density.ts";
import { ExactFlow } from "./exactFlow.ts";
import { GridFlow, type GridOptions } from "./gridFlow.ts";
import { sampleMixture } from "./normalMixture.ts";
import { ParticleFlow } from "./particleFlow.ts";
import {
  completePath,
  completeTrajectory,
  equalWeights,
  type Path,
  type PathParts,
  type Trajectory,
  type TrajectoryParts,
} from "./trajectory.ts";

/** How a gradient flow is computed. */
export type GradientFlowForm = "exact" | "grid" | "particles";

/** What multiplies grad log mu - grad log rho_t: rho_t, or 1. */
export type Mobility = "density" | "unit";

/** Options of {@link gradientFlow}. Everything is in the coordinates in which `to` is given. */
export interface GradientFlowOptions {
  /** rho: a density, or for particles also points drawn from it, row-major. */
  readonly from: DensityLike | Float64Array;
  /** mu: a density; its constant factor does not matter for the field, and shifts the estimates. */
  readonly to: DensityLike;
  /**
   * Default "unit". With "density" a point moves with a speed in proportion to the density around it, so that tails
   * nearly stand still and time has the unit of length^(2 + features).
   */
  readonly mobility?: Mobility | undefined;
  /**
   * Default: "exact" from a mixture of normals to a normal with unit mobility; else "grid" where `grid` is given or a
   * mixture of one or two features says how far it reaches; else "particles".
   */
  readonly form?: GradientFlowForm | undefined;
  /** Times at which points are reported, ascending from 0 on. Default 0, 0.25, 0.5, 1, 2, 4. */
  readonly times?: readonly number[] | undefined;
  /**
   * Points to follow, row-major; drawn from rho, where L is to be meaningful. Default: the nodes of the grid, weighted by
   * their mass; otherwise `rows` draws from a mixture or a flow. For particles they are the particles.
   */
  readonly points?: Float64Array | undefined;
  /** Draws where `points` is left out. Default 500. */
  readonly rows?: number | undefined;
  /** Seed of the draws. Default 0. */
  readonly seed?: number | undefined;
  /** The grid of x, for the form "grid". */
  readonly grid?: GridOptions | undefined;
  /**
   * For particles: the width of the kernel, in standard deviations of the particles at the time, a feature. Default
   * Silverman's (4 / ((d + 2) n))^(1 / (d + 4)).
   */
  readonly bandwidth?: number | undefined;
  /** Whether trajectories hold Jacobians. Default false. */
  readonly jacobians?: boolean | undefined;
  /**
   * Largest error of one step in time: a coordinate's for "exact" (default 1e-9), the root mean square over the
   * coordinates for "grid" (default 1e-5) and "particles" (default 1e-6), absolute below 1 and relative above.
   */
  readonly tolerance?: number | undefined;
  /** Stops the computation with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** A gradient flow, and the trajectory of the points that it was asked to follow. */
export interface GradientFlow extends Trajectory {
  /** How it was computed. */
  readonly form: GradientFlowForm;
  /** Which of the two fields it follows. */
  readonly mobility: Mobility;
  /** Numbers of a point. */
  readonly features: number;
  /**
   * Follows other points x, from data to base: z_t = phi_t(x).
   *
   * @param points - Row-major, not changed; on a grid, inside its box.
   * @param weights - Their weights in L (default: equal); scaled to add up to 1.
   * @throws ShapeError for numbers that are not whole rows; UsageError for a point outside the box; AbortedError.
   */
  toBase(points: Float64Array, weights?: Float64Array): Promise<Trajectory>;
  /**
   * The dual flow, from base to data: w_t = phi_t^-1(y), from y itself at time 0. For y drawn from mu the law of w_t is rho~_t, and
   * `logDensity` is log rho~_t(w_t) = log mu(y) - logAbsDet, `logAbsDet` that of phi_t^-1 at y.
   *
   * @param points - y, row-major, not changed.
   * @throws ShapeError for numbers that are not whole rows; UsageError for a point that nothing on the grid reaches;
   *   AbortedError.
   */
  toData(points: Float64Array): Promise<Path>;
}

const gradientFlowOptionTable: OptionTable<GradientFlowOptions> = {
  from: required(anything),
  to: required(anything),
  mobility: anything,
  form: anything,
  times: numbers,
  points: float64s,
  rows: count,
  seed: integer,
  grid: anObject,
  bandwidth: anyNumber,
  jacobians: flag,
  tolerance: anyNumber,
  signal,
};

/** One of the three computations. */
interface Computation {
  toBase(points: Float64Array): Promise<TrajectoryParts>;
  toData(points: Float64Array): Promise<PathParts>;
}

const defaultTolerance: Readonly<Record<GradientFlowForm, number>> = {
  exact: 1e-9,
  grid: 1e-5,
  particles: 1e-6,
};
const defaultTimes: readonly number[] = [0, 0.25, 0.5, 1, 2, 4];

/**
 * Carries points from the density `from` to the density `to` along the gradient flow of the log-likelihood.
 *
 * The system does not close on points: the velocity of a point needs grad log rho_t there, whose own evolution needs
 * ever higher derivatives. So there are three forms.
 *
 * - **exact**: unit mobility, a mixture of normals to a normal, any number of features. rho_t is a mixture in closed
 *   form; only the paths are integrated, each row for itself, at O(K d^3) per stage.
 * - **grid**: any two densities of one or two features, both mobilities. phi_t is known at the nodes of a grid of x,
 *   and the error falls with the square of the spacing. The density outside of the box is taken for zero, so that the
 *   outermost nodes, where hardly any mass is, move out into the void and are not those of rho.
 * - **particles**: unit or density mobility, any number of features, O(n^2 d) per stage. rho_t is a kernel estimate from
 *   the particles, whose score is too small by the factor s^2 / (s^2 + h^2) for a normal of deviation s and a kernel of
 *   width h: particles that go to N(0, 1) end with variance 1 / (1 + c^2), c the bandwidth (0.91 at n = 500, one
 *   feature), and L need not rise at the end. Points outside of the cloud are driven away.
 *
 * @throws UsageError for an option outside its domain, or for a form that cannot compute this; ShapeError where numbers of
 *   features differ; NumericalError if the grid would fold; AbortedError if the signal fires.
 * @example
 * const flow = await gradientFlow({
 *   from: { weights: [0.5, 0.5], means: [[-2], [2]], covariances: [[0.25], [0.25]] },
 *   to: standardNormal({ features: 1 }),
 * });
 * flow.logLikelihood; // L at each time: it rises
 */
export async function gradientFlow(given: GradientFlowOptions): Promise<GradientFlow> {
  const options = checkedOptions("gradientFlow", given, gradientFlowOptionTable);
  const { mobility = "unit" } = options;
  if (mobility !== "unit" && mobility !== "density")
    throw new UsageError({
      where: "gradientFlow",
      subject: "mobility",
      expected: '"unit" or "density"',
      received: describeValue(mobility),
    });
  const to = resolveDensity("to", options.to);
  const from = options.from instanceof Float64Array ? undefined : resolveDensity("from", options.from);
  const { features } = to;
  if (from && from.features !== features)
    throw new ShapeError({
      where: "gradientFlow",
      problem: `from has ${from.features} features and to has ${features}`,
      expected: "equal features",
      received: `${from.features} and ${features}`,
    });
  const form = chooseForm(options, mobility, from, to);
  const tolerance = options.tolerance ?? defaultTolerance[form];
  if (!(tolerance > 0 && tolerance < 1))
    throw new UsageError({
      where: "gradientFlow",
      subject: "tolerance",
      expected: "between 0 and 1",
      received: `${tolerance}`,
    });
  const common = {
    times: checkTimes(options.times ?? defaultTimes),
    tolerance,
    jacobians: options.jacobians ?? false,
    signal: options.signal,
  };
  let start: { points: Float64Array; weights: Float64Array } | undefined;
  let logDensity = from?.logDensity;
  let computation: Computation;
  if (form === "grid") {
    const grid = await GridFlow.create(from!, to, mobility, options.grid ?? {}, common);
    computation = grid;
    if (!options.points) start = { points: grid.nodes, weights: grid.weights };
  } else if (form === "exact") computation = new ExactFlow(from!.mixture!, to.mixture!, common);
  else {
    const points = await startPoints(options, from, features);
    const particles = await ParticleFlow.create(points, to, mobility, options.bandwidth, common);
    computation = particles;
    start = { points, weights: equalWeights(points.length / features) };
    // Without a density, that of the kernels at time 0 stands for rho.
    logDensity ??= (places) => particles.logDensityAtStart(places);
  }
  if (!start) {
    const points = await startPoints(options, from, features);
    start = { points, weights: equalWeights(points.length / features) };
  }
  const toBase = async (points: Float64Array, given?: Float64Array): Promise<Trajectory> => {
    checkRows("toBase", points, features);
    const weights = given
      ? checkWeights(given, points.length / features)
      : equalWeights(points.length / features);
    return completeTrajectory(await computation.toBase(points), await logDensity!(points), to, weights);
  };
  return {
    ...(await toBase(start.points, start.weights)),
    form,
    mobility,
    features,
    toBase,
    async toData(points) {
      checkRows("toData", points, features);
      return completePath(await computation.toData(points), await to.logDensity(points));
    },
  };
}

function chooseForm(
  { form, grid, from: given }: GradientFlowOptions,
  mobility: Mobility,
  from: ResolvedDensity | undefined,
  to: ResolvedDensity,
): GradientFlowForm {
  const isNormal = to.mixture?.weights.length === 1;
  const isExact = mobility === "unit" && from?.mixture !== undefined && isNormal;
  const isGrid = from !== undefined && to.features <= 2;
  if (form === undefined) {
    if (isExact && grid === undefined) return "exact";
    return isGrid && (grid?.box || from?.mixture) ? "grid" : "particles";
  }
  if (form === "exact" && !isExact)
    throw new UsageError({
      where: "gradientFlow",
      problem: "the exact form needs unit mobility, a mixture of normals as from and one normal as to",
      expected: "unit mobility, a mixture and a normal",
      received: `mobility "${mobility}", ${from?.mixture ? "a mixture" : given instanceof Float64Array ? "points" : "another density"} and ${isNormal ? "a normal" : "another density"}`,
      remedy: 'use "grid" or "particles"',
    });
  if (form === "grid" && !isGrid)
    throw new UsageError({
      where: "gradientFlow",
      problem: "the grid needs a density as from and at most 2 features",
      expected: "a density of at most 2 features",
      received: from ? `${to.features} features` : "points",
      remedy: 'use "particles"',
    });
  if (form !== "exact" && form !== "grid" && form !== "particles")
    throw new UsageError({
      where: "gradientFlow",
      subject: "form",
      expected: '"exact", "grid" or "particles"',
      received: describeValue(form),
    });
  return form;
}

function checkTimes(times: readonly number[]): Float64Array {
  if (
    times.length === 0 ||
    !times.every((t, k) => Number.isFinite(t) && t >= 0 && (k === 0 || t > times[k - 1]!))
  )
    throw new UsageError({
      where: "gradientFlow",
      subject: "times",
      expected: "finite, ascending and not below 0",
      received: times.join(", ") || "none",
    });
  return Float64Array.from(times);
}

function checkRows(where: string, points: Float64Array, features: number): void {
  if (points.length === 0 || points.length % features !== 0)
    throw new ShapeError({
      where: `gradientFlow, ${where}`,
      problem: `${points.length} numbers are not whole rows of ${features}`,
      expected: `a multiple of ${features} numbers`,
      received: `${points.length}`,
      remedy: "give at least one row",
    });
  const at = points.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new UsageError({
      where: `gradientFlow, ${where}`,
      subject: `row ${Math.floor(at / features) + 1}`,
      expected: "of finite numbers",
      received: `${points[at]}`,
    });
}

function checkWeights(weights: Float64Array, rows: number): Float64Array {
  const total = weights.reduce((sum, value) => sum + value, 0);
  if (weights.length !== rows)
    throw new ShapeError({
      where: "gradientFlow",
      subject: "weights",
      expected: `${rows}, one per point`,
      received: `${weights.length}`,
    });
  if (!(total > 0) || !weights.every((value) => value >= 0))
    throw new UsageError({
      where: "gradientFlow",
      subject: "weights",
      expected: "0 or more, and one above 0",
      received: "others",
    });
  return weights.map((value) => value / total);
}

/** The points that were given, or draws. */
async function startPoints(
  { from: given, points, rows = 500, seed = 0, signal }: GradientFlowOptions,
  from: ResolvedDensity | undefined,
  features: number,
): Promise<Float64Array> {
  const own = points ?? (given instanceof Float64Array ? given : undefined);
  if (own) {
    checkRows("points", own, features);
    return own;
  }
  if (from?.mixture)
    return sampleMixture(from.mixture, rows, new RandomStream(split(randomKey(seed), "gradient flow")));
  if (given instanceof Flow)
    return (
      await given.sample(rows, { seed, precision: "float64", continuous: true, signal })
    ).values.slice();
  throw new UsageError({
    where: "gradientFlow",
    problem: "from cannot be drawn from",
    expected: "a density that can be drawn from",
    received: "one that cannot",
    remedy: 'give points drawn from it, or use the form "grid"',
  });
}
