/**
 * Densities that are known up to a constant: exp(-energy), for flows that learn without a single point.
 *
 * @module
 */

interface Energy {
  readonly label: string;
  /** A formula of x and y, as the library reads it. */
  readonly formula: string;
}

const wave = "sin(pi * x / 2)";

/**
 * The four energies of D. Rezende and S. Mohamed, "Variational inference with normalizing flows", 2015, table 1,
 * https://arxiv.org/abs/1505.05770; z1 and z2 are x and y here.
 */
export const energies = {
  pair: {
    label: "Energy 1: two arcs",
    formula:
      "((sqrt(x^2 + y^2) - 2) / 0.4)^2 / 2 - logAddExp(-((x - 2) / 0.6)^2 / 2, -((x + 2) / 0.6)^2 / 2)",
  },
  wave: { label: "Energy 2: a wave", formula: `((y - ${wave}) / 0.4)^2 / 2` },
  split: {
    label: "Energy 3: a wave that splits",
    formula: `-logAddExp(-((y - ${wave}) / 0.35)^2 / 2, -((y - ${wave} + 3 * exp(-((x - 1) / 0.6)^2 / 2)) / 0.35)^2 / 2)`,
  },
  fork: {
    label: "Energy 4: a wave with a fork",
    formula: `-logAddExp(-((y - ${wave}) / 0.4)^2 / 2, -((y - ${wave} + 3 * sigmoid((x - 1) / 0.3)) / 0.35)^2 / 2)`,
  },
} as const satisfies Record<string, Energy>;

/** Name of an energy. */
export type EnergyName = keyof typeof energies;

/** Functions that a formula of x and y can call: of numbers; those of vectors have no use here. */
export const formulaFunctions: readonly string[] = (
  "abs sign floor sqrt exp expm1 log log1p sin cos tan tanh sigmoid softplus relu square erf normalQuantile logGamma min max " +
  "logAddExp pow select normalLogProb normalLogCdf poissonLogProb bernoulliLogProb"
).split(" ");

/** Longest formula that a link holds. */
export const longestFormula = 1000;

/** Half-width of the window: beyond it a wall is added, so that every energy has a density. */
export const wall = 4;
