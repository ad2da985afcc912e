/**
 * Flags of `divergence`.
 *
 * @module
 */

import type { DensityRatioOptions, KlDivergenceOptions } from "../../entries/diagnostics.ts";
import { klDivergenceDefaults } from "../../entries/options.ts";
import type { OptionFlags } from "./optionFlags.ts";
import { engine, seed, threads, wide } from "./sharedFlags.ts";

const shared = { seed, threads, wide, engine, precision: undefined, signal: undefined, onWarning: undefined };

/** Flags of `divergence` without a table. */
export const klDivergenceFlags: OptionFlags<Omit<KlDivergenceOptions, "given">> = {
  draws: {
    flag: "--draws",
    value: "n",
    help: "samples of the first model",
    usual: `${klDivergenceDefaults.draws}`,
  },
  ...shared,
};

/** Flags of `divergence` with a table. */
export const densityRatioFlags: OptionFlags<Omit<DensityRatioOptions, "given" | "missing">> = shared;
