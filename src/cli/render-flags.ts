import { type Command, Option } from "commander";

/** The flags of a render, in the groups in which the help shows them. */
export function addRenderFlags(program: Command): void {
  program.optionsGroup("What to render:");
  program
    .option("-b, --blend <file>", "the blendfile to render")
    .option("-o, --output <file>", "a video (.mp4 .mkv .webm .mov .gif), or pictures (frame_####.png, or a folder)")
    .option("-f, --frames <list>", 'frames, for example "1-24,30,40-60x2,-10--1" (default: the scene\'s range)')
    .option("-s, --scene <name>", "scene to render (default: the one the file was saved in)")
    .option("--allow-scripts", "let scripts in the blendfile run, on nodes that allow it too")
    .addOption(
      new Option("--missing <what>", "what to do when files the scene uses are not there").choices(["fail", "warn"]),
    );

  program.optionsGroup("Where to render:");
  program
    .option("-n, --nodes <list>", "host:port of each node, with commas; no others take part then")
    .option("--farmspec <file>", "the farm, written down (default: farmspec.json, if it is there)")
    .option("--no-save-farmspec", "do not write a farmspec.json of the nodes that were found")
    .option("-l, --local", "render on this machine alone")
    .option("--slots <number>", "Blenders at once on this machine, when it renders (default: 1)")
    .option("--blender <file>", "the Blender of this machine (default: $BLENDER, then PATH)")
    .option("--blender-version <version>", "render with this version, 3.4 or 3.4.1 (default: that of most nodes)")
    .option("--mix-versions", "let nodes with different Blenders take part: their pixels differ")
    .option("--allow-sleep", "let this machine fall asleep while the job runs (default: it is kept awake)")
    .option("--wait <duration>", "give up when no node is there for this long, 90s, 30m or 1h30m (default: never)")
    .addOption(
      new Option("--order <order>", "order in which frames are handed out").choices([
        "sequential",
        "reverse",
        "spread",
      ]),
    )
    .option("--tls-ca <file>", "authorities that sign the nodes' certificates (default: each node's own is remembered)")
    .option("-k, --key-file <file>", "file with the farm key (default: $RENDERFARM_KEY, then the config folder)");

  program.optionsGroup("The output:");
  program
    .option("--fps <rate>", "frames per second, 24 or 30000/1001 (default: the scene's)")
    .option("--codec <codec>", "h264, hevc, av1, vp9, prores or ffv1 (default: by the output's extension)")
    .option("--crf <number>", "quality, lower is better (default: the codec's)")
    .option("--poster <file>", "also keep the first frame as a picture")
    .option("--fresh", "render all frames again; those of an earlier run are kept aside")
    .option("--keep-frames", "keep the frames when the output is done")
    .option("--overwrite", "replace the output when it is there")
    .option(
      "--job-dir <folder>",
      "make the job folder in this one (default: $RENDERFARM_JOB_DIR, then beside the output)",
    )
    .option("--ffmpeg <file>", "the FFmpeg to encode with (default: $FFMPEG_PATH, then PATH)");

  program.optionsGroup("How to tell:");
  program
    .option("-y, --yes", "ask nothing")
    .option("--json", "tell everything as one JSON object per line on stdout")
    .option("--plain", "lines instead of the live view")
    .addOption(
      new Option("--log-level <level>", "log on stderr from this level on (default: warn)").choices([
        ...["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      ]),
    );
}
