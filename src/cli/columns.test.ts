import { expect, it } from "vitest";
import { alignColumns, duration, grouped, nameColumn, plural, short, shorten, wrap } from "./columns.ts";
import { sparkline } from "./show.ts";

it("aligns columns, left or right, without blanks at the end of a line", () => {
  expect(
    alignColumns(
      [
        ["a", "1", "x"],
        ["bbb", "22", ""],
      ],
      [1],
    ),
  ).toBe("a     1  x\nbbb  22\n");
});

it("wraps text beside its name, and leaves a long word whole", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("extraordinary is it", 5)).toEqual(["extraordinary", "is it"]);
  const text = "a rule is traced once, and its graph says what it reads";
  expect(nameColumn([["what", text]], 40)).toBe(
    "what  a rule is traced once, and its\n      graph says what it reads\n",
  );
  expect(nameColumn([["what", text]])).toBe(`what  ${text}\n`);
});

it.each([
  [0.04, "0.0 s"],
  [9.94, "9.9 s"],
  [9.96, "10 s"],
  [59.4, "59 s"],
  [59.6, "1 min 00 s"],
  [80, "1 min 20 s"],
  [7500, "2 h 05 min"],
  [NaN, "?"],
])("a duration of %d s is %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it.each([
  [0, "0"],
  [0.123456, "0.1235"],
  [0.5, "0.5"],
  [1520.4, "1520"],
  [0.00001234, "1.23e-5"],
  [2.5e7, "2.50e+7"],
  [-Infinity, "-∞"],
  [NaN, "-"],
])("the number %d is %s", (value, text) => {
  expect(short(value)).toBe(text);
});

it("groups digits, counts and shortens", () => {
  expect(grouped(1234567n)).toBe("1 234 567");
  expect(grouped(123)).toBe("123");
  expect([plural(1, "run"), plural(2, "run")]).toEqual(["1 run", "2 runs"]);
  expect([shorten("abcdef", 4), shorten("abcd", 4)]).toEqual(["abc…", "abcd"]);
});

it("draws a curve from its lowest to its highest value, gaps where it is not finite", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([8, NaN, 0])).toBe("█?▁");
  expect(sparkline([1, 1])).toBe("▁▁");
  expect(
    sparkline(
      Array.from({ length: 400 }, (_, i) => i),
      4,
    ),
  ).toBe("▁▃▆█");
});
