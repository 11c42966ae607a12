import { z } from "zod";

/**
 * A list with a limited length, whose elements match the schema.
 *
 * zod's own arrays collect the issues of all elements, so a message of 300 kB could cause a million issues and take
 * gigabytes of memory. This checks the length first, and stops at the first bad element.
 */
export function boundedList<Element extends z.ZodType>(element: Element, length: { min?: number; max: number }) {
  const { min = 0, max } = length;
  return z.unknown().transform((value, context): z.output<Element>[] => {
    if (!Array.isArray(value)) return refuse(context, "it is not a list");
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
