/**
 * The end-to-end render on four versions of Blender: `node scripts/blenders/test.mjs [options of vitest]`.
 * It first makes the root folders that are missing. A Blender that is not available is skipped, and the reason printed.
 */
import { join } from "node:path";
import { findOnPath, projectFolder, run } from "../setup/tools.mjs";
import { closeWith, runVitest } from "../tests/vitest.mjs";
import { findTestedBlenders } from "./tested.mjs";

/**
 * A command that runs another one with its own loopback, where no other node is heard and no port is taken.
 *
 * @returns {Promise<string[]>} empty if that is not allowed here
 */
async function ownNetwork() {
  if (findOnPath("unshare") === undefined || findOnPath("ip") === undefined) return [];
  const words = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  const [program = "", ...args] = words;
  return (await run(program, [...args, "true"])).ok ? words : [];
}

const { blenders, skipped } = await findTestedBlenders();
console.log(`Testing with Blender ${blenders.map(({ version }) => version).join(", ") || "none"}`);
const options = ["--config", join(projectFolder, "test/blenders/vitest.config.ts"), "--root", projectFolder];
const env = { ...process.env, RENDERFARM_TESTED_BLENDERS: JSON.stringify(blenders) };
const counts = await runVitest([...options, ...process.argv.slice(2)], { before: await ownNetwork(), env });
for (const reason of skipped) console.log(`Skipped: ${reason}`);
process.exitCode = closeWith([counts]);
