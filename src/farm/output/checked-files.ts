import type { PlacedFile } from "../../assets/project-contents.ts";
import type { Reference } from "../../session/protocol.ts";

/** A file outside the blendfile, or several that are named by one path, and what a render does with it. */
export interface CheckedFile {
  readonly kind: string;
  /** The data-block that names it; `null` if that is not known. */
  readonly owner: string | null;
  /** As the blendfile has it. */
  readonly path: string;
  /**
   * `sent`: it travels to the nodes. `by-frame`: parts of it do, before the frames that need them. `there`: the node has
   * it at this path. `unneeded`: it is neither seen nor heard. `computed`: it does not exist; Blender computes it as it
   * renders. `missing`: it is not on the node, and is not sent.
   */
  readonly state: "sent" | "by-frame" | "there" | "unneeded" | "computed" | "missing";
  /** Where it is on this machine, the first of several; `null` if it is not sent. */
  readonly foundAt: string | null;
  /** How many files it stands for, and their size in all; 0 if it is not sent. */
  readonly files: number;
  readonly sizeBytes: number;
  /** Why it is missing; `null` if it is not. */
  readonly why: string | null;
}

/** What is known of the files that a job sends. */
export interface SentReferences {
  whyNot(path: string): string | undefined;
  /** Whether files that can only be heard are sent. */
  readonly sendsSound: boolean;
  readonly contents: { readonly later: readonly string[]; filesOf(reference: Reference): readonly PlacedFile[] };
}

/** Those that are missing first. */
export function checkedFiles(references: readonly Reference[], sent: SentReferences): readonly CheckedFile[] {
  const later = new Set(sent.contents.later);
  const order: readonly CheckedFile["state"][] = ["missing", "sent", "by-frame", "there", "computed", "unneeded"];
  return references
    .map((reference) => checkedFile(reference, sent, later))
    .sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
}

function checkedFile(reference: Reference, sent: SentReferences, later: ReadonlySet<string>): CheckedFile {
  const { kind, owner = null, path, missing, visible, audible, computed } = reference;
  const found = sent.contents.filesOf(reference);
  const known = {
    ...{ kind, owner, path },
    foundAt: found[0]?.blob.source ?? found[0]?.blob.path ?? null,
    files: found.length,
    sizeBytes: found.reduce((sum, { blob }) => sum + blob.sizeBytes, 0),
    why: null,
  };
  if (visible === false && !(sent.sendsSound && audible === true)) return { ...known, state: "unneeded" };
  if (missing && computed === true) return { ...known, state: "computed" };
  if (missing) {
    const why = path === "" ? "it is not baked" : (sent.whyNot(path) ?? "it does not exist");
    return { ...known, state: "missing", why };
  }
  if (found.length === 0) return { ...known, state: "there" };
  return { ...known, state: found.some(({ at }) => later.has(at)) ? "by-frame" : "sent" };
}
