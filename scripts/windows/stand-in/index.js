/**
 * What tests import from "vitest" under Wine: its own runner and assertions. Vitest itself bundles by a native library
 * that does not start there. `vi` has what is left without the bundler, which mocks modules.
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

/** An assertion that knows its test fails it also when it is not awaited. */
function assertion(value, message) {
  const made = chai.expect(value, message);
  const test = getCurrentTest();
  return test === undefined ? made : made.withTest(test);
}

/** Looks again until it holds, for a second as vitest does, or throws as it did last. */
function poll(look, { timeout = 1000, interval = 50 } = {}) {
  const matcher = (path) =>
    new Proxy(() => {}, {
      get: (_, name) => matcher([...path, name]),
      apply: async (_target, _this, args) => {
        const deadline = performance.now() + timeout;
        for (;;) {
          try {
            const value = await look();
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

/** Timeouts are the runner's. */
export const vi = { fn, spyOn, restoreAllMocks, setConfig: () => {} };
