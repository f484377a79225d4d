/** Records as they cross: names of the contract in JSON, and of JavaScript in programs. */

/** Defines fields that JSON, spreading and printing leave out. As accessors, since Bun prints any value. */
export function hide(record, fields) {
  for (const name in fields) if (fields[name] !== undefined) Object.defineProperty(record, name, { get: () => fields[name] });
  return record;
}

/** Returns a record with names such as `expiresInSeconds` in place of `expires_in_seconds`. */
export function camel(value) {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== "object" || value === null) return value;
  const named = {};
  for (const name in value) named[name.replace(/_(.)/g, (_, letter) => letter.toUpperCase())] = camel(value[name]);
  return named;
}
