import { openBonjour } from "./bonjour.ts";
import { localIpv4Addresses } from "./interfaces.ts";

const progressTimeoutMs = 2_000;

export interface InterfaceTest {
  readonly address: string;
  /** Whether a service that was published on this interface was received on it. */
  readonly isHeard: boolean;
}

/**
 * Publishes a service on each network interface and listens for it there, which shows whether multicast works on this
 * machine. It does not show whether other machines receive it.
 */
export function testInterfaces(): Promise<InterfaceTest[]> {
  return Promise.all(localIpv4Addresses().map(async (address) => ({ address, isHeard: await hearsItself(address) })));
}

function hearsItself(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const bonjours = [openBonjour(address, () => finish(false)), openBonjour(address, () => finish(false))];
    const timer = setTimeout(() => finish(false), progressTimeoutMs);
    let isOver = false;
    function finish(isHeard: boolean): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      for (const bonjour of bonjours) bonjour.destroy();
      resolve(isHeard);
    }
    const name = `probe-${process.pid}-${address.replaceAll(".", "-")}`;
    bonjours[0]?.publish({ name, type: "renderfarm-probe", port: 9, probe: false });
    const browser = bonjours[1]?.find({ type: "renderfarm-probe" }, (service) => {
      if (service.name === name) finish(true);
    });
    setTimeout(() => isOver || browser?.update(), progressTimeoutMs / 2).unref();
  });
}
