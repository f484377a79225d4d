/** The examples for servers, as a browser meets them, with the sandbox. They run on what runs TypeScript. */

import { spawn } from "node:child_process";
import { test } from "node:test";
import { login } from "./story.mjs";
import { withSandbox } from "./world.mjs";

for (const name of ["login", "hono"])
  test(`a login through ${name}.ts`, () =>
    withSandbox(async ({ environment, inbox, pin }) => {
      const env = { ...process.env, ...environment, ANN_PHONE: "+819012345678", ANN_PASSWORD: "correct horse", PORT: "0" };
      const arguments_ = [...(globalThis.Deno ? ["run", "-A", "--no-check"] : []), new URL(`./${name}.ts`, import.meta.url).pathname];
      const program = spawn(process.execPath, arguments_, { env, stdio: ["ignore", "pipe", "inherit"] });
      const ended = new Promise((resolve) => program.on("close", resolve));
      try {
        const port = await new Promise((resolve, reject) => {
          program.stdout.on("data", (data) => resolve(/"port":(\d+)/.exec(String(data))?.[1]));
          program.on("close", () => reject(new Error("the example ended")));
        });
        await login(`http://127.0.0.1:${port}`, inbox, pin);
      } finally {
        program.kill();
        await ended;
      }
    }));
