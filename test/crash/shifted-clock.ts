/*
 * Loaded before anything else: what this process believes the time to be is off by CLOCK_SHIFT_MS. The machine's own
 * clock, which the ledger uses (`process.hrtime`), is left as it is.
 */
const shiftMs = Number(process.env['CLOCK_SHIFT_MS'] ?? 0);

const RealDate = Date;
const realMonotonic = performance.now.bind(performance);
const shiftedNow = (): number => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given: readonly unknown[]): object =>
    Reflect.construct(target, given.length === 0 ? [shiftedNow()] : given) as object,
  get: (target, name, receiver): unknown =>
    name === 'now' ? shiftedNow : Reflect.get(target, name, receiver),
});
Object.defineProperty(performance, 'now', { value: () => realMonotonic() + shiftMs, configurable: true });

export {};
