import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';

const NONE: readonly string[] = [];

type Decode = (bytes: Uint8Array) => Promise<Buffer>;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** The codings of a `Content-Encoding`, in the order in which they were applied. */
export function codingsOf(header: unknown): readonly string[] {
  if (header === undefined) return NONE;
  const text = Array.isArray(header) ? header.join(',') : typeof header === 'string' ? header : '';
  const all = text.split(',').map((each) => each.trim().toLowerCase());
  return all.filter((each) => each !== '' && each !== 'identity');
}

/** Whether a client that sent this `Accept-Encoding` can read all of these codings; none sent means none. */
export function accepts(header: string | undefined, codings: readonly string[]): boolean {
  const weights = new Map(
    (header ?? '').split(',').map((each): [string, number] => {
      const [name = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
      const weight = parameters.find((part) => part.startsWith('q='));
      return [name, weight === undefined ? 1 : Number(weight.slice(2))];
    }),
  );
  return codings.every((coding) => (weights.get(coding) ?? weights.get('*') ?? 0) > 0);
}

/** The bytes without their codings; `undefined` where one is not known here. */
export async function decoded(body: Uint8Array, codings: readonly string[]): Promise<Uint8Array | undefined> {
  let bytes = body;
  for (const coding of codings.toReversed()) {
    const decode = DECODERS[coding];
    if (decode === undefined) return undefined;
    bytes = await decode(bytes);
  }
  return bytes;
}
