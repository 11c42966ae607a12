/** Keeps a machine awake, as a coordinator does, until it is killed. */
import { keepAwake } from "../../../src/system/programs/awake.js";

keepAwake({ platform: "linux", hasSystemd: true, onAwake: () => {}, onRefused: () => {} });
setInterval(() => {}, 1000);
