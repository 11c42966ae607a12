import { Bonjour, type Browser, type Service } from "bonjour-service";

export type { Bonjour, Browser, Service };

/**
 * Opens bonjour-service on one network interface. Everything that needs its internals is in this file.
 *
 * @param address IPv4 address of the interface
 * @param onError Called with each error of the socket
 */
export function openBonjour(address: string, onError: (error: unknown) => void): Bonjour {
  // Without `bind`, Linux would bind the socket to the unicast address, which receives no multicast.
  const options = { interface: address, bind: "0.0.0.0" } as ConstructorParameters<typeof Bonjour>[0];
  const bonjour = new Bonjour(options, onError);
  // Errors of the socket reach neither the callback nor a public event; without a listener they would end the process.
  const { server } = bonjour as unknown as { server: { mdns: NodeJS.EventEmitter } };
  server.mdns.on("error", onError);
  return bonjour;
}

/**
 * Calls back for every answer about a service. A browser does not report that a known service has a new address, it
 * searches all known ones for each answer, and it keeps as many as anybody announces. So it forgets each one
 * immediately.
 */
export function onAnswer(browser: Browser, callback: (service: Service) => void): void {
  const { removeService } = browser as unknown as { removeService: (fqdn: string) => void };
  browser.on("up", (service: Service) => {
    removeService.call(browser, service.fqdn);
    callback(service);
  });
}
