import { expect, test } from "vitest";
import { conditionalGaussianMixture } from "../../src/distributions/joint/conditionalGaussianMixture.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { setKnownParameters } from "../../src/engines/setKnownParameters.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";

const own = conditionalGaussianMixture({ features: 2, context: 1, components: 2, hidden: [] });

test.each([1000, -1000])(
  "a mixture whose network gives %d has finite densities and samples: its diagonals are bounded",
  async (size) => {
    const bound = bindTree(own.parameters);
    const c = g.constant([0.3]);
    const executable = await referenceEngine.compile({
      rows: {
        density: own.logProb(g.input("x", [2]), bound, c),
        sample: own.sample(g.input("noise", [3]), bound, c),
      },
    });
    const outputs = 2 * (1 + 2 + 3);
    await setKnownParameters(executable, {
      "network.weight0": new Float64Array(outputs),
      "network.bias0": new Float64Array(outputs).fill(size),
    });
    const inputs = { x: Float64Array.of(0, 0, 1e3, -1e3), noise: Float64Array.of(1, -2, 0.5, 0, 0, -3) };
    const { density, sample } = (await executable.run({ rows: 2, inputs })).rows;
    expect(Array.from([...density!, ...sample!]).filter((value) => !Number.isFinite(value))).toEqual([]);
    executable.dispose();
  },
);
