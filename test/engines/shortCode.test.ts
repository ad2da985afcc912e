/** Code that is made shorter does what it did. */

import { expect, it } from "vitest";
import { ModuleBuilder } from "../../src/engines/wasm/emit/assembler.ts";
import type { FunctionBuilder, Local } from "../../src/engines/wasm/emit/function.ts";
import type { PlainOperation } from "../../src/engines/wasm/emit/opcodes.ts";
import { shortModule } from "../../src/engines/wasm/standalone/shortCode.ts";
import { RandomStream, randomKey, split } from "../../src/random/philox.ts";

const binary: readonly PlainOperation[] = ["f64x2.add", "f64x2.sub", "v128.xor", "i32x4.add", "f32x4.mul"];
const unary: readonly PlainOperation[] = ["v128.not", "f64x2.neg", "f32x4.floor"];

/** Random code on 16 vectors at the address: locals are set, read and set again, around what is written to memory and around blocks. */
function emitRandom(f: FunctionBuilder, stream: RandomStream, negate: number): void {
  const pick = <T>(list: readonly T[]): T => list[stream.integerBelow(list.length)]!;
  const pointer = f.parameter(0);
  const shared = Array.from({ length: 2 }, () => f.local("v128"));
  const counters = Array.from({ length: 2 }, () => f.local("i32"));
  const offset = f.local("i32");
  f.i32(0).set(offset);
  for (const vector of shared) f.load("v128.load", pointer).set(vector);
  const address = (): FunctionBuilder => f.get(pointer).get(offset).op("i32.add");
  const steps = (depth: number): void => {
    // Some that this stretch alone has, one of which is read before it is set: in a loop it is that of the round before.
    const own = Array.from({ length: 3 }, () => f.local("v128"));
    const kept = f.local("v128");
    for (const vector of own) f.load("v128.load", pointer, 16 * stream.integerBelow(8)).set(vector);
    f.get(kept).get(own[0]!).op("v128.xor").set(kept);
    const vectors = [...own, ...own, kept, ...shared];
    const isNested = depth > 0 && stream.integerBelow(2) === 0;
    for (let step = 0; step < 12; step++) {
      const [a, b, to] = [pick(vectors), pick(vectors), pick(vectors)] as [Local, Local, Local];
      const place = 16 * stream.integerBelow(4);
      switch (stream.integerBelow(isNested ? 12 : 10)) {
        case 0:
        case 1:
          address().memory("v128.load", place).set(to);
          break;
        case 2:
          address().get(a).memory("v128.store", place);
          break;
        case 3:
          f.vector(pick(["f64x2", "f32x4", "i32x4"] as const), pick([0, 1, -1, 0.1, 2 ** 20, -0])).set(to);
          break;
        case 4:
          f.get(a).op(pick(unary)).set(to);
          break;
        case 5:
          f.get(a).call(negate).set(to);
          break;
        case 6:
          f.get(offset).i32(16).op("i32.add").i32(48).op("i32.and").set(offset);
          break;
        case 10:
          f.forRange(counters[depth - 1]!, 0, 2, 1, () => steps(depth - 1));
          break;
        case 11:
          f.get(a)
            .op("v128.any_true")
            .ifElse(
              () => steps(depth - 1),
              () => steps(0),
            );
          break;
        default:
          f.get(a).get(b).op(pick(binary)).set(to);
      }
    }
    for (const [i, vector] of [...own, kept].entries()) f.store("v128.store", pointer, 128 + 16 * i, vector);
  };
  steps(2);
  for (const [i, vector] of shared.entries()) f.store("v128.store", pointer, 16 * i, vector);
}

it("means the same, whatever is read, written and set in between", async () => {
  let [before, after] = [0, 0];
  for (let index = 0; index < 100; index++) {
    const memories: Uint8Array[] = [];
    for (const isShort of [false, true]) {
      const module = new ModuleBuilder({ sharedMemory: false, maximumPages: 1 });
      const negate = module.addFunction(null, ["v128"], ["v128"], (f) => {
        f.get(f.parameter(0)).get(f.hoistedConstant("f64x2", -1)).op("f64x2.mul");
      });
      const stream = new RandomStream(split(randomKey(7), String(index)));
      module.addFunction("run", ["i32"], [], (f) => emitRandom(f, stream, negate));
      const whole = module.finish({ pages: 1, finish: () => undefined });
      const bytes = isShort ? shortModule(whole) : whole;
      if (isShort) after += bytes.length;
      else before += bytes.length;
      const { instance } = await WebAssembly.instantiate(bytes, {});
      const { memory, run } = instance.exports as unknown as {
        readonly memory: WebAssembly.Memory;
        readonly run: (address: number) => void;
      };
      new Float64Array(memory.buffer, 64, 32).set(
        Array.from({ length: 32 }, (_, i) => Math.sin(i) * 2 ** (i - 8)),
      );
      run(64);
      memories.push(new Uint8Array(memory.buffer, 64, 256).slice());
    }
    expect(memories[1], `case ${index}`).toEqual(memories[0]);
  }
  expect(after).toBeLessThan(0.9 * before);
});
