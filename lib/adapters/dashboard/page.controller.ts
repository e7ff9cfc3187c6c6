import { Get, HttpException, HttpStatus, Inject, Param, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Dashboard } from './dashboard.js';
import { isSameOrigin, type RequestHeaders } from './same-origin.js';
import type { EventResponse } from './viewer.js';

/** A request of Express or of Fastify. */
interface AnyRequest {
  readonly headers: RequestHeaders;
}

/** A response of Express, which is Node's own, or a reply of Fastify, which has it. */
type AnyResponse = EventResponse | { readonly raw: EventResponse; hijack(): unknown };

/** The page and what it listens to. */
export class PageController {
  constructor(
    @Inject(Dashboard) private readonly dashboard: Dashboard,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** The page itself. */
  @Get()
  page(@Res() response: unknown): void {
    const { httpAdapter } = this.host;
    const { html, policy } = this.dashboard.page;
    const headers = {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
    };
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, html, HttpStatus.OK);
  }

  /** The options of one method. */
  @Get('methods/:index')
  method(@Param('index') index: string, @Res() response: unknown): void {
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    httpAdapter.setHeader(response, 'Cross-Origin-Resource-Policy', 'same-origin');
    httpAdapter.reply(response, { options: this.dashboard.optionsAt(Number(index)) }, HttpStatus.OK);
  }

  /** What happens, as server-sent events. */
  @Get('events')
  events(@Req() request: AnyRequest, @Res() response: AnyResponse): void {
    if (!isSameOrigin(request.headers)) {
      throw new HttpException('only the page itself may listen', HttpStatus.FORBIDDEN);
    }
    if (!this.dashboard.isOpen) {
      throw new HttpException('too many look already', HttpStatus.SERVICE_UNAVAILABLE);
    }
    this.dashboard.show(eventResponseOf(response));
  }
}

function eventResponseOf(response: AnyResponse): EventResponse {
  if (!('hijack' in response)) return response;
  // From here on the stream is ours, not Fastify's.
  response.hijack();
  return response.raw;
}
