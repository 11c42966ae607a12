/** The result of one check. */
export interface Finding {
  readonly what: string;
  /** `problem`: rendering will fail. `warning`: it may fail, or could work better. */
  readonly state: "good" | "warning" | "problem";
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}
