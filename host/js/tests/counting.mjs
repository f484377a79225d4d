/** Counts in a file, and prints each total when it is on the disk: `counting.mjs FILE COUNT`. */

import { SqliteGuard } from "xoxzo-2fa/guards/sqlite";

const [path, count] = process.argv.slice(-2);
const store = new SqliteGuard(path);
for (let list = 0; list < Number(count); list++) {
  const { totals } = await store.add([{ counter: "count", group: "count", amount: 1, limit: 2 ** 32 - 1, ttlSeconds: 86_400 }]);
  console.log(totals[0].total);
}
