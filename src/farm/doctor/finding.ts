/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  /** `problem`: rendering will fail; `warning`: it may, or something is less good than it could be. */
  readonly state: "good" | "warning" | "problem";
  readonly detail: string;
  /** The one thing to do about it. */
  readonly fix?: string;
}
