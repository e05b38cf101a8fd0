/** Data and networks of one's own, from the file to the report; what is stored needs no file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clouds, ownNetwork, ringsHelper, ringsTask, writeNpz, writeSafetensorsFile } from "./own-files.contract.ts";
import { typed, typedJson } from "./typed.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "afferent-own-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const env = { AFFERENT_STORE: at("store") };

beforeAll(() => {
  const [train, tested] = [clouds(90), clouds(30, 7)];
  writeNpz(at("data.npz"), { x_train: train.x, y_train: train.y });
  writeSafetensorsFile(at("data.safetensors"), {
    x_train: train.x,
    y_train: train.y,
    x_test: tested.x,
    y_test: tested.y,
  });
  writeNpz(at("moved.npz"), { x_train: train.x, y_train: train.y });
  for (const name of ["rings.ts", "gone-rings.ts"]) writeFileSync(at(name), ringsTask);
  writeFileSync(at("angle.ts"), ringsHelper);
  for (const name of ["net.ts", "gone-net.ts"]) writeFileSync(at(name), ownNetwork);
});

/** Milliseconds: each of these runs five commands and starts workers, on machines that have more to do. */
const patient = 120_000;
const short = "network.width=12 train.batch=16 train.steps=100 train.learningRate=0.02";

interface Run {
  readonly row: {
    readonly run: string;
    readonly outcome: string;
    readonly testError: number;
    readonly spec: {
      readonly task: { readonly id: string; readonly shape: object };
      readonly data: object;
      readonly network: object;
    };
    readonly metrics: Record<string, number>;
  };
}

async function runsOf(name: string): Promise<Run[]> {
  await typedJson(`export ${name} --format json --out ${at(`${name}.json`)} --force`, env);
  const rows = JSON.parse(readFileSync(at(`${name}.json`), "utf8")) as Run["row"][];
  // Groups finish in any order.
  const told = ({ spec }: Run["row"]): string => JSON.stringify([spec.task.id, spec]);
  return rows.sort((a, b) => (told(a) < told(b) ? -1 : 1)).map((row) => ({ row }));
}

/** Everything that reads a stored study, of which no file is there. */
async function readsBack(name: string): Promise<string> {
  const [run] = (await runsOf(name)).map(({ row }) => row.run);
  const texts: string[] = [];
  for (const line of ["ls", `compare ${name}`, `show ${run!}`, `report ${name} --out ${at(`${name}.html`)} --force`]) {
    const { code, stdout, stderr } = await typed(line, env);
    expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: "" });
    texts.push(stdout);
  }
  return `${texts.join("\n")}\n${readFileSync(at(`${name}.html`), "utf8")}`;
}

/** The words after \`again\` of a stored run, which give it again. */
function againIn(text: string): string {
  return /again {2}afferent (.*)/.exec(text)![1]!;
}

test(
  "arrays of numpy: trained, probed, read without the file, another task when the file changes",
  async () => {
    const line = `run task=${at("moved.npz")} rule=backprop probes=true --name npz ${short}`;
    const ran = await typed(line, env);
    expect(ran.stderr).toContain("1 run computed");
    const rows = (await runsOf("npz")).map(({ row }) => row);
    expect(rows[0]!.spec.task.shape).toEqual({ values: "real", positions: 2, channels: 1, classes: 3 });
    expect(rows[0]!.spec.data).toEqual({ train: 63, validation: 9, test: 18 });
    expect(rows[0]!.spec.network).toMatchObject({ architecture: "mlp", depth: 2, width: 12 });
    expect(rows.map(({ outcome }) => outcome)).toEqual(["finished"]);
    // Clouds are told apart by a line.
    expect(rows[0]!.testError).toBeLessThan(0.1);
    expect(rows[0]!.metrics["probe.layer1.testError"]).toBeLessThan(0.1);
    const again = await typed(
      `run ${againIn((await typed(`show ${rows[0]!.run}`, env)).stdout).replace("run ", "")}`,
      env,
    );
    expect(again.stderr).toContain("1 stored already");

    rmSync(at("moved.npz"));
    const text = await readsBack("npz");
    expect(text).toContain("2 real numbers; 3 classes");
    expect(text).toContain(`${at("moved.npz")}, SHA-256 `);
    const missing = await typed(`run task=${at("moved.npz")} ${short}`, env);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      `afferent: task: expected arrays in ${at("moved.npz")}, found no such file; paths are relative to ${process.cwd()}\n`,
    ]);
    const other = clouds(90, 3);
    writeNpz(at("moved.npz"), { x_train: other.x, y_train: other.y });
    const changed = (await typedJson(`info task=${at("moved.npz")}`)) as { spec: { task: { id: string } } };
    expect(changed.spec.task.id).toMatch(/^moved@[0-9a-f]{16}$/);
    expect(changed.spec.task.id).not.toBe(rows[0]!.spec.task.id);
  },
  patient,
);

test(
  "safetensors with a test set of their own, in a study file with a grid over two tasks",
  async () => {
    const study = {
      name: "two",
      question: "Which file?",
      base: { data: { train: 60 }, network: { width: 8 }, train: { steps: 60, batch: 16, learningRate: 0.02 } },
      grid: { task: [at("data.safetensors"), { id: "gaussian-mixture", dimensions: 3, classes: 2 }] },
    };
    writeFileSync(at("two.json"), JSON.stringify(study));
    const ran = await typed(`run ${at("two.json")} --name two`, env);
    expect(ran.stderr).toContain("2 runs computed");
    const rows = (await runsOf("two")).map(({ row }) => row);
    expect(rows.map(({ spec }) => spec.data)).toEqual([
      { train: 60, validation: 9, test: 30 },
      { train: 60, validation: 1000, test: 2000 },
    ]);
    const text = await readsBack("two");
    expect(text).toContain("Task: Gaussian mixture, dimensions=3, classes=2, separation=3.");
  },
  patient,
);

test(
  "a program and a network of one's own: options, sources kept, read without the files",
  async () => {
    const ran = await typed(
      `run task=${at("gone-rings.ts")} task.noise=0.02,0.2 network=${at("gone-net.ts")} rule=backprop --name rings train.steps=400 train.batch=16 train.learningRate=0.02`,
      env,
    );
    expect(ran.stderr).toContain("2 runs computed");
    const [first, second] = (await runsOf("rings")).map(({ row }) => row);
    expect(first!.spec.network).toMatchObject({ architecture: "own", widths: [16, 6], activation: "tanh" });
    expect(first!.spec.data).toEqual({ train: 60, validation: 12, test: 24 });
    expect(first!.testError).toBeLessThan(0.1);
    expect(second!.run).not.toBe(first!.run);

    for (const name of ["gone-rings.ts", "gone-net.ts"]) rmSync(at(name));
    const text = await readsBack("rings");
    expect(text).toContain("    export default defineTask({");
    expect(text).toContain("    export const angleOf");
    expect(text).toContain("    export default defineNetwork(");
    expect(againIn(text)).toContain(`task=${at("gone-rings.ts")}`);
    expect(againIn(text)).toContain(`network=${at("gone-net.ts")}`);
    const missing = await typed(`run task=${at("gone-rings.ts")}`, env);
    expect(missing.stderr).toContain(`task: expected a task in ${at("gone-rings.ts")}, found no such file`);
  },
  patient,
);

test("a file that changes between plan and run fails the run with words", async () => {
  const { studyFromWords } = await import("../study/spec/load.ts");
  const { planStudy } = await import("../study/run/plan.ts");
  const { execute } = await import("../study/run/execute.ts");
  const { openStore } = await import("../study/store/store.ts");
  const tested = clouds(60, 1);
  writeNpz(at("moving.npz"), { x_train: tested.x, y_train: tested.y });
  const plan = planStudy(
    await studyFromWords([`task=${at("moving.npz")}`, "network.width=4", "train.steps=5", "train.batch=8"]),
  );
  const other = clouds(60, 2);
  writeNpz(at("moving.npz"), { x_train: other.x, y_train: other.y });
  const store = await openStore(at("moving-store"));
  await execute({ store, study: "moving", runs: plan.runs, models: plan.models, workers: 1 });
  const [row] = await store.rows();
  await store.close();
  expect(row!.outcome).toBe("failed");
  expect(row!.message).toMatch(
    /^task: expected moving@[0-9a-f]{16} in .*moving\.npz, got a file changed since the run was planned; run the study again$/,
  );
});

test("the examples of docs/tasks.md are what they say", async () => {
  const page = readFileSync(new URL("../../docs/tasks.md", import.meta.url), "utf8");
  const [task, network] = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text!);
  writeFileSync(at("page-task.ts"), task!);
  writeFileSync(at("page-network.ts"), network!);
  const { spec } = (await typedJson(
    `info task=${at("page-task.ts")} task.noise=0.3 network=${at("page-network.ts")}`,
  )) as {
    spec: Run["row"]["spec"];
  };
  expect(spec.task).toMatchObject({ rings: 3, noise: 0.3, shape: { values: "real", channels: 2, classes: 3 } });
  expect(spec.network).toMatchObject({ architecture: "own", widths: [16, 16], bias: "shared" });
});

test("everything else that works on a run works on numbers", async () => {
  const task = `task=${at("data.npz")}`;
  const { rules } = (await typedJson(`audit backprop info-nce ${task} network.depth=2`)) as {
    rules: { task: { id: string } }[];
  };
  expect(rules.map((rule) => rule.task.id)).toEqual([expect.stringMatching(/^data@/), expect.stringMatching(/^data@/)]);
  const drawn = (await typedJson(`data ${task} --count 4`)) as { examples: { class: number; inputs: number[] }[] };
  expect(drawn.examples.map(({ inputs }) => inputs.length)).toEqual([2, 2, 2, 2]);
  const traced = await typed(`trace ${task} rule=simclr rule.pair=dropout ${short} --steps 2 --out ${at("trace")}`);
  expect([traced.code, traced.stderr]).toEqual([0, ""]);
  const readme = readFileSync(at("trace/README.md"), "utf8");
  expect(readme).toContain("The input is `inputs`, laid out as [sample, 1, 2].");
  expect(readme).toContain("| `inputs` | float32 | [2, 16, 2] | step, sample, number of the input |");
  expect(readme).toContain("| `partner.dropout.0.25` | float32 | [2, 16, 2] |");
  const listed = (await typedJson(`tasks ${at("data.npz")}`)) as { tasks: { options: { name: string }[] }[] };
  expect(listed.tasks[0]!.options.map(({ name }) => name)).toEqual(["values", "scaling", "branching", "classes"]);
});

describe("refused", () => {
  test.each<[string, string]>([
    [
      "task=NPZ rule=info-nce rule.pair=resample",
      "rule.pair=resample: resample pairs: expected a task that knows how its data come about, got examples alone; choose context, noise",
    ],
    [
      "rule=info-nce rule.pair=noise",
      "rule.pair=noise: noise pairs: expected real numbers, got symbols, to which nothing can be added",
    ],
    [
      "task=NPZ data.train=80",
      "data: expected train + validation + test <= 90, the examples of x_train, got 80 + 9 + 18 = 107",
    ],
    ["task=NPZ task.v=3", "task.v: expected an option (values, scaling, branching, classes)"],
    [
      "task=NPZ task.values=symbols",
      "task.values=symbols: expected integers from 0 of shape [examples, positions], got float32",
    ],
    [
      "task=NPZ network=tree-cnn",
      "network.architecture: expected mlp, or a network of one's own, for a task without a tree, got tree-cnn",
    ],
    ["task=gaussian-mixture task.v=3", "task.v: expected an option (dimensions, classes, separation)"],
    [
      "task=gaussian-mixtur",
      'override task: expected one of rhm, gaussian-mixture, or a file (./data.npz, ./data.safetensors, ./my-task.ts), got "gaussian-mixtur"; did you mean gaussian-mixture?',
    ],
    ["task=RINGS task.noise=-1", "task.noise: expected number to be >=0, got -1"],
    ["task=RINGS task.nose=1", "task.nose: expected an option (rings, noise); did you mean noise?"],
    ["task=NET", "NET: expected one exported task (defineTask), got 0"],
    ["network=RINGS", "RINGS: expected one exported network (defineNetwork), got 0"],
    [
      "network=NET network.width=3",
      "network.width: expected nothing beside a network from a file, got it with NET; say it in the file",
    ],
    ["network=own", "network.layers: expected a list of layers with network.architecture=own, got none"],
    [
      'network.layers=[{"kind":"patches","width":3,"size":3}]',
      "network.layers[0].size: expected a size that divides the 8 positions below, got 3; choose one of 1, 2, 4, 8, or a dense layer",
    ],
  ])("%s", async (words, text) => {
    const named = (line: string): string =>
      line.replace("NPZ", at("data.npz")).replace("RINGS", at("rings.ts")).replaceAll("NET", at("net.ts"));
    const { code, stderr } = await typed(["run", ...named(words).split(" ")], env);
    expect(code).toBe(2);
    expect(stderr).toContain(named(text));
  });

  test.each<[string, (path: string) => void, string]>([
    [
      "no-arrays.npz",
      (path) => writeNpz(path, { a: clouds(3).x }),
      "expected arrays x_train and y_train, found a; name them so when the file is written",
    ],
    ["text.npz", (path) => writeFileSync(path, "not a zip"), "expected an .npz file, a zip of arrays, got another"],
    ["text.safetensors", (path) => writeFileSync(path, "not tensors"), "expected a safetensors file, got another"],
    [
      "no-task.ts",
      (path) => writeFileSync(path, "export const x = 1;"),
      "expected one exported task (defineTask), got 0",
    ],
    [
      "fails.ts",
      (path) =>
        writeFileSync(
          path,
          'import { defineTask } from "afferent";\nexport default defineTask({ id: "a b" } as never);',
        ),
      "task: id: expected a letter, then letters",
    ],
  ])("%s", async (name, write, text) => {
    write(at(name));
    const { code, stderr } = await typed(`run task=${at(name)}`, env);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${at(name)}: ${text}`)]);
  });
});
