import { Command, Option } from "commander";
import { type OptionName, optionEntries, ownCommand, withoutControls } from "../index.ts";
import { addFlags, addRenderFlags } from "./render-flags.ts";
import { closest } from "./suggestion.ts";
import { wrappedFor } from "./wrap.ts";

export const commandNames = ["check", "nodes", "node", "invite", "farmspec", "key", "doctor", "encode", "report"];

/** The render options that `encode` takes too, with another help text where they mean something else there. */
const encodeFlags = {
  output: "the video or the pictures to write (default: the job's own)",
  crf: undefined,
  codec: undefined,
  poster: undefined,
  overwrite: undefined,
  ffmpeg: undefined,
  allowSleep: "let this machine sleep meanwhile",
  json: undefined,
  passes: undefined,
} satisfies Partial<Record<OptionName, string | undefined>>;

const overrideFlags: { readonly [Name in OptionName]?: undefined } = Object.fromEntries(
  optionEntries.flatMap(([name, { group }]) => (group === "How to render" ? [[name, undefined]] : [])),
);

/** The render options that `check` takes too: those that decide what comes before the first frame. */
const checkFlags = {
  ...overrideFlags,
  ...{ blend: undefined, frames: undefined, scene: undefined, allowScripts: undefined, assetRoot: undefined },
  ...{ addons: undefined, format: undefined, depth: undefined, passes: undefined },
  missing: "what is an error if files that the scene uses are missing: fail, or warn",
  ...{
    nodes: undefined,
    tlsCa: undefined,
    farmspec: undefined,
    local: "check on this machine alone",
    blender: undefined,
  },
  ...{ blenderVersion: undefined, mixVersions: undefined, wait: undefined, keyFile: undefined },
  ...{ jobDir: "put temporary files into this folder (default: the system's)", json: "one JSON object on stdout" },
} satisfies Partial<Record<OptionName, string | undefined>>;

/** What the user typed for a render; nothing is checked yet. */
export interface TypedRender {
  readonly blend: string | undefined;
  readonly options: Record<string, unknown>;
}

type Options = Record<string, string & boolean>;

/** The function behind each command. It resolves to an exit code. */
export interface Commands {
  render(typed: TypedRender): Promise<number>;
  check(blend: string | undefined, options: Record<string, unknown>): Promise<number>;
  nodes(options: Options): Promise<number>;
  node(typed: readonly string[]): Promise<number>;
  invite(options: Options): Promise<number>;
  farmspec(options: Options): Promise<number>;
  showKey(options: Options): Promise<number>;
  makeKey(options: Options): Promise<number>;
  setKey(options: Options): Promise<number>;
  doctor(options: Options): Promise<number>;
  report(folder: string, options: Options): Promise<number>;
  encode(folder: string, options: Record<string, unknown>): Promise<number>;
}

/**
 * Makes the command line, in commander. Flags have no defaults here: a default would hide the value from a farmspec.
 *
 * @param onExit Called with the exit code of the command that ran
 */
export function makeProgram(version: string, commands: Commands, onExit: (exitCode: number) => void): Command {
  const run =
    <T extends unknown[]>(command: (...args: T) => Promise<number>) =>
    async (...args: T) =>
      onExit(await command(...args));
  const program = new Command("renderfarm")
    .description("Renders a Blender animation on every machine in the room, and makes the video or the pictures")
    .version(version, "-V, --version", "Show the version")
    .helpOption("-h, --help", "Show this help")
    .showSuggestionAfterError()
    .showHelpAfterError(`(${ownCommand()} --help lists all flags)`)
    .enablePositionalOptions()
    .argument("[blendfile]", "the blendfile to render, as with --blend")
    .allowExcessArguments() // refused below, with the command that was probably meant
    .helpCommand("help [command]", "show the help of a command")
    .configureOutput({ writeErr: (text) => process.stderr.write(wrappedFor(process.stderr, withoutControls(text))) }) // it quotes what was typed
    .exitOverride();
  addRenderFlags(program);
  program.action((blend: string | undefined, options: Record<string, unknown>) => {
    refuseExcess(program, 1);
    return run(commands.render)({ blend, options });
  });

  const add = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .helpOption("-h, --help", "Show this help")
      .allowExcessArguments(false);
  const json = () => new Option("--json", "one JSON object per line on stdout");
  const keyFile = () => new Option("-k, --key-file <file>", "file with the farm key");

  const check = add("check", "show the files that a render would send, and what would go wrong; render nothing")
    .argument("[blendfile]", "the blendfile, as with --blend")
    .option("--deep", "play the scene, and jump to its frames: does their order matter?")
    .action(run((blend: string | undefined, options: Record<string, unknown>) => commands.check(blend, options)));
  addFlags(check, checkFlags);
  add("nodes", "list the nodes on the network").addOption(json()).addOption(keyFile()).action(run(commands.nodes));
  program
    .command("node")
    .description("make this machine a node, until Ctrl-C; 'renderfarm node --help' lists the node's own flags")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .argument("[flags...]", "flags of the node")
    .action(run((flags: string[]) => commands.node(flags)));
  add("invite", "let another machine into this farm, by the code that it shows")
    .addOption(keyFile())
    .action(run(commands.invite));
  add("farmspec", "write a farmspec of the nodes on the network")
    .option("-o, --output <file>", "the file to write, - for standard output (default: farmspec.json)")
    .option("--overwrite", "replace the file if it exists")
    .action(run(commands.farmspec));

  const key = add("key", "the farm key of this machine").allowExcessArguments();
  const addKey = (name: string, description: string) =>
    key.command(name).description(description).helpOption("-h, --help", "Show this help").allowExcessArguments(false);
  addKey("show", "show which key this machine has")
    .option("--reveal", "show the key itself")
    .addOption(keyFile())
    .action(run(commands.showKey));
  addKey("make", "make a new key").option("--replace", "even if this machine has one").action(run(commands.makeKey));
  addKey("set", "enter the key of another machine, at the keyboard or on standard input")
    .option("--replace", "even if this machine has one")
    .action(run(commands.setKey));
  key.action(() => {
    refuseExcess(key, 0);
    return run(commands.showKey)({});
  });

  add("doctor", "find problems of this machine and its network, and suggest fixes")
    .addOption(json())
    .addOption(keyFile())
    .option("--ffmpeg <file>", "the FFmpeg to examine")
    .option("--blender <file>", "the Blender to examine")
    .action(run(commands.doctor));
  const encode = add("encode", "make the video or the pictures of a job folder from its frames, without rendering")
    .argument("<folder>", "the job folder, <output>.renderfarm, or that output")
    .action(run((folder: string, options: Record<string, unknown>) => commands.encode(folder, options)));
  addFlags(encode, encodeFlags);
  add("report", "report on a job folder: nodes, frames, failures, where the time went")
    .argument("<folder>", "the job folder, <output>.renderfarm, or that output")
    .addOption(json())
    .action(run((folder: string, options: Options) => commands.report(folder, options)));
  return program;
}

/** Refuses surplus arguments. The first one is often a mistyped command. */
function refuseExcess(command: Command, most: number): void {
  const [first] = command.args;
  if (first === undefined || command.args.length <= most) return;
  const names = command.commands.map((known) => known.name());
  const meant = closest(first, names);
  if (meant !== undefined) command.error(`error: unknown command '${first}'\n(Did you mean ${meant}?)`);
  command.error(`error: too many arguments: ${command.args.length} instead of ${most}`);
}
