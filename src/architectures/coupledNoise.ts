/**
 * Noise for flow matching, assigned to rows by optimal transport within groups.
 *
 * @module
 */

import { assign } from "../numerics/assignment.ts";
import type { RandomStream } from "../random/philox.ts";

/**
 * Standard normal numbers for each row: as many vectors as rows, dealt so that within random groups of rows the sum of
 * squared distances between row and noise is the least possible. Every group sees independent normal vectors, so that
 * noise as a whole keeps its law; only who gets which is chosen. Cost O(rows group^2).
 *
 * @param data - Row-major rows.
 * @param group - Rows of a group at most.
 */
export function coupledNoise(
  data: Float64Array,
  features: number,
  group: number,
  stream: RandomStream,
): Float64Array {
  const rows = data.length / features;
  const order = stream.permutation(rows);
  const noise = new Float64Array(data.length);
  const groups = Math.ceil(rows / group);
  for (let k = 0; k < groups; k++) {
    const members = order.subarray(Math.floor((k * rows) / groups), Math.floor(((k + 1) * rows) / groups));
    const size = members.length;
    const normals = Float64Array.from({ length: size * features }, () => stream.normal());
    const cost = new Float64Array(size * size);
    // Squared distances but for terms that no assignment changes.
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) {
        let product = 0;
        for (let f = 0; f < features; f++)
          product += data[members[i]! * features + f]! * normals[j * features + f]!;
        cost[i * size + j] = -product;
      }
    assign(cost, size).forEach((job, i) => {
      noise.set(normals.subarray(job * features, (job + 1) * features), members[i]! * features);
    });
  }
  return noise;
}
