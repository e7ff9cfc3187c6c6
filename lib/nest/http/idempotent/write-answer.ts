import type { ResilienceError } from '../../../core/errors.js';
import { toHttpException } from '../to-http-exception.js';
import { accepts, codingsOf, decoded } from './content-coding.js';
import { type Exchange, type HeaderValue, headersOf, REPLAYED_HEADER } from './exchange.js';
import { HeldResponse } from './held-response.js';
import { hasBody, type WireAnswer } from './wire-answer.js';

type Headers = Readonly<Record<string, HeaderValue | undefined>>;

/** An answer as it is to leave: with the headers of the present request that it does not replace. */
interface Written {
  readonly status: number;
  /** Later ones take the place of earlier ones. */
  readonly headers: readonly (readonly [name: string, value: HeaderValue | undefined])[];
  readonly body: Uint8Array;
}

/** What is computed anew for each answer. */
const COMPUTED = ['content-length', 'transfer-encoding', 'content-encoding'];

/**
 * Answers a request with what was stored: status, headers of the list and bytes are those of the first answer, all
 * other headers those of the present request. Fastify's hooks run for their headers; of what they do to the body
 * only a content coding stands.
 */
export async function writeReplay(
  exchange: Exchange,
  stored: WireAnswer,
  replayed: readonly string[],
): Promise<void> {
  const answer = await readableBy(exchange, stored);
  const { reply, raw } = exchange;
  if (reply === undefined) return writeRaw(raw, written(answer, headersOf(exchange), replayed));
  const held = new HeldResponse(
    raw,
    Number.POSITIVE_INFINITY,
    () => false,
    () => {
      const head = held.head;
      const isCodedAnew = String(codingsOf(head?.headers['content-encoding'])) !== String(answer.codings);
      if (isCodedAnew) return held.release();
      held.discard();
      writeRaw(raw, written(answer, head?.headers ?? {}, replayed));
    },
  );
  const { status, headers, body } = written(answer, {}, replayed);
  reply.code(status);
  for (const [name, value] of headers) {
    if (value !== undefined) reply.header(name, value);
  }
  reply.send(body.byteLength === 0 ? undefined : asBuffer(body));
}

/** The same in the place of an answer that was held and thrown away. */
export async function writeInstead(
  exchange: Exchange,
  stored: WireAnswer,
  before: Headers,
  replayed: readonly string[],
): Promise<void> {
  const answer = await readableBy(exchange, stored);
  writeRaw(exchange.raw, written(answer, before, replayed));
}

/** The refusal of a request in the place of an answer that was held and thrown away. */
export function writeRefusal(raw: Exchange['raw'], error: ResilienceError, before: Headers): void {
  const { body, headers } = toHttpException(error);
  const json = { ...headers, 'Content-Type': 'application/json; charset=utf-8' };
  const bytes = Buffer.from(JSON.stringify(body));
  const together = [...Object.entries(before), ...Object.entries(json)];
  writeRaw(raw, { status: body.statusCode, headers: together, body: bytes });
}

/** Writes to Node's own response, whose other headers are removed. */
export function writeRaw(raw: Exchange['raw'], { status, headers, body }: Written): void {
  if (raw.headersSent || raw.destroyed) return;
  for (const name of raw.getHeaderNames()) raw.removeHeader(name);
  for (const [name, value] of headers) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.statusCode = status;
  if (hasBody(status)) raw.end(asBuffer(body));
  else raw.end();
}

function written(
  { status, headers, codings, body }: WireAnswer,
  around: Headers,
  replayed: readonly string[],
): Written {
  const together: [name: string, value: HeaderValue | undefined][] = [];
  for (const [name, value] of Object.entries(around)) {
    const lower = name.toLowerCase();
    if (!replayed.includes(lower) && !COMPUTED.includes(lower)) together.push([name, value]);
  }
  for (const [name, value] of headers) together.push([name, value]);
  if (codings.length > 0) together.push(['content-encoding', codings.join(', ')]);
  together.push([REPLAYED_HEADER, 'true']);
  return { status, headers: together, body };
}

/** The answer without its codings, where the client cannot read them. */
async function readableBy({ rawRequest }: Exchange, answer: WireAnswer): Promise<WireAnswer> {
  const { codings, body } = answer;
  const header = rawRequest.headers['accept-encoding'];
  if (codings.length === 0 || accepts(Array.isArray(header) ? header.join(',') : header, codings))
    return answer;
  const plain = await decoded(body, codings);
  // A coding that is not known here: better than nothing.
  return plain === undefined ? answer : { ...answer, codings: [], body: plain };
}

function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
