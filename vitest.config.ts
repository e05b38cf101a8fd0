import { defineConfig } from "vitest/config";

/** Tests that change or measure the process they run in. */
const ownProcess = [
  "src/runtime/session.test.ts",
  "src/train/webgpu.test.ts",
  "src/cli/run/run.test.ts",
  "test/*.test.ts",
];

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        // Modules are loaded once for all files of a worker: loading takes longer than most tests.
        test: {
          name: "shared",
          include: ["src/**/*.test.ts", "bench/**/*.test.ts", "studies/**/*.test.ts"],
          exclude: ["**/*.slow.test.ts", "node_modules/**", "dist/**", ...ownProcess],
          isolate: false,
        },
      },
      { extends: true, test: { name: "own", include: ownProcess, exclude: ["**/*.slow.test.ts"] } },
    ],
  },
});
