import { it } from "vitest";
import { fitTable } from "../../src/fitting/fit.ts";
import { curved, momentsOf } from "../fitting/tables.ts";
const table = curved(400, 5);
const { mean, deviation } = momentsOf(table);
it("x", async () => {
  for (const flow of ["maf", "nsf-ar"] as const) {
    const { flow: f } = await fitTable(table, { hidden: [16], transforms: 2, epochs: 25, threads: 1, seed: 3, flow, columns: ["gap", "height"], given: ["mass"] });
    const drawn = await f.sample(20000, { seed: 1, given: { mass: 1500 } });
    const m = momentsOf(drawn);
    console.log(flow, "sample sd / table sd", m.deviation[1]!/deviation[1]!, m.deviation[2]!/deviation[2]!, "out of 14 sd:", Array.from({length:20000},(_, r)=>[1,2].some(i=>Math.abs(drawn.values[3*r+i]!-mean[i]!)>14*deviation[i]!)).filter(Boolean).length, Math.min(...Array.from({length:20000},(_, r)=>drawn.values[3*r+1]!)));
    for (const [reach, side] of [[14,500],[14,1000],[7,1000],[7,2000],[5,1400]] as const) {
      const rows = new Float64Array(side*side*3);
      let at=0;
      for (let i=0;i<side;i++) for (let j=0;j<side;j++) { rows[at++]=1500; rows[at++]=mean[1]!+deviation[1]!*reach*(2*(i+.5)/side-1); rows[at++]=mean[2]!+deviation[2]!*reach*(2*(j+.5)/side-1); }
      const d = await f.logProb(rows, {threads:1});
      console.log(flow, reach, side, d.reduce((s,v)=>s+Math.exp(v),0)*(2*reach/side)**2*deviation[1]!*deviation[2]!, Math.max(...[d.reduce((a,b)=>Math.max(a,b))])+Math.log(deviation[1]!*deviation[2]!));
    }
  }
}, 200000);
