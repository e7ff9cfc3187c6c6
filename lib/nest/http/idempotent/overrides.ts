type Method = (...args: never[]) => unknown;

/** Own properties of an object in the place of those it has, until they are put back. */
export class Overrides {
  private readonly before = new Map<string, PropertyDescriptor | undefined>();
  private readonly ours = new Map<string, unknown>();
  private readonly originals = new Map<string, Method>();

  constructor(private readonly target: object) {}

  /** Puts a function in the place of a method. */
  method(name: string, ours: (...args: unknown[]) => unknown): void {
    const original: unknown = Reflect.get(this.target, name);
    if (typeof original !== 'function') return;
    this.originals.set(name, original as Method);
    this.place(name, { value: ours, writable: true, configurable: true, enumerable: false }, ours);
  }

  /** Puts a computed value in the place of a property. */
  value(name: string, get: () => unknown): void {
    this.place(name, { get, configurable: true, enumerable: false }, get);
  }

  /** Calls the method in whose place ours stands. */
  original(name: string, args: readonly unknown[]): unknown {
    const method = this.originals.get(name) ?? (Reflect.get(this.target, name) as Method);
    return Reflect.apply(method, this.target, args);
  }

  /** Puts everything back, except where somebody else has put his own in the place of ours since. */
  restore(): void {
    for (const [name, descriptor] of this.before) {
      const present = Object.getOwnPropertyDescriptor(this.target, name);
      if ((present?.value ?? present?.get) !== this.ours.get(name)) continue;
      if (descriptor === undefined) Reflect.deleteProperty(this.target, name);
      else Object.defineProperty(this.target, name, descriptor);
    }
    this.before.clear();
  }

  private place(name: string, descriptor: PropertyDescriptor, ours: unknown): void {
    this.before.set(name, Object.getOwnPropertyDescriptor(this.target, name));
    this.ours.set(name, ours);
    Object.defineProperty(this.target, name, descriptor);
  }
}
