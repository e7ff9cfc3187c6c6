import { fieldOf, isInstance, statusOf, textOf, tryToRead } from './error-facts.js';
import { responseHeaderOf } from './headers.js';

/**
 * What the table of the contract says of one error alone, without its cause: it is worth a retry, it is
 * final, the connection failed (worth a retry even within a `TypeError`), it looks like a bug, or nothing.
 */
export type Knowledge = 'retry' | 'final' | 'network' | 'bug' | undefined;

/** Begins the code of every error of this package, in every copy of it. */
export const OWN_CODE = 'RESILIENCE_';

/** Stands in every error by which a method asks for another attempt, in every copy of this package. */
export const RETRY_SIGNAL_CODE = `${OWN_CODE}RETRY_SIGNAL`;

const RETRIED_STATUSES = new Set([408, 425, 429]);
const FINAL_STATUSES = new Set([501, 505, 511]);

const RETRIED_OWN_CODES = new Set([
  'RESILIENCE_TIMEOUT_EXCEEDED',
  'RESILIENCE_RATE_LIMIT_EXCEEDED',
  'RESILIENCE_BULKHEAD_FULL',
  RETRY_SIGNAL_CODE,
]);

const RETRIED_GRPC_CODES = new Set([4, 8, 10, 14]);
const LAST_GRPC_CODE = 16;

const RETRIED_SQLSTATES = /^(?:08...|40001|40P01|53300|55P03|57P0[123])$/;
/** The classes of PostgreSQL that no code of another system is spelled like; `E2BIG` and Prisma's `P2002` are not. */
const SQLSTATE_CLASS = /^(?:0[0-9ABFLPZ]|10|2[0-8BDF]|3[489BDF]|4[024]|5[34578]|72|F0|HV|P0|XX)/;
const POSTGRES_NAMES = new Set(['DatabaseError', 'PostgresError']);

const REPLY_NAMES = new Set(['ReplyError', 'ErrorReply', 'SimpleError', 'BlobError']);
const RETRIED_REPLIES = /^(?:LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN)\b/;
/** Replies that no other error begins with, whatever class a client gives them. */
const UNMISTAKABLE_REPLIES = /^(?:WRONGTYPE|NOAUTH|NOPERM|WRONGPASS|NOSCRIPT|CROSSSLOT|EXECABORT) /;

const NETWORK_CODES = wordsOf(`
  ECONNREFUSED ECONNRESET ECONNABORTED ETIMEDOUT ESOCKETTIMEDOUT EPIPE ENOTCONN
  EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENETRESET EADDRNOTAVAIL
  EAI_AGAIN ETIMEOUT ESERVFAIL EREFUSED
  UND_ERR_SOCKET UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT
  ERR_NETWORK ERR_SOCKET_CONNECTION_TIMEOUT ERR_STREAM_PREMATURE_CLOSE ERR_HTTP2_STREAM_ERROR
`);

/** What OpenSSL says of a certificate, as Node spells it. */
const CERTIFICATE_CODES = wordsOf(`
  UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_CRL
  UNABLE_TO_DECRYPT_CERT_SIGNATURE UNABLE_TO_DECRYPT_CRL_SIGNATURE UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY
  CERT_SIGNATURE_FAILURE CRL_SIGNATURE_FAILURE CERT_NOT_YET_VALID CERT_HAS_EXPIRED CRL_NOT_YET_VALID CRL_HAS_EXPIRED
  ERROR_IN_CERT_NOT_BEFORE_FIELD ERROR_IN_CERT_NOT_AFTER_FIELD ERROR_IN_CRL_LAST_UPDATE_FIELD
  ERROR_IN_CRL_NEXT_UPDATE_FIELD DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN CERT_CHAIN_TOO_LONG
  CERT_REVOKED CERT_UNTRUSTED CERT_REJECTED INVALID_CA INVALID_PURPOSE PATH_LENGTH_EXCEEDED HOSTNAME_MISMATCH
  ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_CERT_ALTNAME_FORMAT
`);

const ABORT_NAMES = new Set(['AbortError', 'CanceledError']);
const ABORT_CODES = new Set(['ABORT_ERR', 'ERR_CANCELED', 'UND_ERR_ABORTED']);
const BUG_NAMES = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError']);
const BUG_CLASSES = [TypeError, RangeError, ReferenceError, SyntaxError];

type Table = (error: unknown) => Knowledge;

/** The rows of the contract in the order in which they decide: a status before a code, a code before a class. */
const ROWS: readonly Table[] = [ofAbort, ofStatus, ofOwn, ofGrpc, ofPostgres, ofRedis, ofConnection, ofClass];

/** What the table knows of this error alone. */
export function knowledgeOf(error: unknown): Knowledge {
  for (const row of ROWS) {
    const known = row(error);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** Whether an error asks for another attempt; another copy of the package may have made it. */
export function isRetrySignal(error: unknown): boolean {
  return textOf(error, 'code') === RETRY_SIGNAL_CODE;
}

/** Whether this package refused the call by itself, which says nothing about the dependency. */
export function isLocalRefusal(error: unknown): boolean {
  const code = textOf(error, 'code');
  if (code === 'RESILIENCE_BULKHEAD_FULL' || code === 'RESILIENCE_RATE_LIMIT_EXCEEDED') return true;
  return code.startsWith('RESILIENCE_IDEMPOTENCY_');
}

function ofAbort(error: unknown): Knowledge {
  return ABORT_NAMES.has(textOf(error, 'name')) || ABORT_CODES.has(textOf(error, 'code'))
    ? 'final'
    : undefined;
}

function ofStatus(error: unknown): Knowledge {
  const status = statusOf(error);
  if (status === undefined) return undefined;
  // Another request holds the same idempotency key, and says when to come again.
  if (status === 409) return (responseHeaderOf(error, 'retry-after') ?? '').trim() === '' ? 'final' : 'retry';
  if (RETRIED_STATUSES.has(status)) return 'retry';
  return status >= 500 && status < 600 && !FINAL_STATUSES.has(status) ? 'retry' : 'final';
}

function ofOwn(error: unknown): Knowledge {
  const code = textOf(error, 'code');
  if (!code.startsWith(OWN_CODE)) return undefined;
  if (code === 'RESILIENCE_IDEMPOTENCY_STORE') return fieldOf(error, 'phase') === 'begin' ? 'retry' : 'final';
  if (code === 'RESILIENCE_IDEMPOTENCY_IN_FLIGHT')
    return fieldOf(error, 'reentrant') === true ? 'final' : 'retry';
  return RETRIED_OWN_CODES.has(code) ? 'retry' : 'final';
}

function ofGrpc(error: unknown): Knowledge {
  const code = fieldOf(error, 'code');
  const isInRange = typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= LAST_GRPC_CODE;
  if (!isInRange || !isGrpcShape(error)) return undefined;
  return RETRIED_GRPC_CODES.has(code) ? 'retry' : 'final';
}

/** Processes, DOM exceptions and other databases have small numbers as codes too, but never alone. */
function isGrpcShape(error: unknown): boolean {
  if (fieldOf(error, 'details') !== undefined || fieldOf(error, 'metadata') !== undefined) return true;
  if (/^\d+ [A-Z_]+:/.test(textOf(error, 'message'))) return true;
  return tryToRead(() => Object.keys(Object(error)).join()) === 'code';
}

function ofPostgres(error: unknown): Knowledge {
  const code = textOf(error, 'code');
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  if (!SQLSTATE_CLASS.test(code) && !isPostgresShape(error)) return undefined;
  return RETRIED_SQLSTATES.test(code) ? 'retry' : 'final';
}

function isPostgresShape(error: unknown): boolean {
  return textOf(error, 'severity') !== '' || POSTGRES_NAMES.has(textOf(error, 'name'));
}

function ofRedis(error: unknown): Knowledge {
  const message = textOf(error, 'message');
  const className = textOf(fieldOf(error, 'constructor'), 'name');
  const isReply = REPLY_NAMES.has(textOf(error, 'name')) || REPLY_NAMES.has(className);
  if (!isReply) return UNMISTAKABLE_REPLIES.test(message) ? 'final' : undefined;
  return RETRIED_REPLIES.test(message) ? 'retry' : 'final';
}

function ofConnection(error: unknown): Knowledge {
  const code = textOf(error, 'code');
  if (NETWORK_CODES.has(code)) return 'network';
  return code === 'ENOTFOUND' || CERTIFICATE_CODES.has(code) ? 'final' : undefined;
}

function ofClass(error: unknown): Knowledge {
  // By name as well: errors of another realm, as undici's within a test runner, are instances of other classes.
  const isBug = BUG_NAMES.has(textOf(error, 'name')) || BUG_CLASSES.some((each) => isInstance(error, each));
  return isBug ? 'bug' : undefined;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
