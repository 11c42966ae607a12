import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Commands, commandNames, makeProgram } from "../../src/cli/program.ts";
import { FarmError, type FarmErrorCode } from "../../src/core/errors.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(project, "README.md"), "utf8");
const program = makeProgram("0", {} as Commands, () => {});

/** Every command line of the README's untagged code blocks, without comments. */
function commandLines(): string[] {
  const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const commands = blocks.filter(([, tag]) => tag === "").map(([, , text]) => text ?? "");
  return commands.flatMap((block) =>
    block
      .split("\n")
      .map((line) => line.replace(/\s+#.*$/, "").trim())
      .filter(Boolean),
  );
}

/** The test that runs a command line, or the reason why no test does. */
const runBy: Readonly<Record<string, { readonly test: string; readonly words: string } | { readonly reason: string }>> =
  {
    "renderfarm --blend scene.blend --output out.mp4": {
      test: "test/readme/readme-commands.test.ts",
      words: '["--blend", "scene.blend", "--output", "out.mp4"',
    },
    "renderfarm scene.blend -o out.mp4": {
      test: "test/readme/readme-commands.test.ts",
      words: '["scene.blend", "-o", "out.mp4"',
    },
    "renderfarm scene.blend -o out.mp4 --preview": {
      test: "test/readme/readme-commands.test.ts",
      words: '["scene.blend", "-o", "out.mp4", "--preview"',
    },
    "renderfarm scene.blend -o out.mp4 --estimate": {
      test: "test/readme/readme-commands.test.ts",
      words: '["scene.blend", "-o", "out.mp4", "--estimate"',
    },
    "renderfarm scene.blend -o out.mp4 --samples 64 --resolution 50% --denoise off": {
      test: "test/readme/readme-commands.test.ts",
      words: '["scene.blend", "-o", "out.mp4", "--samples", "64", "--resolution", "50%", "--denoise", "off"',
    },
    "renderfarm scene.blend -o left/ --camera Left --transparent --engine cycles": {
      test: "test/readme/readme-commands.test.ts",
      words: '["scene.blend", "-o", "left/", "--camera", "Left", "--transparent", "--engine", "cycles"',
    },
    "renderfarm shot.blend -o frames/": { test: "test/e2e/pictures.test.ts", words: '["shot.blend -o frames/"' },
    "renderfarm shot.blend -o frames/f_####.exr": {
      test: "test/e2e/pictures.test.ts",
      words: '["shot.blend -o frames/f_####.exr"',
    },
    "renderfarm shot.blend -o frames/ --format exr-multilayer --depth 32": {
      test: "test/e2e/pictures.test.ts",
      words: '["shot.blend -o frames/ --format exr-multilayer --depth 32"',
    },
    "renderfarm shot.blend -o film.mp4 --format exr": {
      test: "test/e2e/pictures.test.ts",
      words: '["shot.blend -o film.mp4 --format exr"',
    },
    "npm run demo": {
      reason: "installs Blender and FFmpeg on the machine; test/e2e renders on two nodes in the same way",
    },
    "renderfarm scene.blend -o film.mp4 --on-done 'mail -s \"the film\" me@example.org'": {
      reason: "sends a mail; test/cli/ending/on-done.test.ts runs other commands",
    },
    "renderfarm node": { test: "test/readme/readme-commands.test.ts", words: '["node", ' },
    "blender -b -P blender_scripts/main.py": { test: "test/support/lab/lab-node.ts", words: '"-P", script' },
    "renderfarm key set": { test: "test/terminal/prompts.test.ts", words: '["key", "set"]' },
    renderfarm: { test: "test/terminal/prompts.test.ts", words: 'lab.type(terminal, ["--nodes", at' },
  };

describe("the README's command lines", () => {
  test.each(commandLines())("%s", (line) => {
    const proof = runBy[line];
    expect(proof, `name the test that runs it, or the reason why no test does: ${line}`).toBeDefined();
    if (proof && "test" in proof) expect(readFileSync(join(project, proof.test), "utf8")).toContain(proof.words);
  });

  test("are found, and none is listed here that the README does not have", () => {
    expect(Object.keys(runBy).filter((line) => !commandLines().includes(line))).toEqual([]);
  });
});

/** The first cells of the rows of the table under a heading. */
function cellsOf(heading: string): string[] {
  const section = readme.slice(readme.indexOf(heading));
  const rows = (/^\|[\s\S]*?(?=\n\n)/m.exec(section)?.[0] ?? "").split("\n").slice(2);
  return rows.map((row) => row.replaceAll("\\|", "/").split("|")[1]?.trim() ?? "");
}

test("the table of flags has every flag of a render as it is typed, and no others", () => {
  const listed = cellsOf("### Flags of a render").flatMap((cell) => cell.match(/(?<=`)-{1,2}[a-z-]+/g) ?? []);
  const known = program.options.flatMap(({ short, long }) => [short, long]).filter((flag) => flag !== undefined);
  const general = ["-V", "--version"];
  expect(listed.sort()).toEqual(known.filter((flag) => !general.includes(flag)).sort());
});

test("the table of commands has every command and no others", () => {
  const listed = cellsOf("## Commands").map((cell) => /^`renderfarm ([a-z]*)/.exec(cell)?.[1] ?? "");
  expect(listed.filter(Boolean).sort()).toEqual([...commandNames].sort());
  expect([...commandNames].sort()).toEqual(program.commands.map((command) => command.name()).sort());
});

/** Errors of Blender itself, which a node reports as they are. */
const blendersWords = ["Build without OpenImageDenoiser"];

test("each message that the README explains is one that users can see", () => {
  const places = ["src", "blender_scripts/farm_node", "blender_scripts/farm_slot"].flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const sources = places.filter((name) => /\.(ts|py)$/.test(name));
  const text = sources.map((name) => readFileSync(join(project, name), "utf8")).join("\n");
  const messages = cellsOf("## When something is wrong").flatMap(
    (cell) => cell.match(/(?<=`)[^`]+(?=`(?: |,|$))/g) ?? [],
  );
  expect(messages.length).toBeGreaterThan(10);
  const parts = messages.flatMap((message) => message.split("…")).map((part) => part.replace(/^,/, "").trim());
  expect(parts.filter((part) => !text.includes(part) && !blendersWords.includes(part))).toEqual([]);
});

test("every flag that the README names belongs to a command or a node", () => {
  const node = readFileSync(join(project, "blender_scripts/farm_node/options.py"), "utf8");
  const commands = [program, ...program.commands, ...program.commands.flatMap((command) => command.commands)];
  const known = new Set(commands.flatMap((command) => command.options.map((option) => option.long)));
  const others = ["--help", "--no-install", "--global", "--user", "--now", "--factory-startup", "--free"];
  const named = new Set(readme.match(/(?<![\w-])--[a-z][a-z-]+/g));
  const unknown = [...named].filter(
    (flag) => !known.has(flag) && !node.includes(`"${flag}"`) && !others.includes(flag),
  );
  expect(unknown).toEqual([]);
});

test("the exit codes are those of the errors", () => {
  const listed = cellsOf("### Exit codes").flatMap((cell) => cell.split(",").map(Number));
  const source = readFileSync(join(project, "src/core/errors.ts"), "utf8");
  const codes = [...new Set(source.match(/FARM_[A-Z_]+/g))] as FarmErrorCode[];
  const used = new Set(codes.map((code) => new FarmError(code, "", "").exitCode));
  for (const code of [0, 1, ...used, 143]) expect(listed).toContain(code);
  expect(listed.length).toBe(new Set([0, 1, ...used, 143]).size);
});

test("the farmspec in the README is valid", async () => {
  const { parseFarmspec } = await import("../../src/config/farmspec.ts");
  const shown = /^```json\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? "";
  expect(parseFarmspec(shown, "README.md").nodes.length).toBeGreaterThan(0);
});

const docs = readdirSync(join(project, "docs"), { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".md"),
);

test.each(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...docs.map((name) => `docs/${name}`)])(
  "the links in %s lead somewhere",
  (file) => {
    const text = readFileSync(join(project, file), "utf8");
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
    const local = links.filter((link) => !/^(https?:|mailto:|#)/.test(link)).map((link) => link.split("#")[0] ?? "");
    expect(local.filter((link) => !existsSync(join(project, dirname(file), link)))).toEqual([]);
  },
);
