/** Saved models with bytes, options and numbers changed: refused, or every verb gives numbers or an error of its own. */

import { beforeAll, expect, test } from "vitest";
import { FormatError, PushforwardError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";

import { readSafetensors, type Tensor, writeSafetensors } from "../../src/formats/safetensors.ts";
import { type Flow, load } from "../../src/models/flow.ts";
import type { RandomStream } from "../../src/random/philox.ts";
import { curved, quick } from "../fitting/tables.ts";
import { attackCases, attackSeed, attackStream, isLongAttack } from "./attack.ts";

const trained = { ...quick, hidden: [4], epochs: 1, transforms: 2, threads: 1 };
const kinds = isLongAttack
  ? ["realnvp", "maf", "nsf", "nsf-ar", "planar", "radial", "sylvester", "residual", "cnf"]
  : ["realnvp"];
const statistical = isLongAttack
  ? ["gaussian", "mixture", "kde", "gaussianization", "sliced", "dual-ascent"]
  : ["mixture"];

const models: [string, Uint8Array][] = [];
beforeAll(async () => {
  const table = curved(60, 1);
  for (const flow of kinds)
    models.push([flow, (await fit(table, { ...trained, flow: flow as "nsf" })).flow.toBytes()]);
  for (const flow of statistical)
    models.push([flow, (await fit(table, { flow: flow as "kde", threads: 1 })).flow.toBytes()]);
}, 600_000);

const numbers = [0, -1, 1e9, 1e-300, 1e300, 2 ** 31, 2 ** 53, 0.5, 1e23];
const others: readonly unknown[] = ["toString", "__proto__", null, [], {}, true, ""];

/** Changes one member somewhere in the description. */
function mutateJson(json: unknown, stream: RandomStream): void {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      visit((value as Record<string, unknown>)[key]);
    }
  };
  visit(json);
  const [object, key] = places[stream.integerBelow(places.length)]!;
  const choice = stream.integerBelow(4);
  if (choice === 0) delete object[key];
  else if (choice === 1) object[key] = others[stream.integerBelow(others.length)];
  else object[key] = numbers[stream.integerBelow(numbers.length)];
}

function mutate(bytes: Uint8Array, stream: RandomStream): Uint8Array {
  if (stream.integerBelow(3) === 0) {
    const changed = bytes.slice();
    changed[stream.integerBelow(changed.length)] = stream.integerBelow(256);
    return changed;
  }
  const { tensors, metadata } = readSafetensors(bytes);
  const { digest: _, ...rest } = metadata;
  const json = JSON.parse(rest.pushforward!);
  if (stream.integerBelow(2) === 0) mutateJson(json, stream);
  else {
    const names = [...tensors.keys()];
    const name = names[stream.integerBelow(names.length)]!;
    const { data } = tensors.get(name) as Tensor & { data: Float64Array };
    if (data.length > 0)
      data[stream.integerBelow(data.length)] = numbers[stream.integerBelow(numbers.length)]!;
  }
  return writeSafetensors(tensors, { ...rest, pushforward: JSON.stringify(json) });
}

async function attack(flow: Flow, where: string): Promise<void> {
  const width = flow.columns.length;
  const rows = Float64Array.from({ length: 4 * width }, (_, i) => [0.3, -2, 50, 1e6][Math.floor(i / width)]!);
  const options = { threads: 1 };
  for (const verb of [
    async () => await flow.logProb(rows, options),
    async () => await flow.toBase(rows, options),
    async () => (await flow.sample(4, options)).values,
  ]) {
    const values = await verb().catch((caught: unknown) => caught);
    if (values instanceof Error) {
      if (!(values instanceof PushforwardError)) throw new Error(where, { cause: values });
    } else if (verb.toString().includes("toBase") === false)
      expect((values as Float64Array).some(Number.isNaN), where).toBe(false);
  }
}

test("whatever a model file holds, it is refused, or its verbs end in numbers or an error", async () => {
  for (let k = 0; k < attackCases(60); k++) {
    const stream = attackStream("models", k);
    const [name, bytes] = models[k % models.length]!;
    const where = `seed ${attackSeed}, case ${k}, ${name}`;
    const flow = await load(mutate(bytes, stream)).catch((caught: unknown) => caught);
    if (flow instanceof Error) {
      if (!(flow instanceof FormatError)) throw new Error(where, { cause: flow });
      expect(flow.message.length, where).toBeLessThan(1000);
    } else await attack(flow as Flow, where);
  }
});
