import { Command, Option } from "commander";

/** What the user typed, before anything is checked. */
export interface TypedRender {
  readonly blend: string | undefined;
  readonly options: Record<string, unknown>;
}

/**
 * The command line as commander knows it. Flags have no defaults here: a default would hide what a farmspec says.
 *
 * @param onRender Called with what was typed when a render is asked for
 */
export function makeProgram(version: string, onRender: (typed: TypedRender) => Promise<void>): Command {
  const program = new Command("renderfarm")
    .description("Renders a Blender animation on every machine in the room, and makes the video")
    .version(version, "-V, --version", "Show the version")
    .helpOption("-h, --help", "Show this help")
    .showSuggestionAfterError()
    .showHelpAfterError("(renderfarm --help lists all flags)")
    .argument("[blendfile]", "the blendfile to render, as with --blend")
    .allowExcessArguments(false);

  program.optionsGroup("What to render:");
  program
    .option("-b, --blend <file>", "the blendfile to render")
    .option("-o, --output <file>", "the video to write: .mp4 or .mkv")
    .option("-f, --frames <list>", 'frames, for example "1-24,30,40-60x2,-10--1" (default: the scene\'s range)')
    .option("-s, --scene <name>", "scene to render (default: the one the file was saved in)")
    .option("--fps <rate>", "frames per second, 24 or 30000/1001 (default: the scene's)")
    .addOption(
      new Option("--missing <what>", "what to do when files the scene uses are not there").choices(["fail", "warn"]),
    );

  program.optionsGroup("Where to render:");
  program
    .option("-n, --nodes <list>", "host:port of each node, with commas; nothing is looked for by mDNS then")
    .option("-l, --local", "render on this machine alone")
    .option("--slots <number>", "Blenders at once on this machine, when it renders (default: 1)")
    .option("--blender <file>", "the Blender of this machine (default: $BLENDER, then PATH)")
    .option("--blender-version <version>", "render with this version, 3.4 or 3.4.1 (default: that of most nodes)")
    .option("--mix-versions", "let nodes with different Blenders take part: their pixels differ")
    .addOption(
      new Option("--order <order>", "order in which frames are handed out").choices([
        "sequential",
        "reverse",
        "spread",
      ]),
    )
    .option("-k, --key-file <file>", "file with the farm key (default: $RENDERFARM_KEY, then the config folder)");

  program.optionsGroup("What to leave, and how to tell:");
  program
    .option("--keep-frames", "keep the frames when the video is done")
    .option("--overwrite", "replace the output when it is there")
    .option("-y, --yes", "ask nothing: yes to every question")
    .option("--ffmpeg <file>", "the FFmpeg to encode with (default: $FFMPEG_PATH, then PATH)")
    .option("--json", "tell everything as one JSON object per line on stdout")
    .addOption(
      new Option("--log-level <level>", "log on stderr from this level on (default: warn)").choices([
        ...["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      ]),
    );

  return program.action((blend: string | undefined, options: Record<string, unknown>) => onRender({ blend, options }));
}
