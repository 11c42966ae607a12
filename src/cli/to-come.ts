import { counted, formatBytes, formatDuration, type Sent } from "../index.ts";

/** What is still to come to a node, for example "212 files, 1.2 GB to come, 80 MB/s, 15 s". */
export function toCome({ haveBytes, sizeBytes, filesLeft, bytesPerSecond, etaMs }: Sent): string {
  return [
    counted(filesLeft, "file"),
    `${formatBytes(sizeBytes - haveBytes)} to come`,
    ...(bytesPerSecond === null ? [] : [`${formatBytes(bytesPerSecond)}/s`]),
    ...(etaMs === null ? [] : [formatDuration(etaMs)]),
  ].join(", ");
}
