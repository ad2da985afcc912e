/**
 * The options of `fit` that only some kinds of model have.
 *
 * @module
 */

import { UsageError } from "../entries/errors.ts";
// The names alone: the library loads when a command runs.
import { fitOptionTable, hasEpochs, isTrained } from "../entries/options.ts";
import type { FitOptions, ModelKind } from "../index.ts";
import { fitFlags } from "./flags/flagTables.ts";

/** Kinds that are taken where none is named; the first stands for them in messages. */
const usualKinds: readonly ModelKind[] = ["nsf-ar", "columns"];

/**
 * Refuses flags that mean nothing for a kind; where none is named, those of none of the kinds that may be taken.
 * @throws UsageError that names the flag.
 */
export function checkTrainingFlags(named: ModelKind | undefined, flags: FitOptions): void {
  const kindsInUse = named === undefined ? usualKinds : [named];
  const kind = kindsInUse[0]!;
  if (!hasEpochs(kind) && flags.given !== undefined)
    throw new UsageError({
      where: "--given",
      problem: `${kind} fits the joint density of all its columns and cannot condition on some`,
      expected: "a kind that is trained",
      received: kind,
      remedy: "use --flow nsf-ar",
    });
  for (const [name, flag] of Object.entries(fitFlags)) {
    const option = name as keyof FitOptions;
    const { kinds } = fitOptionTable[option];
    // The library says why mixed columns have no graph.
    if (name === "parents" && kind === "columns") continue;
    if (!flag || !kinds || kindsInUse.some((kind) => kinds.includes(kind)) || flags[option] === undefined)
      continue;
    const why =
      kinds.some(isTrained) && !hasEpochs(kind)
        ? ", which is fitted without gradients"
        : `: it is an option of ${kinds.join(" and ")}`;
    throw new UsageError({
      problem: `${flag.flag} means nothing for --flow ${kind}${why}`,
      expected: `no ${flag.flag} for --flow ${kind}`,
      received: "one",
      remedy: "leave it out",
    });
  }
}
