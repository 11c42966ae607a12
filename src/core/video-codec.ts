export type VideoCodec = "h264" | "hevc" | "av1" | "vp9" | "prores" | "ffv1";
