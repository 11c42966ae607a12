/** Builds the program before any test: test files that run it at once would build it at once. */
export default async function buildOnce(): Promise<void> {
  const script = new URL("../../scripts/build.mjs", import.meta.url).href;
  const { build } = (await import(/* @vite-ignore */ script)) as {
    build: (say: (line: string) => void) => Promise<void>;
  };
  await build(() => {});
}
