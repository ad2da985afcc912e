/**
 * The options of `fit` that only some kinds of model have.
 *
 * @module
 */

// The names alone: the library loads when a command runs.
import { isTrained, type ModelKind } from "../architectures/kinds.ts";
import { UsageError } from "../errors.ts";

/** Flags of `fit` that a training alone has. */
const TRAINING_FLAGS = [
  "transforms",
  "hidden",
  "epochs",
  "batch",
  "lr",
  "budget",
  "patience",
  "ema",
  "checkpoint",
  "resume",
  "keep",
] as const;

/**
 * Refuses flags that mean nothing for a kind.
 * @throws UsageError that names the flag.
 */
export function checkTrainingFlags(
  kind: ModelKind,
  flags: Readonly<Partial<Record<(typeof TRAINING_FLAGS)[number] | "given", unknown>>>,
): void {
  if (isTrained(kind)) return;
  if (flags.given !== undefined)
    throw new UsageError(
      `--given: ${kind} fits the joint density of all its columns and cannot condition on some; use --flow nsf-ar.`,
    );
  const idle = TRAINING_FLAGS.find((name) => flags[name] !== undefined);
  if (idle !== undefined)
    throw new UsageError(
      `--${idle} means nothing for --flow ${kind}, which is fitted without gradients; leave it out.`,
    );
}
