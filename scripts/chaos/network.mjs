import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const subnet = "10.78.0";

/** @param {string[]} args */
const ip = async (...args) => void (await run("ip", args));

/**
 * Several hosts on one machine, each a network namespace with its own address, joined by a switch. They may lose their
 * cable, their address or their whole machine, one by one.
 */
export class Network {
  /** @type {Map<string, number>} the last part of each host's address */
  #numbers = new Map();
  /** @type {Set<string>} */
  #there = new Set();
  #nextNumber = 11;
  #id;

  /** @param {string} id a few letters that nobody else uses */
  constructor(id) {
    this.#id = id;
  }

  async open() {
    await ip("netns", "add", this.#switch);
    await ip("-n", this.#switch, "link", "set", "lo", "up");
    await ip("-n", this.#switch, "link", "add", "lan", "type", "bridge", "mcast_snooping", "0");
    await ip("-n", this.#switch, "address", "add", `${subnet}.1/24`, "dev", "lan");
    await ip("-n", this.#switch, "link", "set", "lan", "up");
  }

  /** The words that run a program on a host. @param {string} host */
  on(host) {
    return ["ip", "netns", "exec", this.#name(host)];
  }

  /** Plugs a host in, or in again after `switchOff`, under the address it had. @param {string} host */
  async plugIn(host) {
    const number = this.#numbers.get(host) ?? this.#nextNumber++;
    this.#numbers.set(host, number);
    this.#there.add(host);
    await ip("netns", "add", this.#name(host));
    await ip("-n", this.#name(host), "link", "set", "lo", "up");
    const ends = ["link", "add", this.#port(host), "type", "veth", "peer", "name", "eth0", "netns", this.#name(host)];
    await ip("-n", this.#switch, ...ends);
    await ip("-n", this.#switch, "link", "set", this.#port(host), "master", "lan", "up");
    await ip("-n", this.#name(host), "link", "set", "eth0", "up");
    await this.#address(host, number);
  }

  /** @param {string} host */
  cut(host) {
    return ip("-n", this.#switch, "link", "set", this.#port(host), "down");
  }

  /** @param {string} host */
  fix(host) {
    return ip("-n", this.#switch, "link", "set", this.#port(host), "up");
  }

  /** @param {string} host */
  async switchOff(host) {
    this.#there.delete(host);
    await ip("-n", this.#switch, "link", "delete", this.#port(host));
    await ip("netns", "delete", this.#name(host));
  }

  /** @param {string} host */
  async readdress(host) {
    const number = this.#nextNumber++;
    this.#numbers.set(host, number);
    await ip("-n", this.#name(host), "address", "flush", "dev", "eth0");
    await this.#address(host, number);
    return `${subnet}.${number}`;
  }

  async close() {
    for (const host of [...this.#there]) await ip("netns", "delete", this.#name(host)).catch(() => {});
    this.#there.clear();
    await ip("netns", "delete", this.#switch).catch(() => {});
  }

  /** @param {string} host @param {number} number */
  async #address(host, number) {
    await ip("-n", this.#name(host), "address", "add", `${subnet}.${number}/24`, "dev", "eth0");
    await ip("-n", this.#name(host), "route", "add", "default", "via", `${subnet}.1`);
  }

  get #switch() {
    return `${this.#id}-switch`;
  }

  /** @param {string} host */
  #name(host) {
    return `${this.#id}-${host}`;
  }

  /** @param {string} host */
  #port(host) {
    return `to-${host}`;
  }
}
