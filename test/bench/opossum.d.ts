// The part of opossum that is measured; it brings no types of its own.
declare module 'opossum' {
  interface OpossumOptions {
    readonly timeout: number | false;
    readonly capacity?: number;
  }

  class OpossumBreaker {
    constructor(action: (value: number) => Promise<unknown>, options: OpossumOptions);
    fire(value: number): Promise<unknown>;
    open(): void;
  }

  export default OpossumBreaker;
}
