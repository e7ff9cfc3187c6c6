/** The header that every order of the page carries; its value is the token of the process that it watches. */
export const CONTROL_HEADER = 'x-resilience-control';

/** The part of a request that says where it comes from. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Why an order is not carried out, and the status that says so. */
export interface RefusedOrder {
  readonly status: number;
  readonly message: string;
}

/**
 * What speaks against an order before anybody reads it; `undefined` where nothing does. Another site's page can
 * neither set the header nor the content type without asking first, does not know the token, and is told apart by
 * what browsers themselves say of it, whatever the application allows to other origins.
 */
export function whatSpeaksAgainst(headers: RequestHeaders, token: string): RefusedOrder | undefined {
  if (!isSameOrigin(headers))
    return refused(403, 'orders are taken from the page itself, not from other sites');
  if (!isJson(headers)) return refused(415, 'orders are JSON: content-type must be application/json');
  const given = headers[CONTROL_HEADER];
  if (given === undefined) return refused(403, `orders carry the header ${CONTROL_HEADER}`);
  if (given === token) return undefined;
  return refused(409, 'the page watches another process, or this one has started anew: look again');
}

/** Whether a browser, if it is one, says that the request comes from a page of the same origin. */
export function isSameOrigin(headers: RequestHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  // Browsers leave that header out where the connection is not trustworthy (plain HTTP); all send Origin with a POST.
  const { origin } = headers;
  return origin === undefined || hostOf(origin) === headers['host'];
}

function isJson(headers: RequestHeaders): boolean {
  const type = headers['content-type'];
  return typeof type === 'string' && /^application\/json\s*(;|$)/i.test(type);
}

function hostOf(origin: string | readonly string[]): string | undefined {
  try {
    return new URL(String(origin)).host;
  } catch {
    return undefined;
  }
}

function refused(status: number, message: string): RefusedOrder {
  return { status, message };
}
