import { hostname, userInfo } from "node:os";
import { basename } from "node:path";
import type { JobSettings } from "../../config/job-settings.ts";
import { printable, shorten } from "../../core/text.ts";

/** How others see a job: on the consoles of its nodes, where it keeps a node busy, and in reports. */
export interface JobTitle {
  /** What is rendered. */
  readonly name: string;
  /** Who has it rendered. */
  readonly owner: string;
  /** The owner and the machine, as "anna@attic". */
  readonly holder: string;
}

const longestLabel = 100;
/** See docs/protocol.md. */
const longestHolder = 256;

/** What others are told about a job, in printable texts: names of files and users may hold anything. */
export function titleOf({ blend, name, owner }: Pick<JobSettings, "blend" | "name" | "owner">): JobTitle {
  const [job, user] = [name ?? basename(blend).replace(/\.blend$/i, ""), owner ?? userName()].map((text) =>
    shorten(printable(text), longestLabel),
  ) as [string, string];
  return { name: job, owner: user, holder: shorten(`${user}@${printable(hostname())}`, longestHolder) };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? ""}`.trim(); // the user has no name, as in many containers
  }
}
