/** One HTTP exchange, and the way to Xoxzo. */

/** A request to make. Its headers hold the account's credentials and its body a PIN: never log it. Both are hidden. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute, on the origin of the settings: that was checked before. */
  readonly url: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for `GET`. */
  readonly body: string;
  /** For the whole exchange. */
  readonly timeoutMilliseconds: number;
}

/** A response as it came. */
export interface HttpResponse {
  readonly status: number;
  /** The value of the header `retry-after`. No other header is looked at. */
  readonly retryAfter?: string | undefined;
  readonly body: string;
}

/** One HTTP exchange: without redirects, without a second try, at most 64 KiB of body. Rejects with a `Lost`. */
export interface Transport {
  send(request: HttpRequest): HttpResponse | Promise<HttpResponse>;
}

/**
 * There is no response. An error that is neither `NotSent` nor `Unknown` counts as `Unknown`.
 *
 * The message is a cause for a log: it begins with the kind of fault, such as `dns:` or `tls:`, and holds no URL, no header and no body.
 */
export class Lost extends Error {
  constructor(message: string);
  readonly kind: "not-sent" | "unknown";
}

/** Surely no byte of the request left the host. */
export class NotSent extends Lost {
  readonly kind: "not-sent";
}

/** Something may have left the host. In doubt, this. */
export class Unknown extends Lost {
  readonly kind: "unknown";
}
