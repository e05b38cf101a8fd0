/**
 * Seconds that certifying each rule of the catalogue takes, on the network and the task of a default run, default options:
 *
 *     npx tsx scripts/certify-all.ts [width] [batch]
 */
import { certificateOf } from "../src/audit/index.ts";
import { networkDefaults, treeCnn } from "../src/networks/index.ts";
import { catalogue } from "../src/rules/index.ts";
import { rhm } from "../src/tasks/index.ts";
import { traceUpdates } from "../src/train/index.ts";

const [width = networkDefaults.width, batch = 128] = process.argv.slice(2).map(Number);
const task = rhm();
const network = treeCnn(task, { width });
let total = 0;
const times = catalogue.map((rule) => {
  const start = performance.now();
  certificateOf(traceUpdates({ network, rule: rule(), batch }, task.positions));
  const seconds = (performance.now() - start) / 1000;
  total += seconds;
  return { id: rule.id, seconds };
});
for (const { id, seconds } of times.sort((a, b) => b.seconds - a.seconds))
  console.log(`${seconds.toFixed(2)} s  ${id}`);
console.log(`${total.toFixed(2)} s  in total, ${times.length} rules at width ${width}, batch ${batch}`);
