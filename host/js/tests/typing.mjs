/** Programs that ask for a code. */

import { spawn } from "node:child_process";

/** Runs a program, and types a code as soon as it asks for it. Returns what it printed. */
export function typing(program, given, options, typed) {
  return new Promise((resolve, reject) => {
    const running = spawn(program, given, { ...options, env: { ...process.env, ...options.env }, stdio: "pipe" });
    let output = "";
    const read = (data) => {
      output += data;
      if (!output.includes("the code: ") || running.stdin.writableEnded) return;
      Promise.resolve(typed(output)).then((pin) => running.stdin.end(`${pin}\n`), reject);
    };
    running.stdout.on("data", read);
    running.stderr.on("data", read);
    running.on("error", reject);
    running.on("close", (code) => (code === 0 ? resolve(output) : reject(new Error(output))));
  });
}
