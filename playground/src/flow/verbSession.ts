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
import { type Beginning, columns, Session, withoutPrefix } from "./session.ts";
import { stepsOf } from "./steps.ts";

/** See the head of this file. */
export class VerbSession extends Session {
  override async begin(): Promise<void> {
    const { request } = this;
    const flow = request.type === "open" ? await this.#open(request.bytes) : await this.#fit(request);
    await this.#take(flow, request.type === "train" && request.flow.kind === "gradient-flow");
  }

  async #fit({ run, points, flow: choice, seed }: Extract<Beginning, { type: "train" }>): Promise<Flow> {
    this.send({ type: "phase", run, phase: "training" });
    const begun = performance.now();
    let made = 0;
    const { flow, report } = await fit(tableFromRows(columns, points), {
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
    if (flow.columns.length !== 2)
      throw new Error(
        `This model has the columns ${flow.columns.join(", ")}: the picture here shows flows of two. Open its table first, then this model.`,
      );
    const { columns } = flow;
    if (flow.description.kind === "columns")
      throw new Error(
        "This model is one of mixed columns, which no map of the plane leads to: open its table, and the model there.",
      );
    const { mean } = await flow.score(tableFromRows(columns, this.points), { threads: this.request.threads });
    this.send({
      type: "opened",
      run: this.request.run,
      opened: { description: flow.toString(), columns, meanLogProb: mean },
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
