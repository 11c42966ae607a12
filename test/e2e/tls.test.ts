import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer, connect as tlsConnect } from "node:tls";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatFarmKey } from "../../src/config/farm-key-text.ts";
import { type FarmKey, makeFarmKey } from "../../src/core/farm-key.ts";
import type { NodeAddress } from "../../src/core/node.ts";
import type { TlsDemand } from "../../src/session/link.ts";
import { NodeSession } from "../../src/session/node-session.ts";
import { dialWebSocket } from "../../src/session/websocket-link.ts";
import { certificate, fingerprintOf } from "../support/certificates.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { waitFor } from "../support/wait-for.ts";

const script = fileURLToPath(new URL("../../blender_scripts/main.py", import.meta.url));
const pem = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));

/** A real node and the coordinator's real session, over TLS. No frame is rendered, so no Blender is needed. */
describe.skipIf(process.platform === "win32")("a real node with TLS", () => {
  const key: FarmKey = makeFarmKey();
  let folder: TemporaryFolder;
  let address: NodeAddress;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    const blender = join(folder.path, "blender");
    await writeFile(blender, "#!/bin/sh\necho 'Blender 3.4.1'\n");
    await chmod(blender, 0o755);
    const ready = join(folder.path, "ready.json");
    const own = ["--config-dir", join(folder.path, "config"), "--cache-dir", join(folder.path, "cache")];
    const where = ["--host", "127.0.0.1", "--port", "0", "--no-mdns", "--ready-file", ready, "--exit-with-stdin"];
    const tls = ["--tls-cert", pem("node.pem"), "--tls-key", pem("node.key")];
    const env = { RENDERFARM_KEY: formatFarmKey(key) };
    const child = execa("python3", [script, "--blender", blender, ...own, ...where, ...tls], { env, reject: false });
    stop = async () => {
      child.stdin.end();
      await child;
    };
    const facts = await Promise.race([
      whenThere(ready),
      child.then(({ stderr }) => Promise.reject(new Error(`The node ended: ${stderr}`))),
    ]);
    expect(facts.tls).toBe(fingerprintOf("node"));
    address = { host: "127.0.0.1", port: facts.port };
  });
  afterEach(async () => {
    await stop();
    await folder[Symbol.asyncDispose]();
  });

  async function greet(at: NodeAddress, demand: TlsDemand | undefined): Promise<NodeSession> {
    const { signal } = new AbortController();
    const link = await dialWebSocket(at, signal, demand);
    return await NodeSession.open({ link, chooseKey: () => key, onReport: () => {}, signal });
  }

  test("greets a coordinator that has pinned its certificate", async () => {
    await using session = await greet(address, { fingerprint: fingerprintOf("node") });
    expect(session.info.blender).toBe("3.4.1");
    expect(
      await session.openJob("ab".repeat(16), { name: "film", holder: "test" }, new AbortController().signal),
    ).toMatchObject({
      type: "job-opened",
    });
  });

  test("cannot be reached without TLS", async () => {
    await expect(greet(address, undefined)).rejects.toMatchObject({ code: "FARM_NODE_UNREACHABLE" });
  });

  test("detects a man in the middle by the certificate: the proofs include its fingerprint", async () => {
    const server = createServer(certificate("rogue"), (victim) => {
      const node = tlsConnect({ ...address, rejectUnauthorized: false });
      for (const end of [victim, node]) end.on("error", () => {});
      victim.pipe(node).pipe(victim);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const between = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
    try {
      await expect(greet(between, {})).rejects.toMatchObject({ code: "FARM_KEY_UNUSABLE" });
      const pinned = greet(between, { fingerprint: fingerprintOf("node") });
      await expect(pinned).rejects.toMatchObject({ code: "FARM_CERTIFICATE_REFUSED" });
    } finally {
      server.close();
    }
  });
});

async function whenThere(file: string): Promise<{ port: number; tls: string }> {
  await waitFor(() => existsSync(file), file);
  return JSON.parse(await readFile(file, "utf8"));
}
