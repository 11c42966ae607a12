/**
 * What tests import from "vitest" under Wine: vitest's own runner and assertions. Vitest itself bundles with a native
 * library that does not start there. `vi` has only what works without the bundler, so it cannot mock modules.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";
import { getCurrentTest } from "@vitest/runner";
import { fn, restoreAllMocks, spyOn } from "@vitest/spy";

export { afterAll, afterEach, beforeAll, beforeEach, describe, onTestFinished, test } from "@vitest/runner";

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

/** An assertion that knows its test makes it fail even if it is not awaited. */
function assertion(value, message) {
  const made = chai.expect(value, message);
  const test = getCurrentTest();
  return test === undefined ? made : made.withTest(test);
}

/** Repeats the assertion until it passes, for one second like vitest's, then throws the last error. */
function poll(read, { timeout = 1000, interval = 50 } = {}) {
  const matcher = (path) =>
    new Proxy(() => {}, {
      get: (_, name) => matcher([...path, name]),
      apply: async (_target, _this, args) => {
        const deadline = performance.now() + timeout;
        for (;;) {
          try {
            const value = await read();
            const owner = path.slice(0, -1).reduce((object, name) => object[name], expect(value));
            return owner[path.at(-1)](...args);
          } catch (error) {
            if (performance.now() > deadline) throw error;
            await new Promise((resolve) => setTimeout(resolve, interval));
          }
        }
      },
    });
  return matcher([]);
}

export const expect = Object.assign(assertion, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT], {
  getState: () => getState(expect),
  setState: (state) => setState(state, expect),
  poll,
});
setState({ ...getState(expect), assertionCalls: 0 }, expect);
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, configurable: true });

/** setConfig() does nothing: the runner has its own timeouts. */
export const vi = { fn, spyOn, restoreAllMocks, setConfig: () => {} };
