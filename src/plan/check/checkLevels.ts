/**
 * The third and the fifth pass: calls of one level, which threads make in any order, need nothing of each other; and no level is
 * empty, or waits for one that it needs nothing of.
 *
 * @module
 */

import { kernelName } from "../kernels.ts";
import type { Level, Plan, SharedCall } from "../plan.ts";
import type { Touches } from "./touches.ts";

/** Numbers of memory that a call reads or writes. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly isWritten: boolean;
  readonly call: SharedCall;
  /** Where the operand begins. */
  readonly base: number;
}

/** What is wrong with the levels. */
export function faultsOfLevels(plan: Plan, touches: Touches): string[] {
  const faults: string[] = [];
  for (const phase of ["prologue", "epilogue", "updates"] as const) {
    const levels = plan[phase];
    const spans = levels.map((level) => spansOf(plan, level, touches));
    for (const [i, level] of levels.entries()) {
      if (level.length === 0) {
        faults.push(`level ${i} of the ${phase} is empty`);
        continue;
      }
      const clash = clashes(spans[i]!, (a, b) => a.call !== b.call && !isSameShare(a, b))[0];
      if (clash) {
        const [first, second] = clash.map(({ call }) => kernelName(plan.kernels[call.kernel]!));
        faults.push(`level ${i} of the ${phase}: "${first}" and "${second}" touch the same numbers`);
      }
      if (i === 0 || levels[i - 1]!.length === 0) continue;
      const before = new Set(levels[i - 1]!);
      const isAcross = (a: Span, b: Span): boolean => before.has(a.call) !== before.has(b.call);
      const needs = clashes([...spans[i - 1]!, ...spans[i]!], isAcross);
      if (needs.length === 0) faults.push(`level ${i} of the ${phase} needs nothing of the one before`);
      else if (needs.every(([a, b]) => isSameShare(a, b)))
        faults.push(`level ${i} of the ${phase} could be part of the one before`);
    }
  }
  return faults;
}

function spansOf(plan: Plan, level: Level, touches: Touches): Span[] {
  return level.flatMap((call) =>
    touches(call).flatMap(({ argument, ranges: touched, access }) => {
      if (argument.kind !== "value") return [];
      const { place, size } = plan.values[argument.value]!;
      const { kind } = plan.kernels[call.kernel]!;
      // A gather that takes nothing of a value still comes after it, and what a scatter leaves as it was is read after it: nobody
      // looks into tables to choose a level.
      const isWhole = (kind === "gather" && access === "read") || (kind === "scatter" && access === "update");
      const ranges = isWhole ? [[0, size] as const] : touched;
      if (place.kind !== "memory") return [];
      const start = place.address / plan.target.numberBytes;
      return ranges.map(([from, to]) => ({
        from: start + from,
        to: start + to,
        isWritten: access !== "read",
        call,
        base: start + argument.start,
      }));
    }),
  );
}

/** Whether a thread's share of the one is its share of the other; of one vector, all is one thread's. */
function isSameShare(a: Span, b: Span): boolean {
  const [x, y] = [a.call.split, b.call.split];
  return (
    x.kind === "range" && y.kind === "range" && x.count === y.count && (x.count === 1 || a.base === b.base)
  );
}

/** Spans that overlap, one of which is written. */
function clashes(spans: readonly Span[], isOne: (a: Span, b: Span) => boolean): (readonly [Span, Span])[] {
  const found: (readonly [Span, Span])[] = [];
  let open: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    open = open.filter(({ to }) => to > span.from);
    for (const other of open)
      if ((span.isWritten || other.isWritten) && isOne(other, span)) found.push([other, span]);
    open.push(span);
  }
  return found;
}
