import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TestCertificate } from "./nodes/fake-node-server.ts";

const folder = fileURLToPath(new URL("../fixtures/tls/", import.meta.url));

/** The authority that signed `node` and `renewed`; `rogue` is self-signed. */
export const authorityFile = `${folder}ca.pem`;

export function certificate(name: "node" | "renewed" | "rogue"): TestCertificate {
  const read = (ending: string) => readFileSync(`${folder}${name}.${ending}`, "utf8");
  return { cert: read("pem"), key: read("key") };
}

/** As written in known-nodes.json. */
export function fingerprintOf(name: "node" | "renewed" | "rogue"): string {
  return new X509Certificate(certificate(name).cert).fingerprint256.replaceAll(":", "").toLowerCase();
}
