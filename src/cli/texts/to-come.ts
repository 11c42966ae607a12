import { counted, formatBytes, formatDuration, type Sent } from "../../index.ts";

/** What a node still waits for, for example "212 files, 600 MB at 40 MB/s, renders in 15 s". */
export function toCome({ haveBytes, sizeBytes, filesLeft, bytesPerSecond, etaMs }: Sent): string {
  const speed = bytesPerSecond === null ? "" : ` at ${formatBytes(bytesPerSecond)}/s`;
  const eta = etaMs === null ? "" : `, renders in ${formatDuration(etaMs)}`;
  return `${counted(filesLeft, "file")}, ${formatBytes(sizeBytes - haveBytes)}${speed}${eta}`;
}
