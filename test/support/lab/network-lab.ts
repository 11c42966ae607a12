import { randomBytes } from "node:crypto";
import { execa } from "execa";

/** Why no network lab can be set up here; undefined when it can. */
export const networkLabProblem: string | undefined = await findProblem();

/** The only broadcast domain of a lab: 10.77.0.0/24, which exists only inside its namespaces. */
const subnet = "10.77.0";

/**
 * Several hosts on one machine, each a network namespace with its own address, joined by a switch on which multicast
 * works as on plain Ethernet. The machine's own network is not touched. The caller that opens it owns it:
 * `await using`.
 */
export class NetworkLab implements AsyncDisposable {
  readonly #id = `rf${randomBytes(3).toString("hex")}`;
  readonly #hosts: readonly string[];
  /** The last part of each host's address. */
  readonly #numbers: number[];

  private constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
    this.#numbers = hosts.map((_, index) => 11 + index);
  }

  /** @param hosts Short names in lower case; the first gets 10.77.0.11, the next 10.77.0.12 and so on */
  static async open(...hosts: string[]): Promise<NetworkLab> {
    const lab = new NetworkLab(hosts);
    try {
      await lab.#plugTogether();
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose](); // the caller got no lab, so nobody else would remove what was made so far
      throw error;
    }
  }

  /** Words to put before a program to run it on a host; the process stays the same. */
  on(host: string): readonly string[] {
    return ["ip", "netns", "exec", this.#namespaceOf(host)];
  }

  addressOf(host: string): string {
    return `${subnet}.${this.#numbers[this.#indexOf(host)]}`;
  }

  /** Pulls a host's cable out of the switch: packets vanish, and no connection is closed. */
  async cut(host: string): Promise<void> {
    await ip("-n", this.#switch, "link", "set", this.#portOf(host), "down");
  }

  /** Plugs the cable in again. */
  async reconnect(host: string): Promise<void> {
    await ip("-n", this.#switch, "link", "set", this.#portOf(host), "up");
  }

  /** Takes a host off the network, as if its machine were switched off: no peer gets a notice. */
  async switchOff(host: string): Promise<void> {
    await ip("-n", this.#switch, "link", "delete", this.#portOf(host));
    await ip("netns", "delete", this.#namespaceOf(host));
  }

  /** Puts a host on the network, also after `switchOff`, with the same address as before. */
  async plugIn(host: string): Promise<void> {
    const namespace = this.#namespaceOf(host);
    const port = this.#portOf(host);
    await ip("netns", "add", namespace);
    await ip("-n", namespace, "link", "set", "lo", "up");
    await ip("-n", this.#switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    await ip("-n", this.#switch, "link", "set", port, "master", "lan", "up");
    await ip("-n", namespace, "link", "set", "eth0", "up");
    await this.#address(host);
  }

  /** Gives a host another address, as if its lease ran out. @param number The last part of the address */
  async readdress(host: string, number: number): Promise<void> {
    this.#numbers[this.#indexOf(host)] = number;
    await ip("-n", this.#namespaceOf(host), "address", "flush", "dev", "eth0");
    await this.#address(host);
  }

  /** Removes every namespace and its cable. Idempotent. Processes in them continue without a network. */
  async [Symbol.asyncDispose](): Promise<void> {
    const existing = await namespaces();
    const own = [this.#switch, ...this.#hosts.map((host) => this.#namespaceOf(host))];
    for (const name of own) if (existing.includes(name)) await ip("netns", "delete", name);
  }

  async #plugTogether(): Promise<void> {
    await ip("netns", "add", this.#switch);
    await ip("-n", this.#switch, "link", "set", "lo", "up");
    // Snooping would withhold multicast from hosts that have not announced themselves to a router, and there is none.
    await ip("-n", this.#switch, "link", "add", "lan", "type", "bridge", "mcast_snooping", "0");
    await ip("-n", this.#switch, "address", "add", `${subnet}.1/24`, "dev", "lan");
    await ip("-n", this.#switch, "link", "set", "lan", "up");
    for (const host of this.#hosts) await this.plugIn(host);
  }

  async #address(host: string): Promise<void> {
    const namespace = this.#namespaceOf(host);
    await ip("-n", namespace, "address", "add", `${this.addressOf(host)}/24`, "dev", "eth0");
    await ip("-n", namespace, "route", "add", "default", "via", `${subnet}.1`);
  }

  get #switch(): string {
    return `${this.#id}-switch`;
  }

  #namespaceOf(host: string): string {
    return `${this.#id}-${this.#hosts[this.#indexOf(host)]}`;
  }

  #portOf(host: string): string {
    return `port${this.#indexOf(host)}`;
  }

  #indexOf(host: string): number {
    const index = this.#hosts.indexOf(host);
    if (index < 0) throw new Error(`Cannot find the host '${host}' in the lab of ${this.#hosts.join(", ")}`);
    return index;
  }
}

async function ip(...args: string[]): Promise<void> {
  await execa("ip", args);
}

async function namespaces(): Promise<string[]> {
  const { stdout } = await execa("ip", ["netns", "list"]);
  return stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
}

/** The only real proof is to make one and run a program in it: containers differ in what they forbid root to do. */
async function findProblem(): Promise<string | undefined> {
  if (process.platform !== "linux") return "network namespaces need Linux";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const probe = `rf${randomBytes(3).toString("hex")}-probe`;
  const made = await execa("ip", ["netns", "add", probe], { reject: false });
  if (made.failed) return `'ip netns add' failed: ${made.stderr || made.shortMessage}`;
  const ran = await execa("ip", ["netns", "exec", probe, "true"], { reject: false });
  await ip("netns", "delete", probe);
  return ran.failed ? `'ip netns exec' failed: ${ran.stderr || ran.shortMessage}` : undefined;
}
