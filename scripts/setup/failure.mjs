/** Something that the set-up needs is missing and cannot be had: the message says what, and the commands that cure it. */
export class SetupFailure extends Error {}
