/** All times of joining a farm, in milliseconds. */
export const pairingTiming = {
  /** How long one side waits for the other to connect, or for its next message if no person has to do anything. */
  answerMs: 10_000,
  /** How long the code may be typed. */
  typingMs: 120_000,
  /** How long a joining machine waits to be invited, in all. */
  joiningMs: 300_000,
} as const;
