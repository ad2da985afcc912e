/** Powers, the normal distribution function in its tails, and likelihoods, with their derivatives. */

import { expect, test } from "vitest";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import { normalQuantileOfLog } from "../../src/graph/library/normalQuantileOfLog.ts";
import * as g from "../../src/graph/publicOps.ts";
import { engines } from "../engines.ts";

/** x, log Phi(x), its derivative phi(x) / Phi(x), and the second: mpmath 1.3.0, 50 digits. */
const golden = [
  [-10000.0, -50000010.12927891, 10000.000099999997, -0.9999999900000006],
  [-100, -5005.524208694205, 100.00999800099926, -0.9999000599500517],
  [-40, -804.6084420137538, 40.02496884720726, -0.9993773316214086],
  [-8.625, -40.28193418383983, 8.738015904099925, -0.9875347674413654],
  [-8.5, -39.19739642821767, 8.614595320165172, -0.9871923088077279],
  [-8, -35.01343715991455, 8.121368112236112, -0.9856751165566591],
  [-4.0009765625, -10.364228510588918, 4.226538136558815, -0.953344594901814],
  [-4, -10.360101486527292, 4.225607144489471, -0.9533271616025774],
  [-3.9990234375, -10.355975371629293, 4.2246761694492605, -0.9533097192371626],
  [-3.5, -8.366065308344092, 3.7513912648576997, -0.9430669950487032],
  [-2, -3.783184333682032, 2.373215532822841, -0.8857208995859187],
  [-1, -1.8410216450092636, 1.525135276160981, -0.8009023344296512],
  [-0.703125, -1.4230042935873586, 1.2928814086089577, -0.7624850962985092],
  [-0.6953125, -1.4129269154335569, 1.286928853114687, -0.7613681547977778],
  [-0.0009765625, -0.6939266682991533, 0.7985063637384954, -0.636832621560036],
  [0, -Math.LN2, 0.7978845608028654, -0.6366197723675814],
  [0.0009765625, -0.6923682999486549, 0.7972629657812195, -0.6364068137212866],
  [0.5, -0.3689464152886564, 0.5091604338370335, -0.5138245643036329],
  [1, -0.17275377902344988, 0.2875999709391784, -0.3703137142233946],
  [2, -0.02301290932896349, 0.055247862678989956, -0.11354805168857644],
  [4, -3.167174337748927e-5, 0.00013383446446857514, -0.0005353557695381802],
  [8, -6.220960574271786e-16, 5.052271083536895e-15, -4.0418168668295186e-14],
  [12, -1.776482112077679e-33, 2.1463837356630605e-32, -2.5756604827956722e-31],
] as const;

test.each(engines)("normalLogCdf and its derivatives: $name", async ({ engine, epsilon }) => {
  const x = g.input("x", []);
  const value = g.normalLogCdf(x);
  const [first] = vjp([value], [g.constant(1)], [x]);
  const [second] = vjp([first!], [g.constant(1)], [x]);
  const executable = await engine.compile({ rows: { value, first: first!, second: second! } });
  const points = Float64Array.from(golden, ([own]) => own);
  const { rows } = await executable.run({ rows: points.length, inputs: { x: points } });
  executable.dispose();
  golden.forEach(([own, ...expected], i) => {
    // e^-x^2/2 has the relative error of x^2 / 2.
    const tolerance = epsilon * Math.max(16, own > 0 ? own ** 2 : 0);
    const check = (name: string, wanted: number, allowed: number): void =>
      expect(Math.abs(rows[name]![i]! / wanted - 1), `${name} at ${own}`).toBeLessThan(allowed);
    if (Math.abs(own) > 10 && epsilon > 1e-10 && own > 0) return; // e^-72 is no normal number in float32.
    check("value", expected[0], tolerance);
    check("first", expected[1], 2 * tolerance);
    // Its terms cancel as x^2.
    check("second", expected[2], 16 * tolerance * Math.max(1, own ** 2));
  });
});

test.each(engines)("the quantile of a logarithm, and its derivative: $name", async ({ engine, epsilon }) => {
  const l = g.input("l", []);
  const x = normalQuantileOfLog(l);
  const [slope] = vjp([x], [g.constant(1)], [l]);
  const executable = await engine.compile({ rows: { x, slope: slope! } });
  const lower = golden.filter(([own]) => own <= 0);
  const points = Float64Array.from(lower, ([, logCdf]) => logCdf);
  const { rows } = await executable.run({ rows: points.length, inputs: { l: points } });
  executable.dispose();
  lower.forEach(([own, , hazard], i) => {
    expect(Math.abs(rows.x![i]! - own), `at ${own}`).toBeLessThan(4 * epsilon * Math.max(1, -own));
    // What is left of a start that is off by 1e-4 changes the derivative by 1e-9.
    expect(Math.abs(rows.slope![i]! * hazard - 1), `slope at ${own}`).toBeLessThan(16 * epsilon + 1e-8);
  });
});

test.each(engines)("normalLogCdf at its ends: $name", async ({ engine }) => {
  const x = g.input("x", []);
  const value = g.normalLogCdf(x);
  const [first] = vjp([value], [g.constant(1)], [x]);
  const executable = await engine.compile({ rows: { value, first: first! } });
  const inputs = { x: Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 60) };
  const { rows } = await executable.run({ rows: 4, inputs });
  executable.dispose();
  expect(Array.from(rows.value!, Math.abs)).toEqual([0, Number.POSITIVE_INFINITY, Number.NaN, 0]);
  expect([rows.first![0]!, rows.first![3]!].map(Math.abs)).toEqual([0, 0]);
});

/** count, log rate (a number of float32), log-probability and its derivative by the log rate: mpmath 1.3.0, 50 digits. */
const counts = [
  [0, 1.5, -4.4816890703380645, -4.4816890703380645],
  [1, -3.0, -3.049787068367864, 0.950212931632136],
  [7, 2.0, -1.9142174599960646, -0.38905609893065024],
  [8, 2.0, -1.9936590016759004, 0.6109439010693498],
  [9, 2.25, -2.0395633164399953, -0.48773583635852574],
  [10, 2.3025851249694824, -2.0785616431350635, -3.1975437249071294e-7],
  [100, 4.5, -3.756506856085304, 9.982868699478187],
  [1000.0, 6.90625, -4.374031870187407, 1.5041466179759422],
  [100000.0, 11.5, -14.992909882362557, 1284.2289892395027],
  [100000.0, 11.512800216674805, -6.676186423053023, 12.524045218343355],
  [1000000.0, 13.8125, -12.353879266108349, 3006.030778903516],
  [10000000.0, 16.125, -247.87766391158812, -69282.39009434669],
  [10000000.0, 16.100000381469727, -1636.341233021707, 179325.33163927757],
  [10000000.0, 10.0, -51202991.95336437, 9977973.534205193],
  [1000000000.0, 20.75, -360574.96940017823, -27094726.74241757],
  [3, 12.0, -162720.58317847314, -162751.79141900392],
] as const;

test.each(engines)("Poisson counts up to 1e9: $name", async ({ engine, epsilon }) => {
  const [count, logRate] = [g.input("count", []), g.input("logRate", [])];
  const value = g.poissonLogProb(count, logRate);
  const [slope] = vjp([value], [g.constant(1)], [logRate]);
  const executable = await engine.compile({
    rows: { value, slope: slope!, mode: g.poissonLogProb(count, g.log(count)) },
  });
  const inputs = {
    count: Float64Array.from(counts, ([own]) => own),
    logRate: Float64Array.from(counts, (own) => own[1]),
  };
  const { rows } = await executable.run({ rows: counts.length, inputs });
  executable.dispose();
  counts.forEach(([n, logRate_, wanted, slope_], i) => {
    // What a rounding of e^logRate is worth, and some of the value's.
    const allowed = epsilon * (8 * Math.abs(wanted) + 4 * Math.abs(slope_) + 64);
    expect(Math.abs(rows.value![i]! - wanted), `${n} at ${logRate_}`).toBeLessThan(allowed);
    const rounding = 4 * epsilon * (n + Math.exp(logRate_));
    expect(Math.abs(rows.slope![i]! - slope_), `slope of ${n} at ${logRate_}`).toBeLessThan(rounding);
    const mode = -0.5 * Math.log(2 * Math.PI * n) - 1 / (12 * n);
    if (n > 99)
      expect(Math.abs(rows.mode![i]! - mode), `mode ${n}`).toBeLessThan(
        epsilon * 100 + 1 / (300 * n ** 3) + n * (4 * epsilon * Math.log(n)) ** 2,
      );
  });
});

test.each(engines)("powers: $name", async ({ engine, epsilon }) => {
  const x = g.input("x", []);
  const powers = [-3, 0, 1, 2, 5, 16];
  const rows = Object.fromEntries(powers.map((own) => [own, g.mul(g.rowMark(), g.pow(x, own))]));
  const fraction = g.pow(g.abs(x), 1.7);
  const [derivative] = vjp([g.pow(x, 5)], [g.constant(1)], [x]);
  const executable = await engine.compile({ rows: { ...rows, fraction, derivative: derivative! } });
  const found = (await executable.run({ rows: 2, inputs: { x: Float64Array.of(-1.3, 0.4) } })).rows;
  executable.dispose();
  [-1.3, 0.4].forEach((own, i) => {
    for (const power of powers)
      expect(Math.abs(found[power]![i]! / own ** power - 1)).toBeLessThan(40 * epsilon);
    expect(Math.abs(found.fraction![i]! / Math.abs(own) ** 1.7 - 1)).toBeLessThan(40 * epsilon);
    expect(Math.abs(found.derivative![i]! / (5 * own ** 4) - 1)).toBeLessThan(40 * epsilon);
  });
});

test.each(engines)("probabilities of Poisson counts add up to 1: $name", async ({ engine, epsilon }) => {
  const logRate = g.input("logRate", []);
  const counts = Float64Array.from({ length: 40 }, (_, i) => i);
  const total = g.sum(g.exp(g.poissonLogProb(g.constant(counts), logRate)));
  const executable = await engine.compile({ rows: { total } });
  const { rows } = await executable.run({ rows: 1, inputs: { logRate: Float64Array.of(1.5) } });
  executable.dispose();
  expect(Math.abs(rows.total![0]! - 1)).toBeLessThan(1000 * epsilon);
});
