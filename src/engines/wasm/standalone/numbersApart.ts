/**
 * Kernels that differ in their numbers alone made one: the numbers are read from memory, as a source of the kernel.
 *
 * @module
 */

import type { Kernel } from "../../../plan/kernels.ts";
import type { Argument, Call, Item, Plan } from "../../../plan/plan.ts";
import { type Instruction, type ScalarCode, ScalarWriter } from "../../../plan/scalarCode.ts";
import type { MemoryImage } from "./image.ts";

/**
 * The plan with the numbers of its fused kernels in the image, and the number of features among what a kernel is called with: one body serves
 * all that differ in these. Few stay in code: 0 and 1, and bounds, which need fewer instructions there. */
export function numbersApart(plan: Plan, image: MemoryImage): Plan {
  const codes = new Map<string, number>();
  const numberOf = (text: string): number => {
    if (!codes.has(text)) codes.set(text, codes.size);
    return codes.get(text)!;
  };
  const Numbers = plan.target.numberBytes === 4 ? Float32Array : Float64Array;
  const parts = plan.kernels.map((kernel): { readonly kernel: Kernel; readonly address?: number } => {
    if (kernel.kind !== "fused" || kernel.space !== "row") return { kernel };
    const { code, numbers } = codeApart(kernel.code, numberOf);
    if (numbers.length === 0) return { kernel: { ...kernel, code } };
    const address = image.constant(new Uint8Array(Numbers.from(numbers).buffer));
    return { kernel: { ...kernel, code }, address };
  });
  const callOf = (call: Call): Call => {
    const { kernel, address } = parts[call.kernel]!;
    if (kernel.kind !== "fused" || kernel.space !== "row") return call;
    const numberArgument = (value: number): Argument => ({ kind: "number", value });
    const own = [...call.arguments];
    if (address !== undefined) own.splice(kernel.code.sources.length - 1, 0, numberArgument(address));
    if (kernel.features > 1) own.push(numberArgument(kernel.features));
    return { ...call, arguments: own };
  };
  const itemOf = (item: Item): Item =>
    "items" in item
      ? { ...item, items: item.items.map(itemOf), until: item.until && callOf(item.until) }
      : callOf(item);
  return { ...plan, kernels: parts.map(({ kernel }) => kernel), tile: plan.tile.map(itemOf) };
}

/** A program whose last source has its numbers. */
function codeApart(
  { sources, instructions, results }: ScalarCode,
  numberOf: (text: string) => number,
): { readonly code: ScalarCode; readonly numbers: readonly number[] } {
  const isBound = new Set(
    instructions.flatMap((each) => (each.op === "max" || each.op === "min" ? each.operands : [])),
  );
  const isApart = (each: Instruction, register: number): boolean =>
    each.op === "number" && each.value !== 0 && each.value !== 1 && !isBound.has(register);
  const numbers: number[] = [];
  const writer = new ScalarWriter();
  for (const { kind, width } of sources) writer.source(kind, width);
  const count = instructions.filter(isApart).length;
  const apart = count > 0 ? writer.source("single", count) : -1;
  // Equal numbers are one register, so the registers are those of before.
  const registers: number[] = [];
  for (const [register, each] of instructions.entries())
    if (each.op === "source") registers.push(writer.load(each.source, each.column));
    else if (each.op !== "number")
      registers.push(
        writer.operation(
          each.op,
          each.operands.map((operand) => registers[operand]!),
          each.bound,
        ),
      );
    else if (isApart(each, register)) registers.push(writer.load(apart, numbers.push(each.value) - 1));
    else registers.push(writer.number(each.value));
  for (const result of results)
    writer.result(
      result.registers.map((register) => registers[register]!),
      result.isSum,
    );
  return { code: writer.finish(numberOf), numbers };
}
