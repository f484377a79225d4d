/** Finds promises that nobody awaits, in the examples. */

import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig({
  files: ["login.ts", "types/forgotten.ts"],
  extends: [tseslint.configs.strictTypeChecked],
  linterOptions: { reportUnusedDisableDirectives: "error" },
  languageOptions: { parserOptions: { project: "./types/tsconfig.lint.json", tsconfigRootDir: import.meta.dirname } },
});
