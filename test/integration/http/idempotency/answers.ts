import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Header,
  HttpCode,
  HttpException,
  type NestInterceptor,
  Post,
  Query,
  Redirect,
  Res,
  StreamableFile,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { map, type Observable } from 'rxjs';
import { Fallback, Idempotent } from 'nestjs-selfheal';
import type { Answer } from './shop.js';

export const BYTES = randomBytes(100_000);
/** How often each handler ran. */
export const runs = new Map<string, number>();

function ran(name: string): number {
  const number = (runs.get(name) ?? 0) + 1;
  runs.set(name, number);
  return number;
}

/** A response of either platform. */
interface AnyResponse {
  readonly raw?: AnyResponse;
  header(name: string, value: unknown): void;
  setHeader(name: string, value: unknown): void;
  status(code: number): AnyResponse;
  send(payload: unknown): void;
  write(chunk: string): boolean;
  end(chunk?: string): void;
}

class DomainError extends Error {}

@Catch(DomainError)
class DomainFilter implements ExceptionFilter<DomainError> {
  constructor(private readonly adapters: HttpAdapterHost) {}

  catch(error: DomainError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<unknown>();
    this.adapters.httpAdapter.reply(response, { domain: error.message, at: ran('filter') }, 409);
  }
}

class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data, ok: true, at: ran('envelope') })));
  }
}

/** Handlers that answer in every way there is. */
@Controller()
export class Answers {
  @Idempotent({ scope: 'shared' })
  @Post('headers')
  @Header('Location', '/orders/1')
  @Header('ETag', '"one"')
  @Header('Link', '</next>; rel="next"')
  @Header('X-Other', 'not listed')
  headers(@Res({ passthrough: true }) response: AnyResponse): Promise<object> {
    response.header('X-Total', String(ran('headers')));
    response.header('Set-Cookie', ['a=1', 'b=2']);
    return Promise.resolve({ ok: true });
  }

  @Idempotent({ scope: 'shared' })
  @HttpCode(204)
  @Post('none')
  async none(): Promise<void> {
    ran('none');
  }

  @Idempotent({ scope: 'shared' })
  @Post('value')
  async value(@Query('give') give: string): Promise<unknown> {
    ran('value');
    return give === 'undefined' ? undefined : (JSON.parse(give) as unknown);
  }

  @Idempotent({ scope: 'shared' })
  @Redirect('/elsewhere', 303)
  @Post('redirect')
  async redirect(): Promise<void> {
    ran('redirect');
  }

  @Idempotent({ scope: 'shared' })
  @Post('raw-once')
  async rawOnce(@Res() response: AnyResponse): Promise<void> {
    response.status(202).send(`run ${ran('raw-once')}`);
  }

  @Idempotent({ scope: 'shared' })
  @Post('raw-five')
  async rawFive(@Res() response: AnyResponse): Promise<void> {
    const raw = response.raw ?? response;
    raw.setHeader('Content-Type', 'text/plain; charset=utf-8');
    for (let number = 1; number <= 5; number += 1) raw.write(`part ${number} of run ${ran('raw-five')}\n`);
    await Promise.resolve();
    raw.end();
  }

  @Idempotent({ scope: 'shared' })
  @Post('file')
  async file(): Promise<StreamableFile> {
    ran('file');
    return new StreamableFile(BYTES, { type: 'image/png', disposition: 'attachment; filename="a.png"' });
  }

  @Idempotent({ scope: 'shared' })
  @Post('buffer')
  @Header('Content-Type', 'application/octet-stream')
  async buffer(): Promise<StreamableFile> {
    ran('buffer');
    return new StreamableFile(Readable.from([BYTES.subarray(0, 70_000), BYTES.subarray(70_000)]));
  }

  @Idempotent({ scope: 'shared' })
  @Post('large')
  async large(): Promise<StreamableFile> {
    ran('large');
    return new StreamableFile(Readable.from(Array.from({ length: 105 }, () => BYTES)));
  }

  @Idempotent({ scope: 'shared' })
  @Post('fail')
  async fail(@Query('status') status: string): Promise<void> {
    throw new HttpException({ own: `run ${ran(`fail ${status}`)}` }, Number(status));
  }

  @Idempotent({ scope: 'shared', final: () => true })
  @Post('kept-500')
  async kept(): Promise<void> {
    throw new HttpException({ own: `run ${ran('kept-500')}` }, 500);
  }

  @Idempotent({ scope: 'shared' })
  @UseInterceptors(Envelope)
  @Post('wrapped')
  async wrapped(): Promise<object> {
    return { run: ran('wrapped') };
  }

  @UseFilters(DomainFilter)
  @Idempotent({ scope: 'shared' })
  @Post('domain')
  async domain(): Promise<void> {
    ran('domain');
    throw new DomainError('sold out');
  }

  @Fallback({ value: 'degraded' })
  @Idempotent({ scope: 'shared' })
  @Post('degraded')
  async degraded(): Promise<string> {
    if (ran('degraded') === 1) throw new HttpException('down', 503);
    return 'real';
  }

  @Fallback({ value: 'degraded', applyOn: () => true })
  @Idempotent({ scope: 'shared' })
  @Post('always-degraded')
  async alwaysDegraded(): Promise<string> {
    ran('always-degraded');
    throw new HttpException('no such order', 404);
  }

  @Fallback({ value: 'degraded' })
  @Idempotent({ scope: 'shared' })
  @Post('missing')
  async missing(): Promise<string> {
    ran('missing');
    throw new HttpException('no such order', 404);
  }
}

const LISTED = [
  'content-type',
  'content-disposition',
  'location',
  'etag',
  'link',
  'cache-control',
  'x-total',
];

/** What of an answer is replayed. */
export function facts({ status, headers, body }: Answer): object {
  return { status, headers: LISTED.map((name) => headers[name]), body: body.toString('base64') };
}
