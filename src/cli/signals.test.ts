import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { hearSignals } from "./signals.ts";
import { Interruption } from "./surroundings.ts";

let said = "";
let codes: unknown[] = [];
beforeEach(() => {
  said = "";
  codes = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((said += String(text)), true));
  vi.spyOn(process, "exit").mockImplementation((code) => void codes.push(code) as never);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
});

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s before there is work ends the process with a line, exit code %i", (signal, code) => {
  const { loaded } = hearSignals(["run"]);
  loaded();
  process.emit(signal, signal);
  expect(said).toBe(`afferent: interrupted by ${signal} before anything was computed\n`);
  expect(codes).toEqual([code]);
});

it("a command without a pause is ended by the system once it is loaded", () => {
  const before = process.listenerCount("SIGINT");
  const { loaded } = hearSignals(["audit"]);
  expect(process.listenerCount("SIGINT")).toBe(before + 1);
  loaded();
  expect(process.listenerCount("SIGINT")).toBe(before);
});

it("work is aborted by the first signal, the process ended by the second", async () => {
  const { interruptible, loaded } = hearSignals(["theory"]);
  loaded();
  const reason = await interruptible((signal) => {
    process.emit("SIGTERM", "SIGTERM");
    expect(codes).toEqual([]);
    process.emit("SIGINT", "SIGINT");
    return Promise.resolve(signal.reason as unknown);
  });
  expect(reason).toBeInstanceOf(Interruption);
  expect((reason as Interruption).signal).toBe("SIGTERM");
  expect(codes).toEqual([130]);
  expect(said).toBe("");
  expect(process.listenerCount("SIGINT")).toBe(0);
});
