import { fieldOf } from '../../../core/error-facts.js';
import type { StoredOutcome } from '../../../policies/idempotency/index.js';
import { codingsOf } from './content-coding.js';
import { type HeaderValue, REPLAYED_HEADER } from './exchange.js';
import type { AnswerHead } from './held-response.js';

/** Headers that are replayed, by lower-case names. */
export type KeptHeaders = readonly (readonly [name: string, value: HeaderValue])[];

/** What is kept of an answer as it went over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: KeptHeaders;
  /** Codings of the body, in the order in which they were applied. */
  readonly codings: readonly string[];
  readonly body: Uint8Array;
}

const VERSION = 1;
const NO_BYTES = Buffer.alloc(0);

/** Headers that tell of the representation and not of one request. */
const REPLAYED: readonly string[] = [
  'content-type',
  'content-language',
  'content-disposition',
  'content-location',
  'location',
  'etag',
  'last-modified',
  'cache-control',
  'link',
];

/** Of one connection, of one client or of one moment: not replayed even where they are listed. */
const NEVER: ReadonlySet<string> = new Set([
  'set-cookie',
  'set-cookie2',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'content-encoding',
  'date',
  'vary',
  'authorization',
  'www-authenticate',
  'authentication-info',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-authentication-info',
  REPLAYED_HEADER.toLowerCase(),
]);

/** The names of the headers that an application replays, in lower case. */
export function replayedHeaders(listed: readonly string[]): readonly string[] {
  return [...new Set([...REPLAYED, ...listed])].filter((name) => !NEVER.has(name));
}

/** What the store keeps of an answer. */
export function storedAnswer(
  { status, headers }: AnswerHead,
  body: Buffer,
  names: readonly string[],
): StoredOutcome {
  const kept = keptHeaders(headers, names);
  const facts = { v: VERSION, status, headers: kept, codings: codingsOf(headers['content-encoding']) };
  return { kind: 'wire', metadata: JSON.stringify(facts), body: hasBody(status) ? body : NO_BYTES };
}

/** Those of the headers that are replayed. */
export function keptHeaders(headers: AnswerHead['headers'], names: readonly string[]): KeptHeaders {
  const ofConnection = codingsOf(headers['connection']);
  const kept: (readonly [name: string, value: HeaderValue])[] = [];
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined && !ofConnection.includes(name)) kept.push([name, value]);
  }
  return kept;
}

/** The answer that was stored. @throws where this version cannot read it */
export function answerOf({ metadata, body }: StoredOutcome): WireAnswer {
  const facts: unknown = JSON.parse(metadata);
  const [version, status] = [fieldOf(facts, 'v'), fieldOf(facts, 'status')];
  const [headers, codings] = [fieldOf(facts, 'headers'), fieldOf(facts, 'codings')];
  if (version !== VERSION)
    throw new Error(`an answer of version ${String(version)}: a newer one has written it`);
  const isReadable = typeof status === 'number' && Array.isArray(headers) && Array.isArray(codings);
  if (!isReadable) throw new Error('an answer that is damaged');
  // Written by `storedAnswer` of this version.
  return { status, headers: headers as WireAnswer['headers'], codings: codings as string[], body };
}

/** Whether an answer of this status has a body at all. */
export function hasBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}
