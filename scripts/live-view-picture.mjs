/**
 * Draws docs/live-view.svg, the README's picture, with the program's own view:
 * `npm run build && node scripts/live-view-picture.mjs`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { widthOf } from "../dist/cli/display-width.js";
import { viewLines } from "../dist/cli/live/render-view.js";
import { viewStateOf } from "../dist/cli/live/view-reducer.js";
import { emptyView } from "../dist/cli/live/view-state.js";
import { projectFolder } from "./setup/tools.mjs";

const columns = 100;
const cell = { width: 8.4, height: 19 };
const margin = 20;
const colors = {
  plain: "#d8dee9",
  strong: "#ffffff",
  faint: "#7b8494",
  accent: "#7cc7ff",
  rendering: "#f2c55c",
  stored: "#5ab6c9",
  encoded: "#7fc97f",
  warning: "#f2c55c",
  error: "#f07178",
};
/** Height, as a share of a cell, and opacity of these characters: drawn as boxes, since fonts differ too much. */
const blocks = { "█": [1, 1], "▓": [1, 0.75], "▒": [1, 0.9], "░": [1, 0.3], "━": [0.18, 1], "─": [0.07, 0.7] };

const slots = /** @type {const} */ ([
  ["workstation", 62, 0.81, 11.2],
  ["workstation", 63, 0.34, 11.2],
  ["macbook-ada", 58, 0.66, 19.4],
  ["render-01", 64, 0.12, 8.1],
  ["render-02", 61, 0.93, 8.4],
]);

/** A job that is about half done: five slots on four nodes, and a fifth node that is receiving the blendfile. */
function sampleView() {
  let view = emptyView(0);
  const nowMs = 132_000;
  const apply = (/** @type {any} */ event, atMs = 0) => {
    view = viewStateOf(view, event, atMs);
  };
  apply({ type: "job:started", blend: "/films/meadow.blend", output: "/films/meadow.mp4", folder: "", makes: "video" });
  const seen = new Map();
  for (const [name] of slots) seen.set(name, (seen.get(name) ?? 0) + 1);
  for (const [name, count] of seen) {
    apply({ type: "node:found", node: name, name, address: "", blender: "4.3.2", slots: count });
    apply({ type: "node:joined", node: name, name, blender: "4.3.2" });
  }
  const scene = { scene: "Meadow", frames: 120, range: "1-120", firstFrame: 1, lastFrame: 120 };
  apply({ type: "scene:read", ...scene, fps: "24", width: 1920, height: 1080, engine: "CYCLES" });
  for (let frame = 1; frame <= 60; frame++) {
    if (frame === 58) continue;
    const index = frame % slots.length;
    const [name, , , seconds] = slots[index] ?? slots[0];
    const about = { node: name, name, frame, slot: index === 1 ? 1 : 0 };
    apply({ type: "frame:started", ...about }, nowMs - 40_000);
    apply({ type: "frame:stored", ...about, seconds, stored: frame, total: 120 }, nowMs - 30_000);
  }
  for (const [index, [name, frame, fraction, seconds]] of slots.entries()) {
    const about = { node: name, name, frame, slot: index === 1 ? 1 : 0 };
    apply({ type: "frame:started", ...about }, nowMs - fraction * seconds * 1000);
    apply({ type: "frame:progressed", ...about, fraction }, nowMs);
  }
  const sent = { haveBytes: 8e8, sizeBytes: 14e8, filesLeft: 212, bytesPerSecond: 6e7, etaMs: 10_000 };
  const late = { node: "laptop-kim", name: "laptop-kim" };
  apply({ type: "node:found", ...late, address: "", blender: "4.3.2", slots: 1 });
  apply({ type: "node:uploading", ...late, ...sent });
  apply(
    {
      type: "job:progressed",
      stored: 59,
      total: 120,
      nodes: 4,
      running: 5,
      encoded: 57,
      etaMs: 128_000,
      etaRangeMs: [120_000, 136_000],
    },
    nowMs,
  );
  return viewLines(view, { columns, rows: 24, hasColor: true, hasUnicode: true, atMs: nowMs });
}

const round = (/** @type {number} */ value) => Math.round(value * 100) / 100;
const escaped = (/** @type {string} */ text) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * @param {import("../dist/cli/live/line.js").Line} line
 * @param {number} row
 */
function svgOf(line, row) {
  const top = margin + row * cell.height;
  const parts = [];
  let column = 0;
  for (const { text, tone } of line) {
    for (const piece of text.match(/([█▓▒░━─])\1*|[^█▓▒░━─]+/g) ?? []) {
      const x = round(margin + column * cell.width);
      const width = round(widthOf(piece) * cell.width);
      const block = blocks[/** @type {keyof typeof blocks} */ (piece[0])];
      column += widthOf(piece);
      if (piece.trim() === "") continue;
      const color = colors[tone];
      if (!block) {
        const shown = escaped(piece);
        parts.push(
          `<text x="${x}" y="${round(top + 14)}" fill="${color}" textLength="${width}" xml:space="preserve">${shown}</text>`,
        );
        continue;
      }
      const [share, opacity] = block;
      const height = round(share * (cell.height - 3));
      const y = round(top + (cell.height - height) / 2);
      const gap = share === 1 ? 1 : 0;
      for (let index = 0; index < (gap ? widthOf(piece) : 1); index++) {
        const left = round(x + index * cell.width);
        const wide = gap ? round(cell.width - gap) : width;
        parts.push(
          `<rect x="${left}" y="${y}" width="${wide}" height="${height}" fill="${color}" opacity="${opacity}"/>`,
        );
      }
    }
  }
  return parts.join("");
}

const lines = sampleView();
const width = round(columns * cell.width + 2 * margin);
const height = lines.length * cell.height + 2 * margin;
const font = 'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14"';
const svg = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${font}>`,
  "<title>renderfarm while it renders: a row for each slot, a cell for each frame, and how long the rest takes</title>",
  `<rect width="${width}" height="${height}" rx="10" fill="#1d2128"/>`,
  ...lines.map(svgOf).filter((line) => line !== ""),
  "</svg>",
];
writeFileSync(join(projectFolder, "docs/live-view.svg"), `${svg.join("\n")}\n`);
