/**
 * Errors of the runtimes that exports are checked with.
 *
 * @module
 */

import { FormatError, PushforwardError } from "../../errors.ts";
import { reasonOf } from "../../platform/systemErrors.ts";

/**
 * Does what a file of another's making may fail at.
 * @throws FormatError with the first line of the reason.
 */
export async function withReason<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PushforwardError) throw error;
    const reason = reasonOf(error).split("\n")[0]!;
    throw new FormatError({
      where: "verifyExport",
      problem: `the export does not run: ${reason}`,
      expected: "what `pushforward export` writes",
      received: "another file, or a damaged one",
      remedy: "export the model anew",
    });
  }
}
