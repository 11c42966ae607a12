import { z } from "zod";

/**
 * A list of bounded length, each element of which the schema takes.
 *
 * zod's own arrays collect what is wrong with every element: a message of 300 kB could be answered with a million issues
 * and gigabytes of memory. Here the length is looked at before any element, and the first bad element ends it.
 */
export function boundedList<Element extends z.ZodType>(element: Element, length: { min?: number; max: number }) {
  const { min = 0, max } = length;
  return z.unknown().transform((value, context): z.output<Element>[] => {
    if (!Array.isArray(value)) return refuse(context, "it is no list");
    if (value.length < min || value.length > max) {
      return refuse(context, `it has ${value.length} elements instead of ${min} to ${max}`);
    }
    const list: z.output<Element>[] = [];
    for (const [index, item] of value.entries()) {
      const parsed = element.safeParse(item);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        return refuse(context, issue?.message ?? "", [index, ...(issue?.path ?? [])]);
      }
      list.push(parsed.data);
    }
    return list;
  });
}

function refuse(context: z.RefinementCtx, message: string, path: PropertyKey[] = []): never {
  context.addIssue({ code: "custom", message, path });
  return z.NEVER;
}
