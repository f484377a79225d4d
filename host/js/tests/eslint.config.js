/** Finds promises that nobody awaits, in the examples, and what is unused or unknown, in the sources and tests. */

import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import globals from "globals";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["next/.next/**"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["login.ts", "hono.ts", "types/forgotten.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "./types/tsconfig.lint.json", tsconfigRootDir: import.meta.dirname } },
  },
  {
    files: ["worker/index.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "./types/tsconfig.worker.json", tsconfigRootDir: import.meta.dirname } },
  },
  {
    files: ["next/{app,lib}/**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "./next/tsconfig.json", tsconfigRootDir: import.meta.dirname } },
  },
  {
    files: ["sources/**/*.js", "*.mjs"],
    extends: [js.configs.recommended],
    languageOptions: { globals: { ...globals.node, Bun: "readonly", Deno: "readonly" } },
  },
);
