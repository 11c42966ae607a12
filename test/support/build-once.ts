/** Builds the program before any test, so that test files that run in parallel do not each build it. */
export default async function buildOnce(): Promise<void> {
  const script = new URL("../../scripts/build.mjs", import.meta.url).href;
  const { build } = (await import(/* @vite-ignore */ script)) as {
    build: (say: (line: string) => void) => Promise<void>;
  };
  await build(() => {});
}
