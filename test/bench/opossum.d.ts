// The part of opossum that is measured; it brings no types of its own.
declare module 'opossum' {
  interface OpossumOptions {
    readonly timeout: number | false;
    readonly capacity?: number;
  }

  class OpossumBreaker<T = number> {
    constructor(action: (value: T) => Promise<unknown>, options: OpossumOptions);
    fire(value: T): Promise<unknown>;
    open(): void;
  }

  export default OpossumBreaker;
}
