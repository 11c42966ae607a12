import type { FarmError } from "../../core/errors.ts";
import type { NodeId } from "../../core/node.ts";
import type { Dial } from "../../session/link.ts";
import type { NodeSource, NodeSourceHost } from "../nodes/node-source.ts";
import { EmbeddedNode, type EmbeddedNodeOptions } from "./embedded-node.ts";
import { findBlender } from "./find-blender.ts";

export interface LocalNodeOptions extends EmbeddedNodeOptions {
  readonly dial: Dial;
  /** The Blender to use; `undefined` finds one. */
  readonly blender: string | undefined;
}

/** A node on this machine, which is started for the job and ends with it. */
export class LocalNodeSource implements NodeSource {
  readonly #options: LocalNodeOptions;
  readonly #stop = new AbortController();
  #node: EmbeddedNode | undefined;
  #keepingAlive: Promise<void> = Promise.resolve();

  constructor(options: LocalNodeOptions) {
    this.#options = options;
  }

  /** @throws {FarmError} `FARM_NO_BLENDER`; `FARM_NO_NODE` if the node does not start */
  async look(host: NodeSourceHost, signal: AbortSignal): Promise<void> {
    const { dial, blender, ...options } = this.#options;
    const node = await EmbeddedNode.open(await findBlender(blender, signal), options, signal);
    this.#node = node;
    const add = () => host.add({ sighting: node.sighting, dial, key: node.key, isLocal: true });
    add();
    this.#keepingAlive = node.keepAlive(add, this.#stop.signal).then(
      (reason: FarmError) => host.exclude(node.sighting.id ?? "", reason),
      (error: unknown) => {
        if (!this.#stop.signal.aborted) host.fail(error);
      },
    );
  }

  /** The node's id, once it was added. */
  get id(): NodeId | undefined {
    return this.#node?.sighting.id;
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("The job has ended"));
    await this.#keepingAlive;
    await this.#node?.[Symbol.asyncDispose]();
  }
}
