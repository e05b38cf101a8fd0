import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.slow.test.ts", "studies/**/*.slow.test.ts", "test/**/*.slow.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 1_200_000,
  },
});
