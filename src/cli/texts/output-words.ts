import { counted, type JobSummary, type OutputKind, printable } from "../../index.ts";

/** The words for what happens to the frames, by what the job makes of them. */
interface OutputWords {
  /** What is true of each frame in the end. */
  readonly isDone: string;
  /** A frame that is in the output. */
  readonly encoded: string;
  readonly finishing: string;
  /** What waits if the output cannot be written while frames arrive. */
  readonly writing: string;
  readonly postponed: string;
}

const words: Readonly<Record<OutputKind, OutputWords>> = {
  video: {
    ...{ isDone: "in the video", encoded: "encoded", finishing: "finishing the video" },
    ...{ writing: "Encoding", postponed: "encoding postponed" },
  },
  pictures: {
    ...{ isDone: "in place", encoded: "written", finishing: "finishing the pictures" },
    ...{ writing: "Writing the pictures", postponed: "writing postponed" },
  },
};

/** Before it is known what the job makes, and for `encode`. */
const eitherWords: OutputWords = {
  ...{ isDone: "in the output", encoded: "in the output", finishing: "finishing the output" },
  ...{ writing: "Writing the output", postponed: "writing postponed" },
};

/** @param makes `undefined` if it is not known */
export function outputWords(makes: OutputKind | undefined): OutputWords {
  return makes === undefined ? eitherWords : words[makes];
}

/** Where the pictures of File Output nodes are. */
export function passesText({ folder, files }: NonNullable<JobSummary["passes"]>): string {
  return `${counted(files, "picture")} of File Output nodes in ${printable(folder)}`;
}

/** Where the pictures are that the user wanted beside a video. */
export function picturesText({ folder, files }: NonNullable<JobSummary["pictures"]>): string {
  return `${counted(files, "picture")} of the frames in ${printable(folder)}`;
}
