/**
 * A compiled program in the memory of its host.
 *
 * @module
 */

import { UsageError } from "../../../errors.ts";
import type { RandomKey } from "../../../random/philox.ts";
import { checkParameters, checkSteps, inputsOf, stepInputOf } from "../../checks.ts";
import type { Arrays, Executable, RunInputs, RunOptions, RunOutputs, Steps } from "../../engine.ts";
import { Operations } from "../../operations.ts";
import type { CompiledProgram } from "../compileProgram.ts";
import { control, type Region } from "../control.ts";
import { type Host, memoryErrors } from "./host.ts";
import type { Job } from "./job.ts";

/** Gives the memory of programs back that nobody can reach any more. */
const unreachable = new FinalizationRegistry<Host>((host) => host.dispose());

/** Rows that an evaluation without sums puts into memory at a time. */
const blockTiles = 256;

/** A program that the wasm engine has compiled. */
export class WasmExecutable implements Executable {
  readonly parameters: ReadonlyMap<string, number>;
  readonly #compiled: Omit<CompiledProgram, "bytes">;
  readonly #host: Host;
  /** Bytes of a number. */
  readonly #bytes: number;
  /** Where free memory begins. */
  #top: number;
  #loadedAt: number[] = [];
  #loadedTop = 0;
  #loadedRows = 0;
  readonly #operations = new Operations();
  /** Sizes of parameters that nobody has set: their memory may hold what an earlier program has left there. */
  readonly #unset: Map<string, number>;

  /** @param host - Has reserved the program's memory, and has its constants and tables there. */
  constructor(compiled: Omit<CompiledProgram, "bytes">, host: Host) {
    this.parameters = new Map(Array.from(compiled.parameters, ([name, { size }]) => [name, size]));
    this.#unset = new Map(this.parameters);
    this.#compiled = compiled;
    this.#host = host;
    this.#bytes = compiled.precision === "float32" ? 4 : 8;
    this.#top = compiled.memoryBytes;
    unreachable.register(this, host, this);
  }

  setParameters(values: Arrays): Promise<void> {
    return this.#operations.inTurn(async () => {
      checkParameters(values, this.parameters);
      for (const [name, data] of Object.entries(values)) this.#set(name, data);
    });
  }

  getParameters(): Promise<Record<string, Float64Array>> {
    return this.#operations.inTurn(async () => {
      await this.#reserve();
      return this.#readByName(this.#compiled.parameters);
    });
  }

  run(inputs: RunInputs, options: RunOptions = {}): Promise<RunOutputs> {
    return this.#operations.inTurn(async () => {
      const random = this.#random(options.key);
      const { signal, onProgress } = options;
      const { inputs: leaves, rows: outputs, sums, rowLength } = this.#compiled;
      const data = inputsOf("run", inputs, leaves);
      const stepValues = options.stepInputs ?? {};
      const stepInputs = Array.from(this.#compiled.stepInputs, ([name, { address, size }]) => {
        const values = stepValues[name] === undefined ? new Float64Array(size) : undefined;
        return [address, values ?? stepInputOf(stepValues, { name, size }, 1)] as const;
      });
      const size = sums.size > 0 ? inputs.rows : Math.min(inputs.rows, blockTiles * rowLength);
      this.#top = Math.max(this.#compiled.memoryBytes, this.#loadedTop);
      const inputAt = leaves.map((input) => this.#allocate(size * input.size * this.#bytes));
      const outputAt = outputs.map((output) => this.#allocate(size * output.size * this.#bytes));
      const indices = this.#allocate(4 * size);
      const counts = this.#allocate(4);
      await this.#reserve();
      for (const [address, values] of stepInputs) this.#host.writeNumbers(address, values);
      this.#host.writeIntegers(
        indices,
        Int32Array.from({ length: size }, (_, i) => i),
      );
      this.#point([...inputAt, ...outputAt]);
      const rows = Object.fromEntries(
        outputs.map((output) => [output.name, new Float64Array(inputs.rows * output.size)]),
      );
      for (let start = 0; start < inputs.rows; start += size) {
        this.#operations.checkAborted(signal);
        const count = Math.min(size, inputs.rows - start);
        leaves.forEach((input, i) => {
          const block = data[i]!.subarray(start * input.size, (start + count) * input.size);
          this.#host.writeNumbers(inputAt[i]!, block);
        });
        this.#host.writeIntegers(counts, [count]);
        const report = (rows: number): void =>
          onProgress?.({ done: start + Math.min(rows, count), of: inputs.rows });
        const done = await this.#host.run(
          {
            steps: 1,
            counts,
            indices,
            stepInputs: [],
            sums: [],
            applyUpdates: false,
            random: { ...random, firstRow: start },
          },
          {
            signals: [signal, this.#operations.disposal],
            onTiles: onProgress && ((tiles) => report(tiles * rowLength)),
          },
        );
        // Stopped in the middle; an abort that comes after the last row changes nothing.
        if (done === 0) this.#operations.checkAborted(signal);
        const parts = await this.#host.read(
          outputs.map((output, i) => ({ address: outputAt[i]!, size: count * output.size })),
        );
        outputs.forEach((output, i) => {
          rows[output.name]!.set(parts[i]!, start * output.size);
        });
        report(count);
      }
      return { rows, sums: await this.#readByName(sums) };
    });
  }

  load(inputs: RunInputs): Promise<void> {
    return this.#operations.inTurn(async () => {
      const { inputs: leaves } = this.#compiled;
      const data = inputsOf("load", inputs, leaves);
      this.#loadedRows = 0;
      this.#top = this.#compiled.memoryBytes;
      const addresses = leaves.map((input) => this.#allocate(inputs.rows * input.size * this.#bytes));
      await this.#reserve();
      data.forEach((values, i) => {
        this.#host.writeNumbers(addresses[i]!, values);
      });
      this.#loadedAt = addresses;
      this.#loadedTop = this.#top;
      this.#loadedRows = inputs.rows;
    });
  }

  step(steps: Steps): Promise<Record<string, Float64Array>> {
    return this.#operations.inTurn(async () => {
      checkSteps(steps, this.#loadedRows);
      const random = { ...this.#random(steps.key), firstStep: steps.firstStep ?? 0 };
      this.#top = this.#loadedTop;
      const count = steps.counts.length;
      const counts = this.#allocate(4 * count);
      const indices = this.#allocate(4 * steps.indices.length);
      // A step may have outputs by row, which nobody reads; they still need room.
      const largest = steps.counts.reduce((maximum, rows) => Math.max(maximum, rows), 0);
      const outputAt = this.#compiled.rows.map((output) =>
        this.#allocate(largest * output.size * this.#bytes),
      );
      const stepInputs = Array.from(this.#compiled.stepInputs, ([name, { size, address }]) => {
        const from = this.#allocate(count * size * this.#bytes);
        return {
          values: stepInputOf(steps.stepInputs, { name, size }, count),
          from,
          to: address,
          bytes: size * this.#bytes,
        };
      });
      const sums = Array.from(this.#compiled.sums, ([name, region]) => {
        const to = this.#allocate(count * region.size * this.#bytes);
        return { name, size: region.size, from: region.address, to, bytes: region.size * this.#bytes };
      });
      await this.#reserve();
      for (const { values, from } of stepInputs) this.#host.writeNumbers(from, values);
      this.#host.writeIntegers(counts, steps.counts);
      this.#host.writeIntegers(indices, steps.indices);
      this.#point([...this.#loadedAt, ...outputAt]);
      const job = {
        steps: count,
        counts,
        indices,
        stepInputs: stepInputs.map(({ from, to, bytes }) => ({ from, to, bytes })),
        sums,
        applyUpdates: true,
        random,
      };
      const signals = [steps.signal, this.#operations.disposal];
      const done = steps.signal?.aborted ? 0 : await this.#host.run(job, { signals });
      this.#operations.checkDisposed();
      const parts = await this.#host.read(sums.map(({ size, to }) => ({ address: to, size: done * size })));
      return Object.fromEntries(sums.map(({ name }, i) => [name, parts[i]!]));
    });
  }

  dispose(): void {
    unreachable.unregister(this);
    this.#operations.dispose(() => this.#host.dispose());
  }

  /** What random draws start from. */
  #random(key: RandomKey | undefined): Job["random"] {
    if (!key && this.#compiled.hasRandoms)
      throw new UsageError({
        problem: "the program draws random numbers",
        expected: "a key",
        received: "none",
        remedy: "give the key that they are drawn with",
      });
    return { k0: key?.k0 ?? 0, k1: key?.k1 ?? 0, firstStep: 0, firstRow: 0 };
  }

  /** An address with so many bytes behind it, which are there after {@link #reserve}. */
  #allocate(bytes: number): number {
    const address = Math.ceil(this.#top / 64) * 64;
    this.#top = address + bytes + 64;
    return address;
  }

  /** What is to be there before rows come, or anything is read: memory for all, and zeros in parameters that were not set. */
  async #reserve(): Promise<void> {
    for (const [name, size] of this.#unset) this.#set(name, new Float64Array(size));
    if (await this.#host.reserve(this.#top)) return;
    const { outOfMemory } = await memoryErrors();
    const { memoryBytes } = this.#compiled;
    const parts = { "of the program": memoryBytes, "of rows": this.#top - memoryBytes };
    throw outOfMemory(this.#top, "rows", parts, "use fewer rows at a time, or a smaller flow");
  }

  #set(name: string, data: Float64Array): void {
    this.#unset.delete(name);
    this.#host.writeNumbers(this.#compiled.parameters.get(name)!.address, data);
  }

  async #readByName(regions: ReadonlyMap<string, Region>): Promise<Record<string, Float64Array>> {
    const parts = await this.#host.read([...regions.values()]);
    return Object.fromEntries([...regions.keys()].map((name, i) => [name, parts[i]!]));
  }

  /** Tells the tiles where the rows of inputs and outputs lie. */
  #point(addresses: readonly number[]): void {
    this.#host.writeIntegers(4 * control.pointers, addresses);
  }
}
