/**
 * A training, live: the flow of a choice on some points, with a picture as often as there is time for one.
 *
 * @module
 */

import { chain, standardization } from "pushforward/bijections";
import { pushforwardLogProb } from "pushforward/distributions";
import { wasmEngine } from "pushforward/engines";
import { flowOf, minimize, trainedLeaves } from "pushforward/fitting";
import { bindTree, initialValues, ops, type ParameterValues } from "pushforward/graph";
import { RandomStream, randomKey } from "pushforward/random";
import { architectureOfChoice } from "./architectures.ts";
import { type Beginning, columns, Session, withoutPrefix } from "./session.ts";
import { type Step, stepsOf } from "./steps.ts";

type Training = Extract<Beginning, { type: "train" }>;

/** Points in an order of their own, and those held out. */
function split(
  points: Float64Array,
  seed: number,
): { readonly train: Float64Array; readonly heldOut: Float64Array } {
  const stream = new RandomStream(randomKey(seed));
  const count = points.length / 2;
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = stream.integerBelow(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const pick = (from: number, to: number): Float64Array =>
    Float64Array.from({ length: 2 * (to - from) }, (_, i) => points[2 * order[from + (i >> 1)]! + (i & 1)]!);
  const held = Math.max(1, Math.round(count / 10));
  return { train: pick(held, count), heldOut: pick(0, held) };
}

function meanAndScale(points: Float64Array): { readonly mean: number[]; readonly scale: number[] } {
  const count = points.length / 2;
  const mean = [0, 1].map((axis) => {
    let sum = 0;
    for (let i = axis; i < points.length; i += 2) sum += points[i]!;
    return sum / count;
  });
  const scale = [0, 1].map((axis) => {
    let sum = 0;
    for (let i = axis; i < points.length; i += 2) sum += (points[i]! - mean[axis]!) ** 2;
    // Points on one line have no spread across it.
    return Math.sqrt(sum / count) || 1;
  });
  return { mean, scale };
}

/** See the head of this file. */
export class LiveSession extends Session {
  override async begin(): Promise<void> {
    const { run, points, flow: choice, steps, seed } = this.request as Training;
    const named = architectureOfChoice(choice);
    if (!named) throw new Error(`${choice.kind} is not trained by gradients.`);
    this.send({ type: "phase", run, phase: "compiling" });
    const { architecture, learningRate } = named;
    const { base, bijection } = architecture;
    const { train, heldOut } = split(points, seed);
    const { mean, scale } = meanAndScale(train);
    const standard = (of: Float64Array): Float64Array =>
      of.map((value, i) => (value - mean[i & 1]!) / scale[i & 1]!);
    const offset = -Math.log(scale[0]! * scale[1]!);
    const tree = { base: base.parameters, bijection: bijection.parameters };
    const bound = { base: bindTree(tree.base, "base."), bijection: bindTree(tree.bijection, "bijection.") };
    const logProb = pushforwardLogProb(base, bijection, ops.input("data", [2]), bound);
    const engine = wasmEngine({ threads: this.threads });
    const initial = initialValues(tree, randomKey(seed));
    const whole = chain([bijection, standardization({ features: 2 })]);
    const stepsAt = (values: ParameterValues): Step[] =>
      stepsOf(whole, {
        ...Object.fromEntries(
          Object.entries(withoutPrefix(values, "bijection.")).map(([name, data]) => [`0.${name}`, data]),
        ),
        "1.mean": Float64Array.from(mean),
        "1.scale": Float64Array.from(scale),
      });
    const show = (values: ParameterValues, isLast = false): Promise<void> =>
      this.show(withoutPrefix(values, "base."), stepsAt(values), isLast);
    let current = initial;
    let progress = { trainLogProb: Number.NaN, heldOutLogProb: Number.NaN, epochs: 0 };
    this.toBytes = async () =>
      (
        await flowOf(architecture, current, {
          columns,
          mean,
          scale,
          fitted: {
            rows: points.length / 2,
            seed,
            epochs: progress.epochs,
            trainLogProb: progress.trainLogProb,
            validationLogProb: progress.heldOutLogProb,
          },
        })
      ).toBytes();
    await this.prepare(base, stepsAt(initial), engine);
    await show(initial);
    const batch = Math.min(256, train.length / 2);
    const perEpoch = Math.max(1, Math.round(train.length / 2 / batch));
    const epochs = Math.max(1, Math.round(steps / perEpoch));
    let shownAt = performance.now();
    let cost = performance.now();
    let trained = 0;
    let since = performance.now();
    this.isTraining = true;
    this.send({ type: "phase", run, phase: "training" });
    const result = await minimize(
      { loss: ops.neg(logProb), parameters: trainedLeaves(tree, bound) },
      { rows: train.length / 2, inputs: { data: standard(train) } },
      initial,
      {
        engine,
        key: randomKey(seed),
        epochs,
        batch,
        learningRate,
        weightDecay: 1e-4,
        averaging: 0.98,
        patience: epochs,
        validation: { rows: heldOut.length / 2, inputs: { data: standard(heldOut) } },
        signal: this.signal,
        onEpoch: async (record, state) => {
          trained += performance.now() - since;
          progress = {
            trainLogProb: offset - record.trainLoss,
            heldOutLogProb: offset - record.validationLoss,
            epochs: record.epoch,
          };
          this.send({
            type: "progress",
            run,
            progress: {
              step: record.epoch * perEpoch,
              steps: epochs * perEpoch,
              trainLogProb: progress.trainLogProb,
              heldOutLogProb: progress.heldOutLogProb,
              rate: (1000 * record.epoch * perEpoch) / trained,
            },
          });
          // At most a third of the time is for pictures.
          const isDue = performance.now() - shownAt > Math.max(60, 2 * cost);
          if (isDue || record.epoch === 1) {
            const begin = performance.now();
            current = { ...initial, ...(await state()).best };
            await show(current);
            shownAt = performance.now();
            cost = shownAt - begin;
          }
          await this.pause();
          since = performance.now();
        },
      },
    );
    current = result.values;
    this.isTraining = false;
    await show(current, true);
    this.send({ type: "phase", run, phase: "done" });
  }
}
