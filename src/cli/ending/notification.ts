import { counted, type DesktopNotification, type FarmEvent, formatDuration, printable } from "../../index.ts";
import { estimateText } from "../texts/estimate-text.ts";

/** The event that says how a job has ended. */
export type JobEnding = Extract<
  FarmEvent,
  { type: "job:completed" | "job:interrupted" | "job:estimated" | "job:failed" }
>;

/** Desktops show two or three lines. */
const longestText = 200;

/** How a job has ended, in a few words. */
export function notificationOf(ending: JobEnding): DesktopNotification {
  switch (ending.type) {
    case "job:completed": {
      const { frames, seconds, output } = ending;
      const name = output.split(/[\\/]/).findLast((part) => part !== "") ?? output;
      return about("done", `${counted(frames, "frame")} in ${formatDuration(seconds * 1000)}: ${name}`);
    }
    case "job:interrupted": {
      const rest = ending.missing === null ? "" : ` with ${counted(ending.missing, "frame")} to go`;
      return about("stopped", `The job has stopped${rest}`);
    }
    case "job:estimated":
      return about("estimated", estimateText(ending));
    case "job:failed":
      return about("failed", ending.message);
  }
}

function about(how: string, text: string): DesktopNotification {
  const line = printable(text.replace(/\s*\n\s*/g, " "));
  return {
    title: `renderfarm: ${how}`,
    text: line.length > longestText ? `${line.slice(0, longestText - 1)}…` : line,
  };
}
