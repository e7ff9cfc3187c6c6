import { describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type Type } from '@nestjs/common';
import { CircuitBreaker, CircuitBreakerRegistry, ResilienceExplorer, Retryable } from 'nestjs-selfheal';
import { Applications, AT_ONCE, Backend, outcomeOf } from '../../../support/nest-applications.js';

const TWICE = { ...AT_ONCE, maxAttempts: 2 };

class Parent {
  readonly parentBackend = new Backend('F');
  childRuns = 0;

  @Retryable(TWICE)
  async f(): Promise<string> {
    return this.parentBackend.next();
  }

  @Retryable(AT_ONCE)
  async g(): Promise<string> {
    return this.parentBackend.next();
  }

  @Retryable(AT_ONCE)
  async h(): Promise<string> {
    return this.parentBackend.next();
  }
}

@Injectable()
class Child extends Parent {
  @Retryable(TWICE)
  override async f(): Promise<string> {
    this.childRuns += 1;
    return super.f();
  }

  @Retryable(TWICE)
  override async g(): Promise<string> {
    this.childRuns += 1;
    return this.parentBackend.next();
  }

  override async h(): Promise<string> {
    this.childRuns += 1;
    return this.parentBackend.next();
  }
}

describe('inheritance', () => {
  const applications = new Applications();

  it("NI-24: super runs the parent's plan inside the child's, without recursion", async () => {
    const { get, events } = await applications.start({ providers: [Child] });

    await outcomeOf(() => get(Child).f());

    expect(get(Child).childRuns).toBe(2);
    expect(get(Child).parentBackend.runs).toBe(4);
    expect(new Set(events.all.map(({ operation }) => operation))).toEqual(new Set(['Child.f', 'Parent.f']));
  });

  it.each([
    ['with decorators has its own plan only', 'g', 2],
    ['without decorators has none', 'h', 1],
  ] as const)('NI-25: an override %s', async (_, method, runs) => {
    const { get } = await applications.start({ providers: [Child] });

    await outcomeOf(() => get(Child)[method]());

    expect(get(Child).childRuns).toBe(runs);
    expect(get(Child).parentBackend.runs).toBe(runs);
  });

  it("NI-25: the parent's method keeps its plan", async () => {
    const { get } = await applications.start({ providers: [Child, Parent] });

    await outcomeOf(() => get(Parent).g());

    expect(get(Parent).parentBackend.runs).toBe(3);
  });

  it('NI-26: subclasses that inherit a method share its breaker', async () => {
    class Base {
      @CircuitBreaker()
      async f(): Promise<string> {
        throw Object.assign(new Error('down'), { status: 503 });
      }
    }
    class One extends Base {}
    class Other extends Base {}
    const { get, events } = await applications.start({ providers: [One, Other] });
    for (let call = 0; call < 5; call += 1) await outcomeOf(() => get(One).f());

    const { error } = await outcomeOf(() => get(Other).f());

    expect(error).toMatchObject({ code: 'RESILIENCE_CIRCUIT_BREAKER_OPEN', operation: 'Base.f' });
    expect(get(CircuitBreakerRegistry).names()).toEqual(['Base.f']);
    expect(events.of('circuit-breaker.rejected')).toMatchObject([{ operation: 'Base.f' }]);
  });

  it('a function taken over from a parent and decorated again has a plan of its own', async () => {
    class Base {
      readonly backend = new Backend('F');

      @Retryable(TWICE)
      async f(): Promise<string> {
        return this.backend.next();
      }
    }
    class Twice extends Base {}
    const descriptor = { ...Object.getOwnPropertyDescriptor(Base.prototype, 'f') };
    Retryable(AT_ONCE)(Twice.prototype, 'f', descriptor);
    Object.defineProperty(Twice.prototype, 'f', descriptor);
    const { get } = await applications.start({ providers: [Base, Twice] });

    await outcomeOf(() => get(Base).f());
    await outcomeOf(() => get(Twice).f());

    expect(get(Base).backend.runs).toBe(2);
    expect(get(Twice).backend.runs).toBe(6);
  });

  it.each([
    ['default', Scope.DEFAULT],
    ['request', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('a mixin that is copied into a class is wired there, in scope %s', async (_, scope) => {
    class Retried {
      readonly backend = new Backend('F');

      @Retryable({ budget: false, backoff: AT_ONCE.backoff })
      async f(): Promise<string> {
        return this.backend.next();
      }
    }
    class Copied {
      readonly backend = new Backend('F');
      declare f: Retried['f'];
    }
    Injectable({ scope })(Copied);
    // As the handbook of TypeScript does it.
    Object.defineProperty(Copied.prototype, 'f', {
      ...Object.getOwnPropertyDescriptor(Retried.prototype, 'f'),
    });
    const options = { defaults: { retry: { maxAttempts: 5 } } };
    const { app, events, get } = await applications.start({ providers: [Copied] }, options);
    const copied = scope === Scope.DEFAULT ? get(Copied) : await app.resolve(Copied);

    await outcomeOf(() => copied.f());

    expect(copied.backend.runs).toBe(5);
    expect(events.of('retry.gave-up')).toHaveLength(1);
    const described = get(ResilienceExplorer).describe();
    expect(described.find(({ operation }) => operation === 'Retried.f')).toMatchObject({ wired: true });
  });

  it('each evaluation of a mixin is a class of its own', async () => {
    const mixin = (): Type<{ f(): Promise<string> }> => {
      class Mixed {
        @CircuitBreaker()
        async f(): Promise<string> {
          throw Object.assign(new Error('down'), { status: 503 });
        }
      }
      return Mixed;
    };
    const [One, Other] = [mixin(), mixin()];
    const { get } = await applications.start({ providers: [One, Other] });
    for (let call = 0; call < 5; call += 1) await outcomeOf(() => get(One).f());

    const { error } = await outcomeOf(() => get(Other).f());

    expect(error).toMatchObject({ status: 503 });
    expect(get(CircuitBreakerRegistry).names()).toEqual(['Mixed.f', 'Mixed.f#2']);
    const described = get(ResilienceExplorer).describe();
    expect(described.filter(({ wired }) => wired).map(({ operation }) => operation)).toEqual([
      'Mixed.f',
      'Mixed.f#2',
    ]);
  });
});
