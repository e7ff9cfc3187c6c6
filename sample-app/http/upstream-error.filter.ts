import { type ArgumentsHost, BadGatewayException, Catch } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { UpstreamError } from './upstream.error.js';

/** Answers 502 when an upstream's own failure reaches the customer. */
@Catch(UpstreamError)
export class UpstreamErrorFilter extends BaseExceptionFilter<UpstreamError> {
  override catch(error: UpstreamError, host: ArgumentsHost): void {
    super.catch(new BadGatewayException(error.message) as unknown as UpstreamError, host);
  }
}
