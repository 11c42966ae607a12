import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { skipBecause } from "../support/lab/lab.ts";
import { NetworkLab, networkLabProblem } from "../support/lab/network-lab.ts";

describe.skipIf(skipBecause(networkLabProblem))("the lab of several hosts on one machine", () => {
  test("hosts receive each other's multicast, except through a cut cable, and nothing is left of the lab", async () => {
    let prefix = "";
    {
      await using lab = await NetworkLab.open("desk", "north");
      prefix = lab.on("desk").at(-1)?.replace("desk", "") ?? "";
      expect(await namespaces()).toContain(`${prefix}north`);
      expect(await hearsMulticast(lab, "desk", "north")).toBe(true);
      await lab.cut("north");
      expect(await hearsMulticast(lab, "desk", "north")).toBe(false);
      await lab.reconnect("north");
      expect(await hearsMulticast(lab, "desk", "north")).toBe(true);
    }
    expect(await namespaces()).not.toContain(prefix);
  });
});

/** Whether a datagram to the mDNS group reaches the other host. */
async function hearsMulticast(lab: NetworkLab, from: string, to: string): Promise<boolean> {
  const listener = runNode(
    lab.on(to),
    `const socket = require("dgram").createSocket({ type: "udp4", reuseAddr: true });
     socket.bind(5353, () => { socket.addMembership("224.0.0.251", "${lab.addressOf(to)}"); console.log("listening"); });
     socket.on("message", () => process.exit(0));
     process.stdin.on("end", () => process.exit(1)).resume();`,
  );
  await new Promise((resolve) => listener.stdout.once("data", resolve));
  await runNode(
    lab.on(from),
    `const socket = require("dgram").createSocket("udp4");
     socket.bind(0, "${lab.addressOf(from)}", () => {
       let left = 10;
       const say = () => (left-- > 0 ? socket.send("hello", 5353, "224.0.0.251", () => setTimeout(say, 50)) : socket.close());
       say();
     });`,
  );
  listener.stdin.end();
  return (await listener).exitCode === 0;
}

function runNode(on: readonly string[], program: string) {
  const [command = "", ...args] = [...on, process.execPath, "-e", program];
  return execa(command, args, { reject: false });
}

async function namespaces(): Promise<string> {
  return (await execa("ip", ["netns", "list"])).stdout;
}
