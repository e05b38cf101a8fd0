/** Runs the README's commands, in order and in one folder, with fewer steps, strings and units. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { typed } from "../src/cli/typed.contract.ts";

const root = join(import.meta.dirname, "..");

/** Commands that find studies in the store, and so see what an earlier pass has left there. */
const ofTheStore = ["run", "ls", "compare", "report", "export", "trace"];

it("the README's commands run, and those about studies once more", { timeout: 120_000 }, async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/<!-- run by test\/readme\.test\.ts -->\s*```sh\n([\s\S]*?)```/g)];
  const commands = blocks
    .flatMap(([, block = ""]) => block.trim().split("\n"))
    .map((line) => line.replace(/\s+#.*$/, ""));
  expect(commands.length).toBeGreaterThan(8);
  const folder = await mkdtemp(join(tmpdir(), "afferent-readme-"));
  const before = process.cwd();
  process.chdir(folder);
  try {
    const again = commands.filter((command) => ofTheStore.includes(command.split(" ")[2] ?? ""));
    expect(again.length).toBeGreaterThan(5);
    for (const command of [...commands, ...again]) {
      const smaller = command
        .replace("train.steps=1500", "train.steps=15")
        .replace("train.steps=100", "train.steps=5")
        .replace("data.train=4000", "data.train=200")
        .replace("network.width=64", "network.width=8");
      // As a shell reads it: words between spaces, or between quotes.
      const [npx, name, ...words] = [...smaller.matchAll(/"([^"]*)"|(\S+)/g)].map(
        ([, quoted, bare]) => quoted ?? bare!,
      );
      expect([npx, name]).toEqual(["npx", "afferent"]);
      const { code, stdout, stderr } = await typed(words);
      expect(code, `${command}: ${stderr}`).toBe(0);
      expect(stdout, command).not.toBe("");
    }
  } finally {
    process.chdir(before);
    await rm(folder, { recursive: true });
  }
});

it("the README's scripts exist, and the first is the first comparison", async () => {
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  expect(scripts["start"]).toContain("run studies/first-comparison.ts");
  expect(scripts["test"]).toBe("vitest run");
});
