/** Bounds of what users type. */

// Maximum numbers of characters: of a PIN, and of a token, handle or receipt. Genuine ones are shorter.
const PIN = 64;
const TOKEN = 4096;

export const pin = (typed) => bounded(typed, PIN);

/**
 * Returns a text from a user, or the empty text if it is too long or holds a lone surrogate.
 *
 * The engine refuses the empty text like any malformed one. So a user cannot make a question too long or invalid Unicode, and is answered
 * in the time of a short one.
 */
export function bounded(typed, most = TOKEN) {
  return typeof typed !== "string" || (typed.length <= most && !/\p{Surrogate}/u.test(typed)) ? typed : "";
}
