/**
 * Flows that answer no questions about some of their columns: loaded where there is something to refuse.
 *
 * @module
 */

import { UsageError } from "../../../errors.ts";
import { optionText } from "../../../optionText.ts";

/** Why a flow of a kind has no answer. */
export const noQuestions = (where: string, kind: string): UsageError =>
  new UsageError({
    where,
    problem: `a flow of the kind ${kind} has a density of all its columns together, and answers no questions about some of them`,
    expected: 'a flow of the kind "columns"',
    received: kind,
    remedy: `fit the table with ${optionText("flow", "columns")}`,
  });
