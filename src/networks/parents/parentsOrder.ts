/**
 * Graphs between features: for each the features that it depends on, its parents.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { refuse } from "../../options.ts";

/**
 * Refuses what is not a graph without circles of so many features.
 * @param names - What messages call the features (default: their numbers).
 * @returns The features in an order in which each comes after its parents: by the number of steps from the beginning, then by number.
 * @throws UsageError for a parent that is no feature, or a circle, which the message names.
 */
export function parentsOrder(
  where: string,
  parents: readonly (readonly number[])[],
  names: readonly string[] = parents.map((_, i) => String(i)),
): { readonly order: readonly number[]; readonly longestPath: number } {
  parents.forEach((own, i) => {
    const stray = own.find(
      (parent) => !Number.isSafeInteger(parent) || parent < 0 || parent >= parents.length,
    );
    if (stray !== undefined)
      refuse(where, `parents[${i}]`, `features, from 0 to ${parents.length - 1}`, stray);
  });
  const steps = new Array<number>(parents.length).fill(-1);
  const path: number[] = [];
  const visit = (feature: number): number => {
    const start = path.indexOf(feature);
    if (start >= 0) {
      const circle = [...path.slice(start), feature].map((each) => JSON.stringify(names[each]));
      throw new UsageError({
        where,
        problem: `the parents go round in a circle: ${circle.join(" depends on ")}`,
        expected: "a graph without circles",
        received: circle.join(" - "),
        remedy: "leave one of these parents out",
      });
    }
    if (steps[feature]! < 0) {
      path.push(feature);
      steps[feature] = 1 + Math.max(-1, ...parents[feature]!.map(visit));
      path.pop();
    }
    return steps[feature]!;
  };
  const longestPath = Math.max(...parents.map((_, feature) => visit(feature)));
  const order = parents.map((_, i) => i).sort((a, b) => steps[a]! - steps[b]! || a - b);
  return { order, longestPath };
}
