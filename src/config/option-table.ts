import { flagOf, optionEntries } from "./options.ts";

/** The README's table of options, in Markdown: one row per option, in their order. */
export function optionTable(): string {
  const rows = optionEntries.map(([name, { short, takes, help, readme = help }]) => {
    const shown = takes?.slice(1, -1).toUpperCase();
    const flag = `${flagOf(name)}${shown === undefined ? "" : ` ${shown}`}`;
    return `| ${short === undefined ? "" : `\`-${short}\`, `}\`${flag}\` | ${readme} |`;
  });
  return ["| flag | meaning |", "|---|---|", ...rows].join("\n");
}
