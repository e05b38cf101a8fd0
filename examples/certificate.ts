/** What rules must know to learn, computed from their graphs. Run: npx tsx examples/certificate.ts */
import { audit, certify, networks, rules, tasks } from "afferent";

const task = tasks.rhm({ depth: 3 });
const network = networks.treeCnn(task, { width: 16 });

for (const rule of [rules.backprop, rules.feedbackAlignment, rules.infoNce, rules.oja]) {
  const certificate = certify({ task, network, rule });
  const { space, time, pairs } = audit.summaryOf(certificate);
  const known = pairs.length === 0 ? "no pairs" : `pairs that know: ${pairs.join(", ")}`;
  console.log(`${certificate.rule}: space ${space}, time ${time}, ${known}`);
  console.log(`  reads ${certificate.signals.join(", ")}`);
  for (const { layer, weightTransport, verdict } of certificate.layers) {
    const transported = weightTransport.length === 0 ? "" : `; weights of ${weightTransport.join(", ")}`;
    console.log(`  layer ${layer}: ${verdict.text}${transported}`);
  }
}
