/**
 * Programs as one module that needs nothing: its memory is its own, weights are in it, and so is the loop over tiles.
 *
 * A function takes rows of float64, row by row, and writes rows of float64. It is a chain of programs, each in a precision of its own: what
 * one gives by a name is what later ones are given by that name.
 *
 * @module
 */

import { kernelName } from "../../../plan/kernels.ts";
import type { Item, Plan } from "../../../plan/plan.ts";
import { addConnected } from "../connectedKernel.ts";
import {
  type FunctionBuilder,
  type FunctionIndex,
  type GlobalIndex,
  type Local,
  ModuleBuilder,
  parametersOf,
} from "../emit/assembler.ts";
import { ByteWriter } from "../emit/binary.ts";
import type { ProductOptions } from "../emit/dense.ts";
import { emitKernel } from "../emit/emitKernel.ts";
import type { Precision } from "../emit/vector.ts";
import { emitTile } from "../emitPhases.ts";
import { pageBytes } from "../run/memories.ts";
import { withCalls } from "./calledCode.ts";
import { addCalledLists } from "./calledList.ts";
import { addClickHouse } from "./clickHouse.ts";
import { evaluatedPlan, type KnownProgram, rowLength, vectorOf } from "./evaluatedPlan.ts";
import { addHeap, listBytes } from "./heap.ts";
import { farAddress, MemoryImage } from "./image.ts";
import { numbersApart } from "./numbersApart.ts";
import { addUnpacking } from "./packedNumbers.ts";
import { type ModuleParts, shortModule } from "./shortCode.ts";
import { addSmallKernel } from "./smallKernel.ts";

/** A function of rows. */
export interface StandaloneFunction {
  /** Name of the export. */
  readonly name: string;
  /** Numbers of a row that it takes: input `rows` of its first program. */
  readonly width: number;
  /** Numbers of a row that it gives: output `result` of its last program. */
  readonly results: number;
  /** The programs, in order; the first and the last are float64. */
  readonly programs: readonly KnownProgram[];
}

/** A program, planned, and where it finds the addresses of its rows. */
interface Stage {
  readonly plan: Plan;
  readonly known: KnownProgram;
  /** The address of each of its inputs and outputs is found at this address and the next. */
  readonly pointers: number;
  /** Numbers that another precision reads: from where, to where, how many a row. */
  readonly casts: readonly {
    readonly from: number;
    readonly to: number;
    readonly size: number;
    readonly isToSingle: boolean;
  }[];
}

/**
 * A module that imports nothing. It exports `memory`, `allocate(bytes) -> address`, `release(address)`, and each function as
 * `(rows, count, results)`: addresses of float64 and the number of rows; `<name>_width()` and `<name>_results()` are how many numbers a row
 * has that it takes and gives; for ClickHouse `clickhouse_create_buffer`,
 * `clickhouse_destroy_buffer`, and each function as `clickhouse_<name>`.
 *
 * Code beyond {@link mostCode} is written again so that it is small: kernels call what they have in common.
 *
 * @param functionsOf - The functions; asked again for code that has to be small.
 * @param sections - Custom sections, by name.
 */
export async function standaloneModule(
  functionsOf: (isSmall: boolean) => readonly StandaloneFunction[],
  sections: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, code } = await written(functionsOf(false), sections, false);
  if (code <= mostCode) return bytes;
  const small = await written(functionsOf(true), sections, true);
  return shortModule(small.bytes, small.parts);
}

/** Bytes of code up to which each kernel has all that it does in it, which takes a fifth less time than calls. */
const mostCode = 56_000;

async function written(
  functions: readonly StandaloneFunction[],
  sections: Readonly<Record<string, string>>,
  isSmall: boolean,
): Promise<{
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly code: number;
  readonly parts: ModuleParts;
}> {
  const image = new MemoryImage(64, isSmall ? farAddress : undefined);
  const indices = image.constant(new Uint8Array(Int32Array.from({ length: rowLength }, (_, i) => i).buffer));
  const planned: Stage[][] = [];
  for (const each of functions) planned.push(await stagesOf(each, image, isSmall));
  const stages = planned.flat();
  const blocks = image.reserve(listBytes);
  const module = new ModuleBuilder({ sharedMemory: false, maximumPages: 65536 });
  const arenaBytes = stages.reduce((most, { plan }) => Math.max(most, plan.memory.arenaBytes), 0);
  const aligned = (address: number): number => Math.ceil(address / 64) * 64;
  const arena = aligned(image.reserve(arenaBytes + 64, farAddress));
  const lanes = module.addGlobal();
  const optionsOf = (precision: Precision): ProductOptions =>
    isSmall ? withCalls(module, vectorOf(precision)) : vectorOf(precision);
  const vectors = { float32: optionsOf("float32"), float64: optionsOf("float64") };
  const kernels = new Map<string, FunctionIndex>();
  const parameters = new Map<FunctionIndex, number>();
  const ofStages = new Map(
    stages.map((stage) => [stage, addKernels(module, stage, lanes, kernels, vectors, parameters)]),
  );
  const lists = isSmall ? addCalledLists(module, image, parameters, arena) : undefined;
  const entries = functions.map(({ name, width, results }, i) => {
    const tiles = planned[i]!.map((stage) => {
      const own = { plan: stage.plan, functions: ofStages.get(stage)! };
      const { plan, functions } = lists?.listed(own) ?? own;
      const options = { name: null, pointers: stage.pointers, start: arena };
      return emitTile(module, plan, functions, plan.isCut ? lanes : undefined, options);
    });
    return addDriver(module, { name, width, results }, planned[i]!, tiles, { arena, indices });
  });
  const start = addUnpacking(module, image);
  const heapStart = aligned(image.end);
  const heap = addHeap(module, blocks, heapStart);
  addClickHouse(
    module,
    heap,
    functions.map(({ name, width, results }, i) => ({ name, width, results, entry: entries[i]! })),
  );
  const segments = image.segments;
  const bytes = module.finish({
    pages: Math.ceil(heapStart / pageBytes),
    finish: (section) => {
      section(11, (content) => {
        content.unsigned(segments.length);
        for (const segment of segments) {
          content.byte(0x00);
          content.byte(0x41);
          content.signed(segment.address);
          content.byte(0x0b);
          content.sized(segment.bytes);
        }
      });
      for (const [name, text] of Object.entries(sections))
        section(0, (content) => {
          const encoded = new ByteWriter();
          encoded.text(name);
          content.bytes(encoded.written);
          content.bytes(new TextEncoder().encode(text));
        });
    },
  });
  const code = bytes.length - segments.reduce((sum, segment) => sum + segment.bytes.length, 0);
  return { bytes, code, parts: { ...lists, start } };
}

const bytesOf = ({ precision }: KnownProgram): number => (precision === "float32" ? 4 : 8);

/** Plans the programs of a function, and gives room to what one hands to another. */
async function stagesOf(
  { programs }: StandaloneFunction,
  image: MemoryImage,
  isSmall: boolean,
): Promise<Stage[]> {
  const plans: Plan[] = [];
  for (const known of programs) {
    const plan = await evaluatedPlan(known, image);
    plans.push(isSmall ? numbersApart(plan, image) : plan);
  }
  /** Where a value is in each precision, by name. */
  const rooms = new Map<string, Map<number, number>>();
  const roomOf = (name: string, size: number, numberBytes: number): number => {
    const ofName = rooms.get(name) ?? new Map<number, number>();
    rooms.set(name, ofName);
    const room = ofName.get(numberBytes) ?? image.reserve(rowLength * size * numberBytes);
    ofName.set(numberBytes, room);
    return room;
  };
  const last = plans.length - 1;
  return plans.map((plan, i): Stage => {
    const known = programs[i]!;
    const numberBytes = bytesOf(known);
    const pointers = image.reserve(4 * (plan.inputs.length + plan.rows.length));
    const addresses = [
      // The rows of the first and the results of the last are where the caller says.
      ...plan.inputs.map(({ name, size }) => (i === 0 ? 0 : roomOf(name, size, numberBytes))),
      ...plan.rows.map(({ name, size }) => (i === last ? 0 : roomOf(name, size, numberBytes))),
    ];
    image.write(pointers, addresses);
    const casts = (i === last ? [] : plan.rows).flatMap(({ name, size }) => {
      const other = 12 - numberBytes;
      const isReadSo = plans.some(
        (later, j) =>
          j > i && bytesOf(programs[j]!) === other && later.inputs.some((input) => input.name === name),
      );
      if (!isReadSo) return [];
      return [
        {
          from: roomOf(name, size, numberBytes),
          to: roomOf(name, size, other),
          size,
          isToSingle: other === 4,
        },
      ];
    });
    return { plan, known, pointers, casts };
  });
}

/**
 * The kernels of a stage, by their numbers in its plan; those that an earlier one has are not added again.
 * @param parameters - How many each kernel has, which is added.
 */
function addKernels(
  module: ModuleBuilder,
  { plan, known: { precision } }: Stage,
  lanes: GlobalIndex,
  kernels: Map<string, FunctionIndex>,
  vectors: Readonly<Record<Precision, ProductOptions>>,
  parameters: Map<FunctionIndex, number>,
): FunctionIndex[] {
  const functions: FunctionIndex[] = [];
  const vector = vectors[precision];
  const context = { shardBytes: plan.memory.shards.bytes, addConnected };
  const add = (id: number): FunctionIndex => {
    const kernel = plan.kernels[id]!;
    const shape = { rowLength, vector, lanes: plan.isCut ? lanes : undefined };
    const isSmall = vector.calls !== undefined && kernel.kind === "fused" && kernel.space === "row";
    const features = kernel.kind === "fused" && (isSmall ? kernel.features === 1 : kernel.features);
    const name =
      kernel.kind === "fused" ? `${kernel.space} ${features} ${kernel.code.text}` : kernelName(kernel);
    const key = `${precision} ${plan.isCut} ${kernel.kind} ${name}`;
    const index =
      kernels.get(key) ??
      (isSmall
        ? addSmallKernel(module, kernel.features === 1, kernel.code, shape)
        : emitKernel(module, kernel, shape, context));
    kernels.set(key, index);
    return index;
  };
  const walk = (items: readonly Item[]): void => {
    for (const item of items)
      if ("items" in item) {
        walk(item.items);
        if (item.until) functions[item.until.kernel] ??= add(item.until.kernel);
      } else {
        functions[item.kernel] ??= add(item.kernel);
        parameters.set(functions[item.kernel]!, item.arguments.length);
      }
  };
  walk(plan.tile);
  return functions;
}

/** The function `(rows, count, results)`: tile after tile, each through all stages. */
function addDriver(
  module: ModuleBuilder,
  { name, width, results }: Pick<StandaloneFunction, "name" | "width" | "results">,
  stages: readonly Stage[],
  tiles: readonly FunctionIndex[],
  { arena, indices }: { readonly arena: number; readonly indices: number },
): FunctionIndex {
  const [first, last] = [stages[0]!, stages.at(-1)!];
  for (const [size, numbers] of Object.entries({ width, results }))
    module.addFunction(`${name}_${size}`, [], ["i32"], (f) => f.i32(numbers));
  return module.addFunction(name, ["i32", "i32", "i32"], [], (f) => {
    const [rows, left, out] = parametersOf(f, 3);
    const [zero, count] = [f.local("i32"), f.local("i32")];
    f.i32(0).set(zero);
    f.block((end) => {
      f.loop((start) => {
        f.get(left).op("i32.eqz").branchIf(end);
        f.get(left).i32(rowLength).get(left).i32(rowLength).op("i32.lt_u").op("select").set(count);
        if (first.plan.inputs.length > 0) f.store("i32.store", zero, first.pointers, rows);
        f.store("i32.store", zero, last.pointers + 4 * last.plan.inputs.length, out);
        stages.forEach(({ casts }, i) => {
          f.i32(arena).i32(0).i32(indices).get(count).i32(0).call(tiles[i]!);
          for (const cast of casts) emitCast(f, cast, count);
        });
        f.get(rows)
          .get(count)
          .i32(8 * width)
          .op("i32.mul")
          .op("i32.add")
          .set(rows);
        f.get(out)
          .get(count)
          .i32(8 * results)
          .op("i32.mul")
          .op("i32.add")
          .set(out);
        f.get(left).get(count).op("i32.sub").set(left).branch(start);
      });
    });
  });
}

/** Numbers of `count` rows in another precision. */
function emitCast(
  f: FunctionBuilder,
  { from, to, size, isToSingle }: Stage["casts"][number],
  count: Local,
): void {
  const [source, end, target] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [step, targetStep] = isToSingle ? [8, 4] : [4, 8];
  f.i32(from).set(source).i32(to).set(target);
  f.get(source)
    .get(count)
    .i32(size * step)
    .op("i32.mul")
    .op("i32.add")
    .set(end);
  f.forPointer(source, end, step, () => {
    f.get(target);
    if (isToSingle) f.load("f64.load", source).op("f32.demote_f64").memory("f32.store");
    else f.load("f32.load", source).op("f64.promote_f32").memory("f64.store");
    f.increment(target, targetStep);
  });
  for (const local of [source, end, target]) f.release(local);
}
