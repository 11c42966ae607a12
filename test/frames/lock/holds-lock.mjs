// A program that takes a lock and says "held", with its process number, or why it cannot; it holds the lock until its
// standard input ends. lock-containers.test.ts compiles src/ and puts this file where its imports are right.
import { JobLock } from "../../../src/frames/lock/lock.js";

const [, , path] = process.argv;
try {
  const lock = await JobLock.open(path, { renewMs: 100 });
  console.log(`held ${process.pid}`);
  for await (const _ of process.stdin);
  await lock[Symbol.asyncDispose]();
} catch (error) {
  console.log(error.code ?? String(error));
}
