/** Questions to stored results, in SQL. Run: npx tsx examples/query-store.ts (after examples/study.ts, whose store it opens) */
import { studies } from "afferent";

const store = await studies.openStore("results", { access: "read" });

const errors = await store.query(`
  SELECT rule, "data.train" AS strings, round(avg(testError), 3) AS testError, count(*) AS runs
  FROM runs GROUP BY ALL ORDER BY rule, strings
`);
console.table(errors);

const slowest = await store.query(`
  SELECT rule, seed, min(step) AS step
  FROM curves JOIN runs USING (run)
  WHERE metric = 'trainLoss' AND value < 0.5 GROUP BY ALL ORDER BY step DESC LIMIT 3
`);
console.log("the last to bring their train loss below 0.5 nats:");
console.table(slowest);
await store.close();
