import { expect, test } from "vitest";
import { interruptible, interruptSignal } from "../../src/cli/interrupt.ts";

test("while something computes that hears no event the system ends the process, and then the signal is heard again", () => {
  const names = ["SIGINT", "SIGTERM"] as const;
  const listenersBefore = names.map((name) => process.listeners(name));
  try {
    const signal = interruptSignal();
    const heard = process.listeners("SIGINT");
    expect(heard.length).toBe(listenersBefore[0]!.length + 1);
    expect(interruptible(() => process.listenerCount("SIGINT") + process.listenerCount("SIGTERM"))).toBe(0);
    expect(process.listeners("SIGINT")).toEqual(heard);
    expect(() =>
      interruptible(() => {
        throw new Error("no table");
      }),
    ).toThrow("no table");
    expect(process.listeners("SIGINT")).toEqual(heard);
    expect(signal.aborted).toBe(false);
  } finally {
    names.forEach((name, i) => {
      for (const listener of process.listeners(name))
        if (!listenersBefore[i]!.includes(listener)) process.off(name, listener);
    });
  }
});
