import { HttpStatus, Inject, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InvalidOptionsError } from '../../core/index.js';
import { Dashboard } from './dashboard.js';
import type { RequestHeaders } from './same-origin.js';

interface AnyRequest {
  readonly headers: RequestHeaders;
  readonly body?: unknown;
}

/** What the page may order; there is none without a guard. */
export class ControlController {
  constructor(
    @Inject(Dashboard) private readonly dashboard: Dashboard,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** One order: 200 and what was done, or a refusal and why; then nothing was done. */
  // The body is read from the request: pipes of the application must not change it.
  @Post('control')
  control(@Req() request: AnyRequest, @Res() response: unknown): void {
    const { status, message } = this.answerTo(request);
    this.host.httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    this.host.httpAdapter.reply(response, { statusCode: status, message }, status);
  }

  private answerTo({ headers, body }: AnyRequest): { readonly status: number; readonly message: string } {
    const refusal = this.dashboard.refusal(headers);
    if (refusal !== undefined) return refusal;
    try {
      return { status: HttpStatus.OK, message: this.dashboard.obey(body) };
    } catch (error) {
      if (!(error instanceof InvalidOptionsError)) throw error;
      return { status: HttpStatus.UNPROCESSABLE_ENTITY, message: error.message };
    }
  }
}
