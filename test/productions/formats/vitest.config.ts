import { defineConfig } from "vitest/config";

/** A separate run (`npm run test:formats`): it fetches Blender as a Python module. */
export default defineConfig({
  oxc: { target: "es2022" },
  test: {
    name: "formats",
    include: ["test/productions/formats/**/*.test.ts"],
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
