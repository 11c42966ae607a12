/** The formats in which pictures can be written, by their names in the protocol and in `--format`. */
export const pictureFormats = ["png", "exr", "exr-multilayer", "jpeg", "tiff", "webp"] as const;

export type PictureFormat = (typeof pictureFormats)[number];

/** Bits per channel. */
export type PictureDepth = 8 | 16 | 32;

interface FormatTraits {
  /** Extensions with the dot, in lower case; the first one is Blender's. */
  readonly extensions: readonly [string, ...string[]];
  readonly depths: readonly PictureDepth[];
  /** What people call it. */
  readonly name: string;
}

const traits: Readonly<Record<PictureFormat, FormatTraits>> = {
  png: { extensions: [".png"], depths: [8, 16], name: "PNG" },
  exr: { extensions: [".exr"], depths: [16, 32], name: "OpenEXR" },
  "exr-multilayer": { extensions: [".exr"], depths: [16, 32], name: "OpenEXR MultiLayer" },
  jpeg: { extensions: [".jpg", ".jpeg"], depths: [8], name: "JPEG" },
  tiff: { extensions: [".tif", ".tiff"], depths: [8, 16], name: "TIFF" },
  webp: { extensions: [".webp"], depths: [8], name: "WebP" },
};

/** The extension that Blender gives to such a picture. */
export function extensionOf(format: PictureFormat): string {
  return traits[format].extensions[0];
}

/** The formats of pictures with this extension, in lower case and with the dot; none if it is no picture's. */
export function formatsWith(extension: string): readonly PictureFormat[] {
  return pictureFormats.filter((format) => traits[format].extensions.includes(extension));
}

/** The depths that such a picture can have. */
export function depthsOf(format: PictureFormat): readonly PictureDepth[] {
  return traits[format].depths;
}

/** What people call the format. */
export function nameOfFormat(format: PictureFormat): string {
  return traits[format].name;
}
