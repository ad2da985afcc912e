import fs, { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { AbortedError, FormatError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";

import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { curved, kinds, quick } from "./tables.ts";

const folder = mkdtempSync(join(tmpdir(), "pushforward-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}.checkpoint`);

const table = curved(80, 1);
const options: FitOptions = { ...quick, epochs: 8 };

/** Runs a fit until an epoch is done, then stops it from outside. */
async function killAt(epoch: number, own: FitOptions): Promise<void> {
  const controller = new AbortController();
  const run = fit(table, {
    ...own,
    signal: controller.signal,
    onProgress: (progress) => {
      if (progress.epoch === epoch) controller.abort();
    },
  });
  await expect(run).rejects.toThrow(AbortedError);
}

describe("a killed fit that goes on", () => {
  it.each(kinds)("%s: ends with the bytes of an uninterrupted one", async (flow) => {
    const whole = await fit(table, { ...options, flow });
    const checkpoint = newFile();
    await killAt(3, { ...options, flow, checkpoint });
    const seen: number[] = [];
    const resumed = await fit(table, {
      ...options,
      flow,
      checkpoint,
      resume: true,
      onProgress: ({ epoch }) => seen.push(epoch),
    });
    expect(seen).toEqual([4, 5, 6, 7, 8]);
    expect(resumed.flow.toBytes()).toEqual(whole.flow.toBytes());
    expect(resumed.report.history).toEqual(whole.report.history);
  });

  it("may be killed again and again, with other threads each time", async () => {
    const whole = await fit(table, options);
    const checkpoint = newFile();
    await killAt(1, { ...options, checkpoint });
    await killAt(4, { ...options, checkpoint, resume: true, threads: 2 });
    const last = await fit(table, { ...options, checkpoint, resume: true });
    expect(last.flow.toBytes()).toEqual(whole.flow.toBytes());
  });

  it("does not depend on how often it validates and writes", async () => {
    // 150 epochs: only some of them are validated and written.
    const many = { ...options, epochs: 150, patience: 150 };
    const whole = await fit(table, many);
    const checkpoint = newFile();
    const written = await fit(table, { ...many, checkpoint });
    expect(written.flow.toBytes()).toEqual(whole.flow.toBytes());
    const other = newFile();
    await killAt(whole.report.history[5]!.epoch, { ...many, checkpoint: other });
    const resumed = await fit(table, { ...many, checkpoint: other, resume: true });
    expect(resumed.flow.toBytes()).toEqual(whole.flow.toBytes());
  });

  it("does not train further after it had stopped early", async () => {
    const short = { ...options, epochs: 200, patience: 2, learningRate: 0.1 };
    const checkpoint = newFile();
    const whole = await fit(table, { ...short, checkpoint });
    expect(whole.report.epochs).toBeLessThan(200);
    const again = await fit(table, { ...short, checkpoint, resume: true });
    expect(again.flow.toBytes()).toEqual(whole.flow.toBytes());
  });

  it("starts anew where there is no checkpoint yet", async () => {
    const fresh = await fit(table, { ...options, checkpoint: newFile(), resume: true });
    expect(fresh.flow.toBytes()).toEqual((await fit(table, options)).flow.toBytes());
  });
});

describe("a checkpoint", () => {
  const checkpoint = newFile();
  const resume = (own: FitOptions = {}, data = table): Promise<unknown> =>
    fit(data, { ...options, checkpoint, resume: true, ...own });

  it("of another seed, other data or another option is refused", async () => {
    await killAt(2, { ...options, checkpoint });
    const before = readFileSync(checkpoint);
    for (const own of [
      { seed: 2 },
      { learningRate: 1e-2 },
      { epochs: 9 },
      { hidden: [9] },
      { flow: "maf" },
      { precision: "float64" },
      { validation: 0.2 },
      { columns: ["gap", "mass", "height"] },
    ] as FitOptions[])
      await expect(resume(own), JSON.stringify(own)).rejects.toThrow(UsageError);
    const values = table.values.slice();
    values[3]! *= 1 + 1e-12;
    await expect(resume({}, { ...table, values })).rejects.toThrow(/belongs to a fit with other data/);
    expect(readFileSync(checkpoint)).toEqual(before);
  });

  it("that is damaged is refused", async () => {
    const whole = new Uint8Array(readFileSync(checkpoint));
    const { tensors, metadata } = readSafetensors(whole);
    const damaged: Record<string, Uint8Array> = {
      empty: new Uint8Array(0),
      truncated: whole.subarray(0, whole.length - 100),
      "cut in the header": whole.subarray(0, 300),
      "random bytes": whole.map((_, i) => (i * 7919) & 255),
      "no JSON": writeSafetensors(tensors, { ...metadata, pushforward_checkpoint: "{" }),
      "another JSON": writeSafetensors(tensors, { ...metadata, pushforward_checkpoint: '{"epoch":"two"}' }),
      "no state": writeSafetensors(tensors, { subject: metadata.subject! }),
      "a tensor less": writeSafetensors(new Map([...tensors].slice(1)), metadata),
      "a shorter tensor": writeSafetensors(
        new Map(
          [...tensors].map(([name, tensor], i) => [
            name,
            i > 0 ? tensor : { dtype: "F64", shape: [1], data: new Float64Array(1) },
          ]),
        ),
        metadata,
      ),
      "NaN inside": writeSafetensors(
        new Map(
          [...tensors].map(([name, tensor]) => [
            name,
            { ...tensor, data: new Float64Array(tensor.data.length).fill(Number.NaN) } as typeof tensor,
          ]),
        ),
        metadata,
      ),
    };
    for (const [name, bytes] of Object.entries(damaged)) {
      writeFileSync(checkpoint, bytes);
      await expect(resume(), name).rejects.toThrow(FormatError);
    }
    writeFileSync(checkpoint, whole);
  });

  it("never takes the place of a file that is none", async () => {
    const path = newFile();
    writeFileSync(path, "my only copy");
    await expect(fit(table, { ...options, checkpoint: path })).rejects.toThrow(/not a checkpoint/);
    expect(readFileSync(path, "utf8")).toBe("my only copy");
  });

  it("is left whole if a later write fails, with no other file beside it", async () => {
    const path = newFile();
    await killAt(2, { ...options, checkpoint: path });
    const before = readFileSync(path);
    const rename = vi.spyOn(fs.promises, "rename").mockRejectedValue(new Error("the disk is gone"));
    try {
      await expect(fit(table, { ...options, checkpoint: path, resume: true })).rejects.toThrow(
        /cannot write.*the disk is gone/,
      );
      expect(rename).toHaveBeenCalled();
    } finally {
      rename.mockRestore();
    }
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("an aborted fit", () => {
  it("stops before it begins, and between epochs", async () => {
    await expect(fit(table, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
    await killAt(1, options);
  });

  it("stops within an epoch", async () => {
    const controller = new AbortController();
    let epochs = 0;
    // Tens of thousands of steps an epoch.
    const run = fit(curved(100_000, 2), {
      ...options,
      batch: 2,
      epochs: 100,
      signal: controller.signal,
      onProgress: () => epochs++,
    });
    setTimeout(() => controller.abort(), 300);
    await expect(run).rejects.toThrow(AbortedError);
    expect(epochs).toBe(0);
  });
});
