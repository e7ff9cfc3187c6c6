import { createHash } from 'node:crypto';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type Type,
  UseInterceptors,
} from '@nestjs/common';
import { mergeMap, type Observable } from 'rxjs';

/** What is used of the client. */
export interface ScriptClient {
  scriptLoad(script: string): Promise<string>;
  evalSha(sha1: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>;
}

const CLAIM = "return redis.call('set', KEYS[1], ARGV[1], 'nx', 'px', 60000)";
const KEEP = "return redis.call('set', KEYS[1], ARGV[1], 'px', 86400000)";

/** What an interceptor reads of a request, the same on both platforms. */
interface GuardedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * What any guard costs that asks Redis twice for each request: two scripts, a hash of the body, the value as JSON. It
 * keeps no promise beyond that: no lease, no fence, no takeover, no status, no headers, nobody waits or is refused.
 */
export async function floorOf(client: ScriptClient): Promise<MethodDecorator> {
  const [claim, keep] = [await client.scriptLoad(CLAIM), await client.scriptLoad(KEEP)];

  @Injectable()
  class FloorInterceptor implements NestInterceptor {
    async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
      const { headers, body } = context.switchToHttp().getRequest<GuardedRequest>();
      const keys = [`floor:${headers['idempotency-key']}`];
      const fingerprint = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
      await client.evalSha(claim, { keys, arguments: [fingerprint] });
      return next.handle().pipe(
        mergeMap(async (value) => {
          await client.evalSha(keep, { keys, arguments: [fingerprint + JSON.stringify(value)] });
          return value as unknown;
        }),
      );
    }
  }
  const interceptor: Type<NestInterceptor> = FloorInterceptor;
  return UseInterceptors(interceptor);
}
