/** A request as keys, hooks and breakers' `key` functions see it; the same for axios and fetch. */
export interface HttpRequest {
  /** In capitals. */
  readonly method: string;
  /** As it was given, with its query and whatever secrets stand in it: not for logs and labels. */
  readonly url: string;
  /** Name of the host, without port; the empty text where the URL has none. Fit for a breaker's `key`. */
  readonly host: string;
  /** What is sent, in the form in which it was given; `undefined` where there is nothing, or only a stream. */
  readonly body: unknown;
}

/** The headers of one attempt: those of fetch, or of axios. */
export interface RequestHeaders {
  /** Whether the header is there. */
  has(name: string): boolean;
  /** Gives the header this value. */
  set(name: string, value: string): unknown;
  /** Takes the header away. */
  delete(name: string): unknown;
}

const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/** Name of the host that a URL leads to; the empty text where it names none. */
export function hostOf(url: string, baseURL = ''): string {
  const text = SCHEME.test(url) || url.startsWith('//') ? url : baseURL;
  const absolute = text.startsWith('//') ? `http:${text}` : text;
  return URL.canParse(absolute) ? new URL(absolute).hostname : '';
}

/** Whether a body can be read only once, so that no second request can carry it. */
export function isReadOnce(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  if (Symbol.asyncIterator in body) return true;
  return ['getReader', 'pipe'].some((method) => typeof Reflect.get(body, method) === 'function');
}

/** Lets go of the body of an answer that nobody will read, so that its connection is free again. */
export function discardBody(body: unknown): void {
  if (typeof body !== 'object' || body === null) return;
  const cancel: unknown = Reflect.get(body, 'cancel');
  const destroy: unknown = Reflect.get(body, 'destroy');
  // A body that somebody reads refuses to be cancelled; then it is not abandoned.
  if (typeof cancel === 'function') Promise.resolve(Reflect.apply(cancel, body, [])).catch(() => undefined);
  else if (typeof destroy === 'function') Reflect.apply(destroy, body, []);
}
