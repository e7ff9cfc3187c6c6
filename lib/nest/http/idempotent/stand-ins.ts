import type { ServerResponse } from 'node:http';
import {
  equippedPrototype,
  type Method,
  type MethodName,
  methodsOf,
  type Methods,
  type PlacedMethods,
  propertiesOf,
  SHARED,
  SHARED_PROPERTIES,
  standFirst,
  type WriteName,
} from './placed-methods.js';

type Mutable<T> = { [K in keyof T]: T[K] | undefined };

/**
 * Stands in the place of the methods of one response until it lets go. Nothing is made for one response that all can
 * share, and none is deleted or computed: a response of a shape of its own is slow in all of Node, and large.
 */
export abstract class StandIns implements PlacedMethods {
  private readonly methods: Methods;
  /** What somebody has put on the response itself, where ours stands now. */
  private readonly own: Mutable<Methods> = {
    writeHead: undefined,
    flushHeaders: undefined,
    write: undefined,
    end: undefined,
    setHeader: undefined,
    appendHeader: undefined,
    removeHeader: undefined,
    setHeaders: undefined,
  };
  private readonly response: Partial<Methods>;
  /** What all responses of the application inherit, where ours stand in it. */
  private readonly inherited: Methods | undefined;
  private hasLetGo = false;

  constructor(protected readonly raw: ServerResponse) {
    // Its methods by their names, whatever each of them takes.
    this.response = raw as unknown as Partial<Methods>;
    // Whoever has wrapped the functions that are shared calls who was there first: later ones have theirs.
    const isFirst = standFirst(raw, this);
    this.methods = isFirst ? SHARED : methodsOf(() => this);
    this.inherited = isFirst ? equippedPrototype(raw) : undefined;
    this.takeWrites();
  }

  /** In the place of a method, while nothing was let go. */
  protected abstract written(name: WriteName, args: readonly unknown[]): unknown;
  abstract get isBegun(): boolean;
  abstract get isEnded(): boolean;

  get isOver(): boolean {
    return this.hasLetGo;
  }

  /** By what no two responses share: a request may be answered by a response of its own within another. */
  standsFor(face: object): boolean {
    return face === this.raw || Reflect.get(face, '_events') === Reflect.get(this.raw, '_events');
  }

  called(name: MethodName, args: readonly unknown[]): unknown {
    if (name === 'write' || name === 'end' || name === 'writeHead' || name === 'flushHeaders') {
      return this.hasLetGo ? this.original(name, args) : this.written(name, args);
    }
    return this.hasLetGo || !this.isBegun ? this.original(name, args) : tooLate();
  }

  /** Calls the method in whose place ours stands. */
  protected original(name: MethodName, args: readonly unknown[]): unknown {
    const method = this.own[name] ?? this.inherited?.[name];
    return method === undefined ? undefined : Reflect.apply(method, this.raw, args);
  }

  /**
   * Has Node refuse what it would refuse. Nobody's wrapper is called for it: those of the response were made when
   * ours stood beneath them already, and would come back here.
   */
  protected refused(name: MethodName, args: readonly unknown[]): unknown {
    const method = this.inherited?.[name] ?? this.own[name];
    return method === undefined ? undefined : Reflect.apply(method, this.raw, args);
  }

  /** From now on headers cannot be set, and seem to have left. */
  protected begin(): void {
    this.takeHeaders();
    if (this.inherited !== undefined) return;
    const properties = this.methods === SHARED ? SHARED_PROPERTIES : propertiesOf(() => this);
    Object.defineProperty(this.raw, 'headersSent', properties.headersSent);
    Object.defineProperty(this.raw, 'writableEnded', properties.writableEnded);
  }

  /** Puts everything back, except where somebody else has put his own in the place of ours since. */
  protected letGo(): boolean {
    if (this.hasLetGo) return false;
    this.hasLetGo = true;
    this.putWritesBack();
    this.putHeadersBack();
    return true;
  }

  /** Whether ours is to stand on the response itself: not where it has none of its own, and inherits ours. */
  private takes(name: MethodName): boolean {
    return this.inherited === undefined || Object.hasOwn(this.response, name);
  }

  /** What stands there is kept. */
  private kept(name: MethodName, present: Method | undefined): boolean {
    if (typeof present !== 'function') return false;
    this.own[name] = present;
    return true;
  }

  // One by one and by their names: what is set by a computed name is a property of another kind to the engine. Nothing
  // is read in vain: each response of Express has a shape of its own, of which the engine remembers nothing.
  private takeWrites(): void {
    const { response, methods } = this;
    if (this.takes('writeHead') && this.kept('writeHead', response.writeHead)) {
      response.writeHead = methods.writeHead;
    }
    if (this.takes('flushHeaders') && this.kept('flushHeaders', response.flushHeaders)) {
      response.flushHeaders = methods.flushHeaders;
    }
    if (this.takes('write') && this.kept('write', response.write)) response.write = methods.write;
    if (this.takes('end') && this.kept('end', response.end)) response.end = methods.end;
  }

  private takeHeaders(): void {
    const { response, methods } = this;
    if (this.takes('setHeader') && this.kept('setHeader', response.setHeader)) {
      response.setHeader = methods.setHeader;
    }
    if (this.takes('appendHeader') && this.kept('appendHeader', response.appendHeader)) {
      response.appendHeader = methods.appendHeader;
    }
    if (this.takes('removeHeader') && this.kept('removeHeader', response.removeHeader)) {
      response.removeHeader = methods.removeHeader;
    }
    if (this.takes('setHeaders') && this.kept('setHeaders', response.setHeaders)) {
      response.setHeaders = methods.setHeaders;
    }
  }

  private putWritesBack(): void {
    const { response, methods, own } = this;
    const { writeHead, flushHeaders, write, end } = own;
    if (writeHead !== undefined && response.writeHead === methods.writeHead) response.writeHead = writeHead;
    if (write !== undefined && response.write === methods.write) response.write = write;
    if (end !== undefined && response.end === methods.end) response.end = end;
    if (flushHeaders !== undefined && response.flushHeaders === methods.flushHeaders) {
      response.flushHeaders = flushHeaders;
    }
  }

  private putHeadersBack(): void {
    const { response, methods, own } = this;
    const { setHeader, appendHeader, removeHeader, setHeaders } = own;
    if (setHeader !== undefined && response.setHeader === methods.setHeader) response.setHeader = setHeader;
    if (setHeaders !== undefined && response.setHeaders === methods.setHeaders) {
      response.setHeaders = setHeaders;
    }
    if (appendHeader !== undefined && response.appendHeader === methods.appendHeader) {
      response.appendHeader = appendHeader;
    }
    if (removeHeader !== undefined && response.removeHeader === methods.removeHeader) {
      response.removeHeader = removeHeader;
    }
  }
}

/** As Node says it: whoever knows its code knows what to do. @throws always */
export function tooLate(): never {
  const message = 'Cannot set headers after they are sent to the client';
  throw Object.assign(new Error(message), { code: 'ERR_HTTP_HEADERS_SENT' });
}
