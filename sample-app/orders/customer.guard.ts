import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';

interface CustomerRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  customer?: string;
}

/** Lets customers in. An application of yours verifies a token; this one takes the header's word for who it is. */
@Injectable()
export class CustomerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<CustomerRequest>();
    const customer = request.headers['x-customer'];
    if (typeof customer !== 'string' || customer === '')
      throw new UnauthorizedException('X-Customer is needed');
    request.customer = customer;
    return true;
  }
}

/** @throws {UnauthorizedException} for a request that has not passed the guard */
export function customerOf(request: unknown): string {
  const { customer } = request as CustomerRequest; // of a route that is behind the guard
  if (customer === undefined) throw new UnauthorizedException();
  return customer;
}
