/** Places in a JSON text, so that a part can be replaced and the rest stays as it was written. */

/** Returns where each object and array is, by its path, such as `keys.0`. None for a text that is no JSON or names a field twice. */
export function spans(text) {
  const found = new Map();
  const open = [];
  try {
    JSON.parse(text);
  } catch {
    return found;
  }
  for (const token of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[[\]{},]/g)) {
    const [sign, string, colon] = token;
    const around = open.at(-1);
    if (colon) {
      const name = JSON.parse(string);
      if (around.names.has(name)) return new Map();
      around.names.add(name);
      around.at = name;
    } else if (sign === "{" || sign === "[") {
      open.push({ path: around ? [...around.path, around.at] : [], begin: token.index, names: new Set(), at: sign === "[" ? 0 : "" });
    } else if (sign === "}" || sign === "]") {
      const { path, begin } = open.pop();
      // A name with a dot in it is no field of the settings, and must not look like a path.
      if (!path.some((name) => String(name).includes("."))) found.set(path.join("."), [begin, token.index + 1]);
    } else if (sign === "," && typeof around.at === "number") {
      around.at++;
    }
  }
  return found;
}

/** Returns a text with other parts at these places, and as many lines as before. */
export function replaced(text, parts) {
  const breaks = (begin, end) => text.slice(begin, end).replace(/[^\n]+/g, "");
  return parts.reduceRight((whole, [[begin, end], part]) => whole.slice(0, begin) + part + breaks(begin, end) + whole.slice(end), text);
}
