/**
 * What densities have in common whose programs are the same.
 *
 * @module
 */

import type { ColumnLayout, ColumnsDensity } from "../../models/columns/columnsDensity.ts";

/**
 * Text that is the same for densities of one network whose programs are: what tells the heads of a group apart is in the encoded rows and
 * in the parameters' values, see `ColumnHead.group`.
 */
export function structureOfDensity(density: ColumnsDensity): string {
  const { hidden, ties = [], anyOrder } = density.options;
  const { given, columns, width, features } = density;
  /** In the order of the model. */
  const placeOf = (cell: number): number => [...given, ...columns].findIndex((own) => own.cell === cell);
  return JSON.stringify({
    given: given.map(columnStructure),
    columns: columns.map(columnStructure),
    width,
    features,
    hidden,
    anyOrder,
    ties: ties.map(({ from, to }) => [placeOf(from), placeOf(to)]),
  });
}

function columnStructure({ column, head, outcomes, ...places }: ColumnLayout): object {
  const { group, parameters, shared, targets, features, indicators } = head;
  return {
    isMasked: column.masked === true,
    outcomes,
    head: { group, parameters, shared, targets, features, indicators },
    places: [places.features, places.earlyFeatures, places.targets, places.outputs, places.shared],
  };
}
