/** The step on WebGPU. Without a GPU it runs on SwiftShader, the software Vulkan driver in Debian's chromium package. */
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { nodeEngine } from "../runtime/node-engine.node.ts";
import { PlannedModel } from "../study/run/planned-model.ts";
import { groupOf } from "../study/run/training-group.ts";
import { RunSpec } from "../study/spec/spec.ts";
import { Trainer } from "./index.ts";

const softwareDriver = "/usr/lib/chromium/vk_swiftshader_icd.json";
const loaders = ["/usr/lib/x86_64-linux-gnu/libvulkan.so.1", "/usr/lib/aarch64-linux-gnu/libvulkan.so.1"];
const runnable =
  process.platform !== "linux" || (existsSync(softwareDriver) && loaders.some((path) => existsSync(path)));

it.skipIf(!runnable)(
  "gives the losses of the CPU (skipped without a Vulkan driver: apt-get install chromium libvulkan1)",
  { timeout: 120_000 },
  async () => {
    if (existsSync(softwareDriver)) process.env["VK_ICD_FILENAMES"] ??= softwareDriver;
    const spec = RunSpec.parse({
      rule: "direct-feedback-alignment",
      task: { v: 4, m: 2, depth: 2 },
      data: { train: 24, validation: 2, test: 4 },
      network: { width: 8 },
      train: { steps: 4, batch: 8 },
    });
    const group = { ...groupOf(new PlannedModel(spec), [spec]), form: "stacked" } as const;
    const losses = async (device: "cpu" | "webgpu"): Promise<number[]> => {
      const trainer = await Trainer.create(group, nodeEngine({ device }));
      const found: number[] = [];
      for (let step = 0; step < 4; step++) found.push((await trainer.advance())[0]!["loss"]![0]!);
      await trainer.dispose();
      return found;
    };
    const expected = await losses("cpu");
    expect(new Set(expected).size).toBe(4);
    expect(await losses("webgpu")).toEqual(expected.map((loss): unknown => expect.closeTo(loss, 4)));
  },
);
