// Replays recorded events through the real live view in a real terminal, and then does what its second argument says:
// "finish", "throw", "log", "grow" (notice while nothing else changes) or "wait" for Ctrl-C. The events are a JSON file of {"atMs", "event"}; their times do not count.
import { readFileSync } from "node:fs";
import { LiveReporter } from "../../../src/cli/live/live-reporter.js";

const [, , file, ending, result] = process.argv;
const reporter = new LiveReporter({
  terminal: process.stdout,
  environment: process.env,
  monotonicMs: () => performance.now(),
});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const told = JSON.parse(readFileSync(file, "utf8"));

for (const [index, { event }] of told.entries()) {
  reporter.tell(event);
  // So that what the view draws between the events is on the screen too.
  if (index % Math.ceil(told.length / 4) === 0) await pause(110);
  if (ending === "log" && index % Math.ceil(told.length / 5) === 0) {
    reporter.writeAbove(() => process.stderr.write(`WARN: line ${index} of the log\n`));
  }
}

let interrupts = 0;
process.on("SIGINT", () => {
  interrupts += 1;
  if (interrupts === 1) reporter.tell({ type: "job:draining", running: 3 });
  else {
    reporter.stopping();
    setTimeout(() => {
      reporter.tell({ type: "job:interrupted", missing: 150 });
      process.exit(130);
    }, 300);
  }
});
if (ending === "finish") reporter.tell({ ...JSON.parse(result), type: "job:completed" });
for (let count = 1; ending === "grow" && count <= 4; count++) {
  await pause(110);
  reporter.tell({ type: "warning", code: "TEST", message: `warning ${count}`, name: null });
}
if (ending === "throw") {
  await pause(200);
  setTimeout(() => {
    throw new Error("a bug of the replay");
  });
}
if (ending === "wait" || ending === "log" || ending === "grow") setInterval(() => {}, 1_000);
