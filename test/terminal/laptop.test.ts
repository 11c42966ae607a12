import { execa } from "execa";
import { expect, test } from "vitest";
import { blenderPath } from "../support/blender.ts";
import { farmLabProblem, skipBecause } from "../support/lab/lab.ts";
import { NetworkLab } from "../support/lab/network-lab.ts";
import { codecsIn } from "../support/sound.ts";
import { TerminalLab } from "../support/terminal/terminal-lab.ts";
import { noTmux, TmuxTerminal } from "../support/terminal/tmux.ts";

const problem = noTmux ?? farmLabProblem;

/** With a click of sound, so that the video is one as people have it. */
const recipe = `
import bpy, math, struct, wave
scene = bpy.context.scene
scene.frame_start, scene.frame_end = 1, 12
scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
scene.render.resolution_x = scene.render.resolution_y = 32
with wave.open(bpy.path.abspath("//click.wav"), "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(48000)
    file.writeframes(struct.pack("<48000h", *(int(9000 * math.sin(number)) for number in range(48000))))
scene.sequence_editor_create().sequences.new_sound("click", bpy.path.abspath("//click.wav"), 1, 1).sound.filepath = "//click.wav"
bpy.ops.wm.save_mainfile()
`;

test.skipIf(skipBecause(problem))(
  "an artist with one laptop types a word, answers three questions with Enter, and has a video with sound",
  async () => {
    await using network = await NetworkLab.open("laptop");
    await using lab = await TerminalLab.open();
    lab.on = network.on("laptop");
    await using terminal = await TmuxTerminal.open({ columns: 80, rows: 24 });
    const blend = lab.path("duck.blend");
    const save = `import bpy; bpy.ops.wm.save_as_mainfile(filepath='${blend}'); exec(${JSON.stringify(recipe)})`;
    const quiet = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"];
    await execa(blenderPath ?? "blender", [...quiet, "--python-expr", save]);

    await lab.type(terminal, []);
    for (const question of [/^\? Blendfile/m, /^\? Output .*duck\.mp4/m, /^\? Frames .*1-12/m]) {
      await terminal.until(String(question), (screen) => question.test(screen));
      await terminal.press("Enter");
    }

    expect(await lab.ended(terminal)).toBe(0);
    const said = await terminal.screen(true);
    expect(said).toMatch(/No node found: this machine will render by itself/);
    expect(said).toMatch(/12 frames/);
    expect(said.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(await codecsIn(lab.path("duck.mp4"))).toEqual(["h264", "aac"]);
    expect(await lab.leftovers()).toEqual({ processes: [], files: [] });
  },
);
