import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";

/** A registry on this machine with one package, and the requests it got: `await using`. */
export interface NpmRegistry extends AsyncDisposable {
  readonly url: string;
  /** Requested paths, in order. */
  readonly asked: readonly string[];
}

/** Serves a package whose command of the same name prints a line. @param folder An empty folder for its files */
export async function serveNpmPackage(name: string, line: string, folder: string): Promise<NpmRegistry> {
  const manifest = { name, version: "1.0.0", bin: { [name]: "./command.js" } };
  await mkdir(join(folder, "package"), { recursive: true });
  await writeFile(join(folder, "package/package.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "package/command.js"), `#!/usr/bin/env node\nconsole.log(${JSON.stringify(line)});\n`);
  await execa("tar", ["-czf", "package.tgz", "package"], { cwd: folder });
  const tarball = readFileSync(join(folder, "package.tgz"));

  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    if (url === `/${name}`) {
      const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
      const version = { ...manifest, dist: { integrity, tarball: `${at}/package.tgz` } };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ name, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }));
    } else if (url === "/package.tgz") response.end(tarball);
    else response.writeHead(404).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: at,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
