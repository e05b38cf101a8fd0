/** Graphs as plain data: what is written is read again, and nothing else is read. */
import { describe, expect, test } from "vitest";
import { allCases, instantiate } from "./primitive-cases.contract.ts";
import {
  constant,
  fromData,
  type GraphData,
  GraphDataError,
  input,
  is,
  print,
  type Tensor,
  toData,
  topological,
} from "./index.ts";

const x = input("x", [2, 3]);
const known = (name: string): Tensor | undefined => (name === "x" ? x : undefined);
/** Through text, as between processes. */
const overText = (data: GraphData): unknown => JSON.parse(JSON.stringify(data));

describe("what is written is read again", () => {
  test.each(allCases)("%s", (_, primitiveCase) => {
    const { output } = instantiate(primitiveCase);
    const byName = new Map(
      topological([output]).flatMap((node) => (is(node, "input") ? [[node.attributes.name, node] as const] : [])),
    );
    const read = fromData(overText(toData([output])), (name) => byName.get(name));
    expect(print(read)).toBe(print([output]));
  });

  test("numbers that JSON has not", () => {
    const odd = [NaN, Infinity, -Infinity, -0, 0, 1e-45];
    const [read] = fromData(overText(toData([constant(odd, [6])])), known);
    expect((read?.attributes as unknown as { values: number[] }).values).toEqual(odd);
  });

  test("a node that is used twice is one node, and inputs are the reader's", () => {
    const twice = x.exp();
    const [read] = fromData(overText(toData([twice.add(twice)])), known);
    expect(read?.inputs[0]).toBe(read?.inputs[1]);
    expect(read?.inputs[0]?.inputs[0]).toBe(x);
  });
});

describe("nothing else is read", () => {
  const node = (primitive: string, attributes: unknown, operands: readonly number[] = [0]): unknown => ({
    nodes: [
      ["input", { name: "x", shape: [2, 3], dtype: "float32" }, []],
      [primitive, attributes, operands],
    ],
    outputs: [1],
  });
  test.each<[string, unknown, string]>([
    ["no graph", 7, "graph:"],
    ["an unknown primitive", node("read", {}), "graph:"],
    ["an attribute that it has not", node("exp", { weight: 1 }), "node 1 (exp)"],
    ["an attribute of another kind", node("slice", { starts: [-1, 0], ends: [1, 1] }), "node 1 (slice)"],
    ["too many operands", node("exp", {}, [0, 0]), "node 1 (exp): expected 1 operands, got 2"],
    ["an operand after it", node("exp", {}, [1]), "node 1 (exp): expected operands before it, got 1"],
    [
      "shapes that do not fit",
      node("matmul", { transposeA: false, transposeB: false }, [0, 0]),
      "node 1 (matmul): matmul:",
    ],
    [
      "an input of nobody",
      node("input", { name: "y", shape: [], dtype: "float32" }, []),
      'expected a registered input, got "y"',
    ],
    [
      "an input of another shape",
      node("input", { name: "x", shape: [3], dtype: "float32" }, []),
      'for "x", got input f32[3]',
    ],
    [
      "fractions as whole numbers",
      node("constant", { shape: [1], dtype: "int32", values: [0.5] }, []),
      "expected whole numbers",
    ],
    ["an output that is not there", { nodes: [], outputs: [0] }, "expected outputs among the nodes, got 0"],
  ])("%s", (_, data, message) => {
    expect(() => fromData(data, known)).toThrow(GraphDataError);
    expect(() => fromData(data, known)).toThrow(message);
  });
});
