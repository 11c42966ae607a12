import { defineConfig } from "vitest/config";

/** A separate run (`npm run test:blenders`): it needs root folders, which take minutes to make the first time. */
export default defineConfig({
  oxc: { target: "es2022" },
  test: {
    name: "blenders",
    include: ["test/blenders/**/*.test.ts", "test/productions/blenders/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 420_000,
    hookTimeout: 420_000,
  },
});
