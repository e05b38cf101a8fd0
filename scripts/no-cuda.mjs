/**
 * Runs before the packages that afferent is installed with run their own scripts.
 *
 * On Linux, onnxruntime-node downloads libraries for CUDA from outside the package registry unless files of their names are there already, and
 * fails where that cannot be reached. afferent does not use them: the engines for CPU and WebGPU are in the package. An empty file in the place
 * of each ends the download before it begins. ONNX Runtime opens such a file only when it is asked for CUDA.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

try {
  const runtime = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  const metadata = createRequire(import.meta.url)(join(runtime, "script/install-metadata.js"));
  const platform = `${process.platform}/${process.arch}`;
  for (const name of metadata.requirements[platform] ?? []) {
    for (const file of Object.keys(metadata.manifests[`${platform}:${name}`] ?? {})) {
      const place = join(runtime, "bin/napi-v6", platform, file);
      mkdirSync(dirname(place), { recursive: true });
      if (!existsSync(place)) writeFileSync(place, "");
    }
  }
} catch {
  // Another layout of that package: its own script then decides.
}
