import { FarmError } from "../../core/errors.ts";
import type { NodeInfo } from "../../session/protocol.ts";
import { refuseOlder, refuseWithoutAddons, refuseWithoutPictures } from "./refuse-lacking.ts";
import { chooseVersion, exclusionOf, type VersionCandidate, type VersionRules } from "./version-policy.ts";

interface Waiting {
  readonly candidate: VersionCandidate;
  readonly answer: (exclusion: string | undefined) => void;
}

/**
 * Holds the nodes that are found at the start until the job's Blender version is chosen among them. Later nodes must
 * match it.
 */
export class VersionGate {
  /** Resolves with the chosen version, or `undefined` if no node may render this file. */
  readonly decided: Promise<string | undefined>;
  readonly #rules: VersionRules;
  readonly #waiting: Waiting[] = [];
  #resolveDecided: (version: string | undefined) => void = () => {};
  readonly #exclusions: FarmError[] = [];
  #chosen: string | undefined;
  #isOpen = true;

  constructor(rules: VersionRules) {
    this.#rules = rules;
    this.decided = new Promise((resolve) => {
      this.#resolveDecided = resolve;
    });
  }

  /** How many nodes wait for the choice. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Why nodes were excluded so far. If no node fits, this is the reason why. */
  get exclusions(): readonly FarmError[] {
    return this.#exclusions;
  }

  /**
   * @throws {FarmError} `FARM_NODE_EXCLUDED` if the node does not know an override, cannot write the wanted pictures, or may
   * not enable an add-on
   */
  requireAbilities(info: Pick<NodeInfo, "name" | "software" | "overrides" | "pictures" | "addons">): void {
    refuseOlder(info, this.#rules.overrides);
    if (this.#rules.pictures !== undefined) refuseWithoutPictures(info, this.#rules.pictures);
    refuseWithoutAddons(info, this.#rules.addons);
  }

  /** Waits for the choice if it is still open. @returns Why the node is excluded; `undefined` if it takes part */
  admit(candidate: VersionCandidate): Promise<string | undefined> {
    if (!this.#isOpen) return Promise.resolve(this.#judge(candidate));
    return new Promise((answer) => this.#waiting.push({ candidate, answer }));
  }

  /** All nodes found so far have answered: chooses now. If none fits, the next node that fits sets the version. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#chosen = chooseVersion(
      this.#waiting.map((waiting) => waiting.candidate),
      this.#rules,
    );
    for (const { candidate, answer } of this.#waiting.splice(0)) answer(this.#judge(candidate));
    this.#resolveDecided(this.#chosen);
  }

  /** Why a node with this version may not take part, once the choice is made; `undefined` if it may. */
  exclusionOf(blender: string): string | undefined {
    return exclusionOf({ name: "", blender }, this.#chosen, this.#rules);
  }

  #judge(candidate: VersionCandidate): string | undefined {
    const exclusion = exclusionOf(candidate, this.#chosen, this.#rules);
    if (exclusion === undefined) this.#chosen ??= candidate.blender;
    else this.#exclusions.push(excludedError(candidate, exclusion));
    return exclusion;
  }
}

function excludedError(candidate: VersionCandidate, exclusion: string): FarmError {
  return new FarmError(
    "FARM_NODE_EXCLUDED",
    `Cannot use ${candidate.name}: ${exclusion}`,
    "Start a node with a Blender that may render this file, or change --blender-version",
  );
}
