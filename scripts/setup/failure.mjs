/** The set-up cannot get something that it needs. The message says what, and how to fix it. */
export class SetupFailure extends Error {}
