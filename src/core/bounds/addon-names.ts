/** The name of an add-on's module: letters, digits, `_` and `-`; `bl_ext.user_default.name` for an extension. */
export const addonPattern = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** That a job names, or a node allows. */
export const mostAddons = 64;
