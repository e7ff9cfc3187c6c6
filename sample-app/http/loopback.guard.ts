import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

const OWN = ['127.0.0.1', '::1', '::ffff:127.0.0.1'];

/** Lets those in who sit at this machine. An application of yours asks for the role of its user. */
@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { socket } = context.switchToHttp().getRequest<{ socket: { remoteAddress?: string } }>();
    return OWN.includes(socket.remoteAddress ?? '');
  }
}
