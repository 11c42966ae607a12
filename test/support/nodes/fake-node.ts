import { createHash, randomBytes } from "node:crypto";
import { type FarmKey, openKey } from "../../../src/core/farm-key.ts";
import type { Frame, NodeId } from "../../../src/core/node.ts";
import { pictureFormats } from "../../../src/core/pictures/picture-format.ts";
import { type HandshakeTerms, isSameProof, proofOf, sessionKeyOf } from "../../../src/session/handshake.ts";
import type { Link } from "../../../src/session/link.ts";
import { overrides } from "../../../src/session/messages/from-coordinator.ts";
import type {
  FrameResult,
  FromCoordinator,
  FromNode,
  JobOpened,
  Problem,
  SceneInfo,
  SceneSummary,
} from "../../../src/session/protocol.ts";
import { parseFromCoordinator } from "../../../src/session/protocol.ts";
import { Seal } from "../../../src/session/seal.ts";
import { decodePiece, encodePiece, largestPieceBytes } from "../../../src/session/transfer/piece.ts";
import { makePng } from "../png.ts";

/** How a fake node differs from an honest, fast one. Every option may change while it runs. */
export interface FakeNodeOptions {
  id?: NodeId;
  name?: string;
  /** `null` makes it an open node. */
  key?: FarmKey | null;
  blender?: string;
  slots?: number;
  scene?: Partial<SceneSummary>;
  sceneInfo?: Partial<SceneInfo>;
  /** Wrong fields of its challenge. */
  challenge?: Record<string, unknown>;
  /** What it answers to the proof, instead of its own proof. */
  welcome?: (proof: string) => unknown;
  /** It answers every heartbeat, so that it may stay without other messages for long. */
  isLively?: boolean;
  /** After this message of the coordinator it sends nothing more, but does not hang up. */
  silentAfter?: "hello" | "prove";
  hangsUpAfter?: "connection" | "hello" | "prove";
  /** Wrong fields of its node-info. */
  info?: Record<string, unknown>;
  /** Called with each message of the coordinator; `true` means that the message was handled or is to be ignored. */
  onMessage?: (message: FromCoordinator, conversation: FakeConversation) => boolean | undefined;
  /** What it sends instead of a message: nothing, another one, or several. */
  say?: (message: FromNode) => readonly FromNode[];
  /** Awaited before a frame is done: a test can hold a frame back as long as it wants. */
  beforeFrame?: (frame: Frame, attempt: number) => Promise<void> | void;
  /** The picture of a frame; the honest one by default. */
  picture?: (frame: Frame, honest: Buffer) => Buffer;
  /** The files that it has beside a frame's PNG (default: it lists none). */
  pictures?: (frame: Frame) => readonly FakePicture[];
  /** What it claims about a result; fields not given here are true. */
  claim?: (result: FrameResult) => Partial<FrameResult>;
  /** Error with which a frame fails, if it does. */
  fails?: (frame: Frame) => Partial<Problem> | undefined;
  /** Awaited before the blendfile is open. */
  beforeLoad?: () => Promise<void>;
  /** Error with which loading fails, if it does. */
  loadFails?: Partial<Problem>;
  /** The coordinator that is using it already. */
  busyWith?: string | undefined;
  /** Why it rejects a blob. */
  rejectsBlob?: "DIGEST_MISMATCH" | "DISK_FULL" | "TOO_LARGE" | "WRITE_FAILED";
}

/** A picture beside a PNG: a view by its number, or what a File Output node has written, by its name. */
export interface FakePicture {
  readonly of: number | string;
  readonly bytes: Buffer;
}

interface FakeSlot {
  running: { frame: Frame; attempt: number } | undefined;
  assigned: { frame: Frame; attempt: number } | undefined;
}

interface FakeResult {
  readonly result: FrameResult;
  readonly bytes: Buffer;
  readonly pictures: readonly FakePicture[];
}

interface FakeJob {
  readonly id: string;
  readonly slots: FakeSlot[];
  readonly results: Map<number, FakeResult>;
  isLoaded: boolean;
}

/** A small node that speaks the real protocol and makes its pictures in memory. It keeps its job over lost links. */
export class FakeNode {
  readonly id: NodeId;
  start = randomBytes(8).toString("hex");
  readonly options: FakeNodeOptions;
  /** Blobs it has, whole or in part, by digest. */
  readonly blobs = new Map<string, Buffer>();
  /** Messages of the coordinator, without heartbeats. */
  readonly heard: FromCoordinator[] = [];
  /** Frames it has rendered, in order. */
  readonly rendered: Frame[] = [];
  /** Of its frames, as the job asks. */
  scale = 1;
  conversation: FakeConversation | undefined;
  job: FakeJob | undefined;
  links = 0;

  constructor(options: FakeNodeOptions = {}) {
    this.options = options;
    this.id = options.id ?? randomBytes(16).toString("hex");
  }

  get sceneInfo(): SceneInfo {
    const scene: SceneSummary = {
      ...{ name: "Scene", frameStart: 1, frameEnd: 4, frameStep: 1, fps: 24, fpsBase: 1, width: 32, height: 24 },
      ...{ engine: "CYCLES", camera: "Camera", cameras: ["Camera"], sequencer: false, depth: 8, colorMode: "RGBA" },
      ...{ transparent: false, views: [] },
      ...this.options.scene,
    };
    const [width, height] = [scene.width, scene.height].map((size) => Math.floor(size * this.scale)) as [
      number,
      number,
    ];
    const scenes = [{ ...scene, width, height }];
    return {
      ...{ activeScene: scene.name, scene: scene.name, savedBy: "3.4", scenes, references: [], device: "CPU" },
      ...{ files: null, simulations: [] },
      ...this.options.sceneInfo,
    };
  }

  /** Speaks with the other end until the link ends. */
  async serve(link: Link): Promise<void> {
    this.links += 1;
    if (this.options.hangsUpAfter === "connection") return await link.close(1001, "");
    const sessionKey = await this.#greet(link);
    if (sessionKey === undefined) return;
    const conversation = new FakeConversation(this, link, sessionKey);
    await this.conversation?.link.close(1012, "replaced");
    this.conversation = conversation;
    await conversation.run();
    if (this.conversation === conversation) this.conversation = undefined;
  }

  async #greet(link: Link): Promise<Buffer | undefined> {
    const { options } = this;
    const key = options.key === null ? openKey : (options.key ?? openKey);
    const messages = link.messages[Symbol.asyncIterator]();
    const next = async () => JSON.parse(String((await messages.next()).value ?? "{}")) as Record<string, string>;
    const hello = await next();
    if (hello.type !== "hello" || options.silentAfter === "hello") return undefined;
    if (options.hangsUpAfter === "hello") return void (await link.close(1001, ""));
    const nodeNonce = randomBytes(32);
    const challenge = {
      ...{ type: "challenge", protocol: 1, node: this.id, nonce: nodeNonce.toString("hex") },
      keyId: key === openKey ? null : key.id,
      ...options.challenge,
    };
    await link.send(JSON.stringify(challenge));
    const terms: HandshakeTerms = {
      ...{ protocol: 1, node: challenge.node, nodeNonce, tlsFingerprint: link.tlsFingerprint },
      coordinatorNonce: Buffer.from(String(hello.nonce), "hex"),
    };
    const prove = await next();
    if (prove.type !== "prove" || options.silentAfter === "prove") return undefined;
    if (options.hangsUpAfter === "prove") return void (await link.close(1001, ""));
    if (!isSameProof(proofOf("coordinator", key, terms), Buffer.from(String(prove.proof), "hex"))) {
      await link.send(JSON.stringify({ type: "error", code: "WRONG_KEY", message: "another key" }));
      return void (await link.close(1008, "wrong key"));
    }
    const proof = proofOf("node", key, terms).toString("hex");
    await link.send(JSON.stringify(options.welcome?.(proof) ?? { type: "welcome", proof }));
    return sessionKeyOf(key, terms);
  }
}

/** A fake node's side of one link, after the handshake. */
export class FakeConversation {
  readonly node: FakeNode;
  readonly link: Link;
  readonly #incoming: Seal;
  readonly #outgoing: Seal;
  readonly #bundles = new Map<number, readonly { sha256: string; sizeBytes: number }[]>();
  readonly #uploads = new Map<number, { sha256: string; sizeBytes: number }>();

  constructor(node: FakeNode, link: Link, sessionKey: Buffer) {
    this.node = node;
    this.link = link;
    this.#incoming = new Seal(sessionKey, "to-node");
    this.#outgoing = new Seal(sessionKey, "to-coordinator");
  }

  async run(): Promise<void> {
    const { options, id } = this.node;
    await this.send({
      ...{ type: "node-info", node: id, name: options.name ?? "fake", platform: "linux", python: "3.11.2" },
      ...{ blender: options.blender ?? "3.4.1", software: "0.1.0", slots: options.slots ?? 1 },
      ...{ start: this.node.start, cacheFreeBytes: 1e12, maxBlobBytes: 1e12, overrides: Object.keys(overrides.shape) },
      pictures: [...pictureFormats],
      ...options.info,
    });
    for await (const message of this.link.messages) {
      if (typeof message === "string") await this.#hear(message);
      else await this.#take(message);
    }
    for (const slot of this.node.job?.slots ?? []) slot.assigned = undefined; // waiting frames need a link to start
  }

  /** Sends a message, sealed, after `say` has changed it. */
  async send(message: FromNode): Promise<void> {
    for (const said of this.node.options.say?.(message) ?? [message]) await this.sendText(JSON.stringify(said));
  }

  /** Sends any text, sealed. */
  async sendText(text: string): Promise<void> {
    await this.link.send(this.#outgoing.seal(text)).catch(() => {}); // the link is over: the node continues on its own
  }

  async #hear(sealed: string): Promise<void> {
    const message = parseFromCoordinator(JSON.parse(this.#incoming.open(sealed)));
    if (message.type === "heartbeat") {
      if (this.node.options.isLively) await this.send({ type: "heartbeat" });
      return;
    }
    this.node.heard.push(message);
    if (this.node.options.onMessage?.(message, this)) return;
    await this.#answer(message);
  }

  async #answer(message: FromCoordinator): Promise<void> {
    const { node } = this;
    const { options, job } = node;
    switch (message.type) {
      case "job-open":
        if (options.busyWith !== undefined || (job && job.id !== message.job)) {
          return this.send({ type: "busy", holder: options.busyWith ?? "somebody", since: 1 });
        }
        return this.send(this.#openJob(message.job, message.slots));
      case "blob-query": {
        const have = node.blobs.get(message.sha256);
        const complete = have?.length === message.sizeBytes && digestOf(have) === message.sha256;
        return this.send({ type: "blob-state", sha256: message.sha256, haveBytes: have?.length ?? 0, complete });
      }
      case "blob-begin": {
        const { transfer, sha256, sizeBytes } = message;
        this.#uploads.set(transfer, { sha256, sizeBytes });
        if (options.rejectsBlob === undefined) return;
        return this.send({ type: "blob-rejected", transfer, sha256, code: options.rejectsBlob, message: "no" });
      }
      case "blobs-query": {
        const have = message.blobs.map(({ sha256, sizeBytes }) => {
          const held = node.blobs.get(sha256);
          return held === undefined ? "none" : held.length === sizeBytes ? "all" : "part";
        });
        return this.send({ type: "blobs-state", number: message.number, have });
      }
      case "blob-bundle":
        this.#bundles.set(message.transfer, message.blobs);
        return;
      case "project-add":
        return this.send({ type: "project-added", job: message.job, number: message.number, error: null });
      case "blob-end":
        return this.#endBlob(message.transfer, message.sha256);
      case "blob-fetch":
        return this.#sendBlob(message.transfer, message.sha256);
      case "job-load":
        node.scale = scaleOf(message.overrides);
        return this.#load(message.job);
      case "frame-assign":
        return this.#assign(message);
      case "frame-withdraw":
        return this.#withdraw(message);
      case "frame-cancel": {
        const slot = job?.slots.findIndex(({ running }) => running?.attempt === message.attempt) ?? -1;
        if (!job || slot < 0) return this.#withdraw(message);
        const { frame, attempt } = message;
        job.slots[slot] = { running: undefined, assigned: undefined };
        await this.send({ type: "frame-failed", frame, attempt, slot, error: problem({ code: "CANCELLED" }) });
        await this.send({ type: "slot-changed", slot, state: "lost", error: null, device: null });
        return this.send({ type: "slot-changed", slot, state: "ready", error: null, device: "CPU" });
      }
      case "result-fetch":
        return this.giveResult(message);
      case "result-release":
        job?.results.delete(message.attempt);
        return;
      case "job-close":
        node.job = undefined;
        return this.send({ type: "job-closed", job: message.job });
      case "heartbeat":
    }
  }

  #openJob(id: string, slots: number | null): JobOpened {
    const { node } = this;
    if (node.job) {
      const running = node.job.slots.flatMap(({ running }, slot) => (running ? [{ ...running, slot }] : []));
      return {
        ...{ type: "job-opened", job: id, resumed: true, results: [...node.job.results.values()].map((r) => r.result) },
        attempts: running.map((attempt) => ({ ...attempt, state: "running" })),
        slots: node.job.slots.map((_, slot) => ({ slot, state: "ready", error: null, device: "CPU" })),
      };
    }
    const count = Math.min(slots ?? Number.POSITIVE_INFINITY, node.options.slots ?? 1);
    const empty = () => ({ running: undefined, assigned: undefined });
    node.job = { id, slots: Array.from({ length: count }, empty), results: new Map(), isLoaded: false };
    return { type: "job-opened", job: id, resumed: false, attempts: [], results: [], slots: [] };
  }

  async #load(id: string): Promise<void> {
    const { job, options, sceneInfo } = this.node;
    if (!job) return;
    await options.beforeLoad?.();
    if (options.loadFails !== undefined) {
      return this.send({ type: "job-load-failed", job: id, error: problem(options.loadFails) });
    }
    await this.send({ type: "job-loaded", job: id, scene: sceneInfo });
    if (job.isLoaded) return;
    job.isLoaded = true;
    for (const slot of job.slots.keys()) {
      await this.send({ type: "slot-changed", slot, state: "ready", error: null, device: "CPU" });
    }
  }

  async #assign(message: Extract<FromCoordinator, { type: "frame-assign" }>): Promise<void> {
    const { slot: number, frame, attempt } = message;
    const slot = this.node.job?.slots[number];
    if (!slot || slot.assigned) {
      const code = slot ? "SLOT_FULL" : "SLOT_LOST";
      return this.send({ type: "frame-failed", frame, attempt, slot: number, error: problem({ code }) });
    }
    slot.assigned = { frame, attempt };
    if (!slot.running) void this.#work(slot, number);
  }

  async #withdraw({ frame, attempt }: { frame: Frame; attempt: number }): Promise<void> {
    const slot = this.node.job?.slots.find(({ assigned }) => assigned?.attempt === attempt);
    if (!slot) return;
    slot.assigned = undefined;
    await this.send({ type: "frame-withdrawn", frame, attempt });
  }

  /** Renders what is assigned to a slot, one frame after another. Reports go to whichever coordinator is linked. */
  async #work(slot: FakeSlot, number: number): Promise<void> {
    const { node } = this;
    const say = (message: FromNode) => node.conversation?.send(message);
    while (slot.assigned && node.job) {
      const attempt = slot.assigned;
      slot.running = attempt;
      slot.assigned = undefined;
      await say({ type: "frame-started", ...attempt, slot: number });
      await say({ type: "frame-progress", ...attempt, slot: number, steps: 1, fraction: 0.5 });
      await node.options.beforeFrame?.(attempt.frame, attempt.attempt);
      if (slot.running !== attempt) return; // cancelled in the meantime
      const failure = node.options.fails?.(attempt.frame);
      if (failure) {
        await say({ type: "frame-failed", ...attempt, slot: number, error: problem(failure) });
        await this.#restart(slot, number);
        slot.running = undefined;
        continue;
      }
      slot.running = undefined;
      node.rendered.push(attempt.frame);
      const made = this.#render(attempt, number);
      node.job?.results.set(attempt.attempt, made);
      await say({ type: "frame-rendered", result: made.result });
    }
  }

  /** The slot's process ended, together with what waited there, and a new process started. */
  async #restart(slot: FakeSlot, number: number): Promise<void> {
    const say = (message: FromNode) => this.node.conversation?.send(message);
    const waiting = slot.assigned;
    slot.assigned = undefined;
    if (waiting) await say({ type: "frame-failed", ...waiting, slot: number, error: problem({ code: "SLOT_LOST" }) });
    await say({ type: "slot-changed", slot: number, state: "lost", error: null, device: null });
    await say({ type: "slot-changed", slot: number, state: "ready", error: null, device: "CPU" });
  }

  #render(ref: { frame: Frame; attempt: number }, slot: number): FakeResult {
    const { options, sceneInfo } = this.node;
    const scene = sceneInfo.scenes[0] as SceneSummary;
    const format = { width: scene.width, height: scene.height, depth: scene.depth, colorMode: "RGB" } as const;
    const honest = makePng(format, ref.frame);
    const bytes = options.picture?.(ref.frame, honest) ?? honest;
    const pictures = options.pictures?.(ref.frame);
    const truth: FrameResult = {
      ...(pictures && { pictures: pictures.map(listedPicture) }),
      ...{ ...ref, slot, sha256: digestOf(bytes), sizeBytes: bytes.length, ...format, seconds: 0.25, device: "CPU" },
    };
    return { result: { ...truth, ...options.claim?.(truth) }, bytes, pictures: pictures ?? [] };
  }

  /** Sends the bytes of a result if the node holds it. */
  async giveResult(message: Extract<FromCoordinator, { type: "result-fetch" }>): Promise<void> {
    const { transfer, frame, attempt, offset, picture } = message;
    const result = this.node.job?.results.get(attempt);
    const held = picture === undefined ? result : result?.pictures[picture];
    if (!held) return this.send({ type: "result-missing", transfer, frame, attempt, message: "The result is gone" });
    const { bytes } = held;
    await this.send({ type: "result-begin", transfer, frame, attempt, sizeBytes: bytes.length, offset });
    // At least two pieces, so that order and gaps matter.
    const step = Math.max(1, Math.min(largestPieceBytes, Math.ceil(bytes.length / 2)));
    for (let at = offset; at < bytes.length; at += step) {
      const piece = { transfer, offset: at, data: bytes.subarray(at, at + step) };
      await this.link.send(encodePiece(piece)).catch(() => {});
    }
    await this.send({ type: "result-end", transfer, frame, attempt, sha256: digestOf(bytes) });
  }

  async #sendBlob(transfer: number, sha256: string): Promise<void> {
    const data = this.node.blobs.get(sha256);
    if (data === undefined) return await this.send({ type: "blob-missing", transfer, sha256 });
    await this.link.send(encodePiece({ transfer, offset: 0, data }));
    await this.send({ type: "blob-fetched", transfer, sha256 });
  }

  /** @returns What it answers to the piece */
  #unpack(transfer: number, blobs: readonly { sha256: string; sizeBytes: number }[], data: Buffer): FromNode {
    let start = 0;
    for (const { sha256, sizeBytes } of blobs) {
      const content = data.subarray(start, start + sizeBytes);
      start += sizeBytes;
      if (digestOf(content) !== sha256) {
        return { type: "bundle-rejected", transfer, code: "DIGEST_MISMATCH", message: "other bytes" };
      }
      this.node.blobs.set(sha256, Buffer.from(content));
    }
    return { type: "bundle-stored", transfer };
  }

  async #take(message: Buffer): Promise<void> {
    const piece = decodePiece(message);
    const bundle = piece && this.#bundles.get(piece.transfer);
    if (bundle) return await this.send(this.#unpack(piece.transfer, bundle, piece.data));
    const target = piece && this.#uploads.get(piece.transfer);
    if (!piece || !target) throw new Error("A piece of an unknown transfer arrived");
    const have = this.node.blobs.get(target.sha256) ?? Buffer.alloc(0);
    if (piece.offset !== have.length)
      throw new Error(`A piece for offset ${piece.offset} arrived instead of ${have.length}`);
    this.node.blobs.set(target.sha256, Buffer.concat([have, piece.data]));
  }

  async #endBlob(transfer: number, sha256: string): Promise<void> {
    const { blobs } = this.node;
    if (digestOf(blobs.get(sha256) ?? Buffer.alloc(0)) === sha256) {
      return this.send({ type: "blob-stored", transfer, sha256 });
    }
    blobs.delete(sha256);
    await this.send({ type: "blob-rejected", transfer, sha256, code: "DIGEST_MISMATCH", message: "other bytes" });
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function problem(part: Partial<Problem>): Problem {
  return { code: "RENDER_FAILED", message: "it failed", hint: "look at it", log: [], ...part };
}

function listedPicture({ of, bytes }: FakePicture) {
  const about = { sizeBytes: bytes.length, sha256: digestOf(bytes) };
  if (typeof of === "number") return { kind: "view" as const, view: of, name: "", ...about };
  return { kind: "node" as const, view: 0, name: of, ...about };
}

/** The size of frames with these overrides, as a part of the scene's own. */
function scaleOf(given: Extract<FromCoordinator, { type: "job-load" }>["overrides"]): number {
  const { scale = 100, resolution } = given ?? {};
  return ((resolution && "percent" in resolution ? resolution.percent : 100) / 100) * (scale / 100);
}
