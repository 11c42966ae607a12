// A coordinator that starts a node of its own and then waits for its end. embedded-node.test.ts compiles src/ and puts this
// file where its imports are right.
import { findBlender } from "../../src/farm/blender-program.js";
import { EmbeddedNode } from "../../src/farm/embedded-node.js";

const [, , blender, cacheFolder] = process.argv;
const { signal } = new AbortController();
const node = await EmbeddedNode.open(await findBlender(blender, signal), { slots: 1, cacheFolder }, signal);
console.log(JSON.stringify(node.sighting));
setInterval(() => {}, 1000);
