/** Where in a flow the slider is. */

import { unitsOfData } from "../flow/protocol.ts";

/** How close to a stop it counts as there. */
export const atStop: number = 1e-6;

/** Where a place between two stops is: on the way to the next. */
function onTheWay(name: string): string {
  if (name.startsWith("time")) return `on the way to ${name}`;
  return name === unitsOfData ? `into the ${name}` : `in ${name}`;
}

/** Where the slider is, in words; `place` is in stops. */
export function whereOf(place: number, stops: readonly string[]): string {
  const nearest = Math.round(place);
  if (Math.abs(place - nearest) > atStop) return onTheWay(stops[Math.ceil(place)] ?? "");
  if (nearest === 0) return "base";
  return nearest === stops.length - 1 ? "data" : `after ${stops[nearest]}`;
}
