/** What the user allows a node on this machine. */
export interface NodePermissions {
  /** Whether scripts in the blendfile may run. */
  readonly allowScripts: boolean;
  /** Add-ons that may be enabled. */
  readonly addons: readonly string[];
}

/** The node's flags for these; by default it allows nothing. */
export function permissionFlags({ allowScripts = false, addons = [] }: Partial<NodePermissions>): string[] {
  return [
    ...(allowScripts ? ["--allow-scripts"] : []),
    ...(addons.length > 0 ? ["--allow-addons", addons.join(",")] : []),
  ];
}
