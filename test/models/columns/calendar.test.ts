import { expect, test } from "vitest";
import { modelColumn } from "../../../src/fitting/columns/modelColumn.ts";
import { calendarOf } from "../../../src/models/columns/calendar.ts";
import type { DensityColumn } from "../../../src/models/columns/column.ts";
import { headFromJson } from "../../../src/models/columns/heads/headFromJson.ts";

const minute = 60_000;
const day = 1440 * minute;
const column: DensityColumn = { name: "start", kind: "date-time", step: minute };

test("parts of the calendar are those that moments come round in, within their range and beyond their step", () => {
  expect(calendarOf(minute, 0, 800 * day)).toEqual(["day", "week", "year"]);
  expect(calendarOf(day, 0, 800 * day)).toEqual(["week", "year"]);
  expect(calendarOf(minute, 0, 100 * day)).toEqual(["day", "week"]);
  expect(calendarOf(minute, 0, day)).toEqual([]);
});

test("later columns see the time of day and the day of the week; models of before do not", () => {
  const cells = Float64Array.from({ length: 400 }, (_, i) => i * 97 * minute);
  const { head: json } = modelColumn(column, cells, undefined, { components: 3, angleComponents: 3 });
  expect(json.calendar).toEqual(["day", "week"]);
  const head = headFromJson(column, json);
  const { calendar: _, ...before } = json;
  const earlier = headFromJson(column, before as typeof json);
  expect(head.features).toBe(earlier.features + 8);
  const encode = (own: typeof head, value: number): Float64Array => {
    const features = new Float64Array(own.features);
    own.encode(value, new Float64Array(own.targets), 0, features, 0);
    return features;
  };
  // 1970-01-02 06:00 is a quarter of a day, and a day and a quarter of a week.
  const [cosine, sine, doubleCosine, doubleSine, ...week] = encode(head, 1.25 * day).subarray(-8);
  [cosine, sine, doubleCosine, doubleSine].forEach((value, i) =>
    expect(value).toBeCloseTo([0, 1, -1, 0][i]!, 12),
  );
  const angle = (2 * Math.PI * 1.25) / 7;
  const expected = [Math.cos(angle), Math.sin(angle), Math.cos(2 * angle), Math.sin(2 * angle)];
  week.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12));
  expect(encode(head, 1.25 * day).subarray(0, earlier.features)).toEqual(encode(earlier, 1.25 * day));
  expect(() => headFromJson(column, { ...json, calendar: ["month"] })).toThrow(/its head is damaged/);
});
