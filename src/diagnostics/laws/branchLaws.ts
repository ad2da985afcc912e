/**
 * The laws of maps with several branches: what takes the place of the round trips of a map that is one to one.
 *
 * @module
 */

import type { ParameterValues } from "../../models/parameters.ts";
import { type LawResult, lengthOf, pointText, Worst } from "./lawResult.ts";
import type { LawRows, LawSubject } from "./lawSubject.ts";

/**
 * Each valid branch of an image is a preimage of it, one of them the point that it came from; logAbsDets of a branch and of the way
 * forward from there are opposite.
 * @param start - Points on the side of the base.
 * @param data - Their images.
 */
export async function branchLaws(
  subject: LawSubject,
  values: ParameterValues,
  start: LawRows,
  data: LawRows,
  tolerance: number,
): Promise<LawResult[]> {
  const n = subject.bijection.features;
  const [images, found, opposite] = [new Worst(), new Worst(), new Worst()];
  const all = await subject.branches(values, data);
  const points = start.x.length / n;
  const count = all.valid!.length / points;
  for (let row = 0; row < points; row++) {
    const from = start.x.subarray(row * n, (row + 1) * n);
    const to = data.x.subarray(row * n, (row + 1) * n);
    let nearest = Number.POSITIVE_INFINITY;
    for (let branch = 0; branch < count; branch++) {
      const at = row * count + branch;
      if (all.valid![at] === 0) continue;
      const of = (values: Float64Array): Float64Array => values.subarray(at * n, (at + 1) * n);
      const [preimage, image] = [of(all.value!), of(all.image!)];
      const gap = (a: Float64Array, b: Float64Array): number => lengthOf(a.map((value, i) => value - b[i]!));
      images.take(
        gap(image, to),
        100 * tolerance * (1 + lengthOf(to) + lengthOf(preimage)),
        () =>
          `branch ${branch} of ${pointText(to)} is ${pointText(preimage)}, whose image is ${pointText(image)}`,
      );
      nearest = Math.min(nearest, gap(preimage, from));
      const [back, forth] = [all.logAbsDet![at]!, all.imageLogAbsDet![at]!];
      opposite.take(
        Math.abs(back + forth),
        100 * tolerance * (n + Math.abs(forth)),
        () => `branch ${branch} of ${pointText(to)} has the logAbsDet ${back}, the way forward ${forth}`,
      );
    }
    found.take(
      nearest,
      100 * tolerance * (1 + lengthOf(from) + lengthOf(to)),
      () => `no valid branch of ${pointText(to)} is ${pointText(from)}, of which it is the image`,
    );
  }
  return [
    images.result("each valid branch is a preimage"),
    found.result("the point is among the branches of its image"),
    opposite.result("the logAbsDets of a branch and of the way forward are opposite"),
  ];
}
