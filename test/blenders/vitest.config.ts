import { defineConfig } from "vitest/config";

/** A run of its own (`npm run test:blenders`): it needs root folders that take minutes to make the first time. */
export default defineConfig({
  oxc: { target: "es2022" },
  test: {
    name: "blenders",
    include: ["test/blenders/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 420_000,
    hookTimeout: 420_000,
  },
});
