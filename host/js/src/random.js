/** Random names. */

/** Returns the name of a counter that no other call has: 16 random bytes as 22 characters of base64url. */
export function counterName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .slice(0, 22)
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
