import { Catch, Inject, Optional, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError, type Observable } from 'rxjs';
import type { ResilienceError } from '../../core/errors.js';
import { AnyResilienceError } from './any-resilience-error.js';
import { toGraphqlError } from './graphql-error.js';
import { answerHttp, isResponse } from './http-answer.js';
import { isGrpc, toGrpcPayload, toRpcPayload } from './rpc-payload.js';
import { toHttpException } from './to-http-exception.js';
import { answerSocket } from './ws-answer.js';

/**
 * Answers the errors of this package on the transport they occurred on, and touches no other error. The module
 * places it for the whole application; bind it with `@UseFilters(ResilienceExceptionFilter)` on gateways, and on
 * handlers of microservices that are connected without `inheritAppConfig`.
 */
@Catch(AnyResilienceError)
export class ResilienceExceptionFilter implements ExceptionFilter<ResilienceError> {
  /** `app.get(HttpAdapterHost)`, where the filter is not made by Nest and is to answer over HTTP. */
  constructor(@Optional() @Inject(HttpAdapterHost) private readonly adapters?: HttpAdapterHost) {}

  /** Answers the error. @throws the error itself where nobody is there to be answered, and a GraphQL error for a resolver */
  catch(error: ResilienceError, host: ArgumentsHost): Observable<never> | void {
    switch (host.getType<string>()) {
      case 'http':
        return this.answerRequest(error, host);
      case 'rpc':
        return answerMessage(error, host);
      case 'ws':
        return answerSocket(host.switchToWs().getClient(), toRpcPayload(error));
      case 'graphql':
        throw toGraphqlError(error);
      default:
        throw error;
    }
  }

  private answerRequest(error: ResilienceError, host: ArgumentsHost): void {
    const adapter = this.adapters?.httpAdapter;
    const response = host.getArgByIndex<unknown>(1);
    if (!adapter || !isResponse(response)) throw error;
    answerHttp(adapter, response, toHttpException(error));
  }
}

function answerMessage(error: ResilienceError, host: ArgumentsHost): Observable<never> {
  const payload = isGrpc(host.getArgs()) ? toGrpcPayload(error) : toRpcPayload(error);
  return throwError(() => payload);
}
