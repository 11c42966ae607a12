/** JSON texts of about this size that a hostile peer could make of a message: each has too much in one place. */
export function* largestOf(
  message: object,
  sizeBytes: number,
): Generator<{ readonly how: string; readonly text: string }> {
  const fits = sizeBytes - JSON.stringify(message).length - 10;
  const anywhere = fillings(fits);
  for (const [index, path] of placesIn(message).entries()) {
    const [before = "", after = ""] = JSON.stringify(replaced(message, path, mark)).split(JSON.stringify(mark));
    const lists = listsLike(valueAt(message, path), fits);
    // Where no list belongs, all are refused at once, so not all need to be tried in each place.
    const tried = lists.length > 0 ? [...anywhere, ...lists] : anywhere.slice(index % anywhere.length).slice(0, 1);
    for (const [how, filling] of tried) {
      yield { how: `${path.join(".")} is ${how}`, text: before + filling + after };
    }
  }
  yield { how: "thousands of unknown fields", text: `${JSON.stringify(message).slice(0, -1)},${fields(fits)}}` };
}

/** Lengths of lists that docs/protocol.md permits somewhere. */
const permitted = [64, 200, 256, 512, 1_000, 4_096, 10_000];
const mark = "\u0001here\u0001";
type Path = readonly (string | number)[];

/** Every value in a message; the first element of a list stands for the others. */
function placesIn(value: unknown): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value) ? [...value.entries()].slice(0, 1) : Object.entries(value);
  return entries.flatMap(([key, item]) => [[key], ...placesIn(item).map((path) => [key, ...path])]);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, by) : item));
  const before = value as Record<string, unknown>;
  return { ...before, [key]: replaced(before[key], rest, by) };
}

/** What can replace any value, as JSON of about this length. */
function fillings(length: number): [string, string][] {
  return [
    ["a list of empty objects", list("{}", length)],
    ["a long text", `"${repeat("0", length - 2)}"`],
    ["a long text of escapes", `"${repeat("\\u0000", length - 2)}"`],
    ["a number with many digits", repeat("9", length)],
    ["many nested lists", repeat("[", length / 2) + repeat("]", length / 2)],
    ["many nested objects", `${repeat('{"a":', (length * 5) / 6 - 1)}1${repeat("}", length / 6)}`],
    ["an object with many fields", `{${fields(length - 2)}}`],
  ];
}

/** For places of lists: as many right, almost right and wrong elements as fit, and as many as are just permitted. */
function listsLike(value: unknown, length: number): [string, string][] {
  if (!Array.isArray(value)) return [];
  const good: unknown = value[0] ?? "";
  const counts = permitted.filter((count) => count * 3 < length);
  return [
    ["a list of lists", list("[]", length)],
    ["a list of numbers", list("7", length)],
    ["a list of good elements", list(JSON.stringify(good), length)],
    ...counts.map((count): [string, string] => [`${count} empty objects`, list("{}", 3 * count)]),
    ...counts.flatMap((count): [string, string][] => {
      const spoilt = JSON.stringify(good, (_, inner) => (Array.isArray(inner) ? new Array(count).fill(7) : inner));
      return spoilt === JSON.stringify(good)
        ? []
        : [[`a list of elements with ${count} numbers`, list(spoilt, length)]];
    }),
  ];
}

function list(json: string, length: number): string {
  return `[${repeat(`${json},`, length - 1).slice(0, -1)}]`;
}

function fields(length: number): string {
  return Array.from({ length: Math.floor(length / 12) }, (_, index) => `"k${100_000 + index}":0`).join();
}

function repeat(text: string, length: number): string {
  return text.repeat(Math.max(1, Math.floor(length / text.length)));
}
