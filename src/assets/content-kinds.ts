/** The kinds of references that docs/protocol.md lists. */
type Kind = string;

const ascii = (text: string, at = 0) => ({ at, bytes: Buffer.from(text, "latin1") });
const hex = (digits: string, at = 0) => ({ at, bytes: Buffer.from(digits, "hex") });

/** First bytes of files, by what they contain. From the formats' specifications and libmagic. */
const signatures: Readonly<Record<string, readonly ReturnType<typeof ascii>[]>> = {
  picture: [
    hex("89504e470d0a1a0a"), // PNG
    hex("ffd8ff"), // JPEG
    hex("762f3101"), // OpenEXR
    ...[hex("49492a00"), hex("4d4d002a"), hex("49492b00"), hex("4d4d002b")], // TIFF, BigTIFF
    ...[
      ascii("BM"),
      ascii("#?RADIANCE"),
      ascii("#?RGBE"),
      ascii("WEBP", 8),
      ascii("DDS "),
      ascii("8BPS"),
      ascii("GIF8"),
    ],
    ...[hex("0000000c6a502020"), hex("ff4fff51")], // JPEG 2000
    ...[hex("802a5fd7"), hex("d75f2a80"), ascii("SDPX"), ascii("XPDS")], // Cineon, DPX
    hex("01da"), // SGI
  ],
  movie: [
    ...[ascii("ftyp", 4), ascii("moov", 4), ascii("mdat", 4), ascii("wide", 4), ascii("free", 4)], // MP4, QuickTime
    ...[hex("1a45dfa3"), ascii("AVI ", 8), ascii("FLV"), ascii("OggS"), ascii(".RMF")],
    ...[hex("000001ba"), hex("000001b3"), hex("3026b2758e66cf11"), hex("060e2b34"), hex("47")], // MPEG, ASF, MXF, MPEG-TS
  ],
  sound: [
    ...[ascii("WAVE", 8), ascii("fLaC"), ascii("OggS"), ascii("ID3"), ascii("FORM"), ascii(".snd"), ascii("ftyp", 4)],
    ...[hex("fffb"), hex("fff3"), hex("fff2"), hex("fff1"), hex("fff9"), hex("1a45dfa3")], // MPEG audio, AAC, Matroska
  ],
  font: [
    ...[
      hex("00010000"),
      ascii("OTTO"),
      ascii("true"),
      ascii("ttcf"),
      ascii("wOFF"),
      ascii("wOF2"),
      ascii("%!"),
      hex("8001"),
    ],
  ],
  blend: [ascii("BLENDER"), hex("1f8b"), hex("28b52ffd")],
  geometry: [ascii("Ogawa"), hex("894844460d0a1a0a"), ascii("PXR-USDC"), ascii("#usda"), hex("504b0304")],
  volume: [ascii(" BDV")],
  simulation: [ascii("BPHYSICS"), hex("1f8b08")], // point caches; fluids, compressed by gzip
  "mesh cache": [ascii("POINTCACHE2")],
  light: [ascii("IESNA")],
  multires: [ascii("BCDF")],
  shader: [ascii("OpenShadingLanguage")], // compiled; the text that it is compiled from has no signature
};

const contentsOf: Readonly<Record<Kind, readonly string[]>> = {
  image: ["picture", "movie"],
  strip: ["picture", "movie"],
  movie: ["movie", "picture"],
  sound: ["sound", "movie"],
  font: ["font"],
  library: ["blend"],
  cache: ["geometry"],
  volume: ["volume"],
  light: ["light"],
  multires: ["multires"],
  ocean: ["picture"],
  simulation: ["simulation", "volume"],
  "mesh-cache": ["mesh cache"],
  shader: ["shader"],
};

/** Files of an OpenColorIO configuration: the configuration itself, and look-up tables in the formats that it reads. */
export const colorFile =
  /\.(ocioz?|spi1d|spi3d|spimtx|cube|3dl|csp|ccc?|cdl|clf|ctf|icc|icm|lut|mga|m3d|cub|vf|hdl|itx|look)$/i;

/** Formats without a signature, by path. */
const unsigned: Readonly<Record<Kind, RegExp>> = {
  colors: colorFile,
  image: /\.tga$/i,
  strip: /\.tga$/i,
  ocean: /\.tga$/i,
  "mesh-cache": /\.mdd$/i,
  simulation: /(^|\/)(meta\/[^/]*\.json|blobs\/[^/]*\.blob)$/, // baked geometry nodes
};

/**
 * Whether the start of a file is of the kind that a reference needs. So a blendfile cannot have a key or a password file
 * sent by calling it a texture.
 *
 * @param head The first 16 bytes or more
 */
export function isOfKind(kind: Kind, path: string, head: Buffer): boolean {
  if (unsigned[kind]?.test(path)) return true;
  const known = (contentsOf[kind] ?? []).flatMap((content) => signatures[content] ?? []);
  return known.some(({ at, bytes }) => head.subarray(at, at + bytes.length).equals(bytes));
}
