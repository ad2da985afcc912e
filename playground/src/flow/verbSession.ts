/**
 * Flows by the verbs of the library: fitted without gradients, and opened from a file. The picture comes at the end.
 *
 * @module
 */

import { type Flow, fit, load, tableFromRows } from "pushforward";
import { standardNormal } from "pushforward/distributions";
import { wasmEngine } from "pushforward/engines";
import { parametersOf } from "pushforward/fitting";
import { fittedKind } from "../state.ts";
import { gradientFlowSteps, mixtureOf } from "./gradientSteps.ts";
import type { Square } from "./protocol.ts";
import { type Beginning, columns, OfTableError, Session, withoutPrefix } from "./session.ts";
import { stepsOf } from "./steps.ts";

/** Samples of a model that say what is its place. */
const sampleCount = 2000;

/** Share of the points, x and y in turn, that are in view. */
function shareWithin(points: Float64Array, { x, y, half }: Square): number {
  let within = 0;
  for (let i = 0; i < points.length; i += 2)
    if (Math.abs(points[i]! - x) <= half && Math.abs(points[i + 1]! - y) <= half) within++;
  return (2 * within) / points.length;
}

/** The square that holds all but the farthest points: a heavy tail would make the rest a dot. */
function squareAround(points: Float64Array): Square {
  const [x, y] = [0, 1].map((axis) => {
    const sorted = points.filter((_, i) => i % 2 === axis).sort();
    const [low, high] = [0.005, 0.995].map((share) => sorted[Math.floor(share * (sorted.length - 1))]!);
    return { middle: (low! + high!) / 2, half: (high! - low!) / 2 };
  }) as [{ middle: number; half: number }, { middle: number; half: number }];
  return { x: x.middle, y: y.middle, half: 1.3 * Math.max(x.half, y.half) || 1 };
}

/** See the head of this file. */
export class VerbSession extends Session {
  override async begin(): Promise<void> {
    const { request } = this;
    const flow = request.type === "open" ? await this.#open(request.bytes) : await this.#fit(request);
    await this.#take(flow, request.type === "train" && request.flow.kind === "gradient-flow");
  }

  async #fit({ run, flow: choice, seed }: Extract<Beginning, { type: "train" }>): Promise<Flow> {
    this.send({ type: "phase", run, phase: "training" });
    const begun = performance.now();
    let made = 0;
    // What is held out here is what all flows of the page are judged by; the fit holds out some of its own.
    const { flow, report } = await fit(tableFromRows(columns, this.train), {
      flow: fittedKind(choice.kind),
      seed,
      threads: this.request.threads,
      signal: this.signal,
      onProgress: ({ step, steps, trainLogProb, validationLogProb }) => {
        made = step;
        this.send({
          type: "progress",
          run,
          progress: {
            step,
            steps,
            trainLogProb,
            heldOutLogProb: validationLogProb,
            rate: (1000 * step) / (performance.now() - begun),
          },
        });
      },
    });
    this.send({
      type: "progress",
      run,
      progress: {
        // What a fit has made of the steps that it might have: the curve is as long as they are.
        step: made,
        steps: made,
        trainLogProb: report.trainLogProb,
        heldOutLogProb: report.validationLogProb,
        rate: Number.NaN,
      },
    });
    return flow;
  }

  async #open(bytes: Uint8Array): Promise<Flow> {
    const flow = await load(bytes);
    if (flow.given.length > 0)
      throw new Error(
        `This model is given ${flow.given.join(", ")}: the page asks flows that are given nothing, the command line all.`,
      );
    const { description } = flow;
    if (flow.columns.length !== 2 || description.schema || description.simplex)
      throw new OfTableError("This model is one of a table, which no map of the plane leads to.");
    const { threads, run } = this.request;
    const { table, logProb } = await flow.sampleWithLogProb(sampleCount, { seed: 1, threads });
    const isOfPoints =
      flow.columns.every((name, i) => name === columns[i]) && shareWithin(table.values, this.view) > 0.5;
    if (!isOfPoints) {
      this.points = new Float64Array(0);
      this.view = squareAround(table.values);
    }
    const meanLogProb = isOfPoints
      ? (await flow.score(tableFromRows(columns, this.points), { threads })).mean
      : logProb.reduce((sum, each) => sum + each, 0) / logProb.length;
    this.send({
      type: "opened",
      run,
      opened: {
        description: flow.toString(),
        columns: flow.columns,
        meanLogProb,
        view: isOfPoints ? undefined : this.view,
      },
    });
    return flow;
  }

  /** Shows a flow; of a mixture, if asked for, the way that leads to it from the normal density in place of itself as the base. */
  async #take(flow: Flow, hasWay: boolean): Promise<void> {
    const { run } = this.request;
    const parameters = parametersOf(flow);
    const ofBase = withoutPrefix(parameters, "base.");
    const ofFlow = stepsOf(flow.bijection, withoutPrefix(parameters, "bijection."));
    this.toBytes = async () => flow.toBytes();
    const engine = wasmEngine({ threads: this.request.threads, precision: "float64" });
    if (hasWay) {
      const way = gradientFlowSteps(mixtureOf(ofBase));
      const steps = [...way.steps, ...ofFlow];
      await this.prepare(standardNormal({ features: 2 }), steps, engine, way.known);
      await this.show({}, steps, true);
    } else {
      await this.prepare(flow.base, ofFlow, engine);
      await this.show(ofBase, ofFlow, true);
    }
    this.send({ type: "phase", run, phase: "done" });
  }
}
