// A coordinator that starts a node of its own and then waits for its end. embedded-node.test.ts compiles src/ and puts this
// file where its imports are right.

import { EmbeddedNode } from "../../../src/farm/local-node/embedded-node.js";
import { findBlender } from "../../../src/farm/local-node/find-blender.js";

const [, , blender, cacheFolder] = process.argv;
const { signal } = new AbortController();
const node = await EmbeddedNode.open(await findBlender(blender, signal), { slots: 1, cacheFolder }, signal);
console.log(JSON.stringify(node.sighting));
setInterval(() => {}, 1000);
