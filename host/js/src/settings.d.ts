/** Settings, as one JSON document that is the same for every host. */

/**
 * A settings document, which `settings.schema.json` describes and which is the same for every host. It prints as `[REDACTED]`.
 *
 * In place of a key, of `xoxzo.sid`, `xoxzo.auth_token` and `xoxzo.callback_url`, `{"env": "NAME"}` stands for an environment variable, and
 * `{"file": "PATH"}` for the content of a file without one line break at its end. The engine checks everything else at the first use.
 */
export class Settings {
  /**
   * @param document JSON text, or what `JSON.parse` would make of it.
   * @param environment Where `{"env": "NAME"}` is looked up: `process.env`, or the `env` that Workers get with each request.
   * @throws {Misuse} for a reference to something that does not exist or is not text.
   */
  constructor(document: string | object, environment?: object);

  /**
   * Makes settings from the environment and working defaults.
   *
   * Required: `XOXZO_API_SID`, `XOXZO_API_AUTH_TOKEN`, `XOXZO_2FA_KEY` (keys from `keygen`, separated by commas; the first signs, all verify)
   * and `XOXZO_2FA_GUARD_KEY` (another key from `keygen`, which stays when those rotate).
   *
   * Optional: `XOXZO_BASE_URL`, `XOXZO_SENDER`, `XOXZO_2FA_SERVICE`, `XOXZO_2FA_AUDIENCE`, `XOXZO_2FA_PIN_DIGITS`, `XOXZO_2FA_DESTINATIONS`
   * (countries such as `US`, or `JP-mobile`, separated by commas; `JP-mobile` if absent), `XOXZO_2FA_TEXTS` (path of a file with the JSON
   * array `message.texts`), `XOXZO_2FA_CLIENT_CAP` (`COUNT/SECONDS`, the maximum of messages and of failures per client address and window).
   *
   * @param environment `process.env` if absent, or the `env` that Workers get with each request.
   * @throws {Misuse} naming the variable that is missing or malformed.
   */
  static fromEnvironment(environment?: object): Settings;

  /**
   * Reads the document from a file.
   *
   * @throws {Misuse} if it cannot be read.
   */
  static fromFile(path: string): Settings;

  #private;
}
