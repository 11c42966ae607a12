/**
 * Writes farmspec.schema.json from the type that reads farmspecs: `node scripts/farmspec-schema.mjs`. Editors use it through
 * a farmspec's `$schema`; a test holds it against the type.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { farmspecJsonSchema } from "../dist/index.js";
import { projectFolder } from "./setup/tools.mjs";

writeFileSync(join(projectFolder, "farmspec.schema.json"), `${JSON.stringify(farmspecJsonSchema(), null, 2)}\n`);
