import type { JobSettings } from "../config/job-settings.ts";
import type { OverrideName } from "../config/overrides.ts";
import { dialWebSocket } from "../session/websocket-link.ts";
import type { JobContext } from "./job/job-context.ts";
import { LocalNodeSource } from "./local-node/local-node-source.ts";
import { OwnMachine } from "./local-node/own-machine.ts";
import { Fleet, type FleetOptions } from "./nodes/fleet.ts";
import { MdnsNodes } from "./nodes/mdns-nodes.ts";
import { NamedNodes } from "./nodes/named-nodes.ts";
import type { NodeSources } from "./nodes/node-source.ts";
import { KnownNodes } from "./nodes/trust/known-nodes.ts";
import { readAuthorities } from "./nodes/trust/trust-policy.ts";
import { overridesOf } from "./output/recorded-scene.ts";

/** Makes the fleet of a job from its settings. @throws {FarmError} `FARM_BAD_INPUT` when `--tls-ca` cannot be read */
export function openFleet(context: JobContext, onEvent: FleetOptions["onEvent"]): Fleet {
  const { settings, prepared, tell, confirmOpenNode } = context;
  const { folder, blend, savedBy } = prepared;
  const { mixVersions, tlsCa, keys } = settings;
  const knownNodes = new KnownNodes(settings.configFolder);
  // Frames of an earlier run can be used only with the same Blender version.
  const earlier = folder.previous?.blend.sha256 === blend.sha256 ? folder.previous.blenderVersion : null;
  const wanted = settings.blenderVersion ?? (mixVersions ? undefined : (earlier ?? undefined));
  return new Fleet({
    ...nodeSourcesOf(settings),
    versionRules: {
      wanted,
      mixVersions,
      savedBy,
      pictures: prepared.pictures,
      overrides: Object.keys(overridesOf(settings) ?? {}) as OverrideName[],
      addons: settings.addons,
    },
    knownNodes,
    confirmOpenNode,
    trust: { authorities: tlsCa === undefined ? undefined : readAuthorities(tlsCa), keys },
    ...{ tell, onEvent },
  });
}

/** Where nodes come from: named ones, those on the network, or this machine. */
function nodeSourcesOf(settings: JobSettings): NodeSources {
  const { local, nodes, discover, blender, slots, cacheFolder, allowScripts, addons, notHere } = settings;
  const dial = dialWebSocket;
  const here = { dial, blender, slots, cacheFolder, allowScripts, addons };
  const thisMachine = new LocalNodeSource(here);
  if (local) return { sources: [thisMachine], fallback: null, companion: null };
  const companion = notHere ? null : new OwnMachine(here);
  const areNamed = nodes.length > 0;
  const named = nodes.flatMap(({ id }) => id ?? []);
  const onNetwork = new MdnsNodes({ dial, named, takesAll: discover || !areNamed, tellsCount: !areNamed });
  if (!areNamed) return { sources: [onNetwork], fallback: { source: thisMachine, when: "none-found" }, companion };
  const sources = [new NamedNodes(nodes, dial), ...(discover || named.length > 0 ? [onNetwork] : [])];
  // A farmspec that allows other nodes means "any node there is", and this machine is one.
  return { sources, fallback: discover ? { source: thisMachine, when: "none-usable" } : null, companion };
}
