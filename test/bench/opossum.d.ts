// The part of opossum that is measured; it brings no types of its own.
declare module 'opossum' {
  interface OpossumOptions {
    readonly timeout: number | false;
    readonly capacity?: number;
    readonly errorThresholdPercentage?: number;
  }

  class OpossumBreaker<A, T> {
    constructor(action: (argument: A) => Promise<T>, options: OpossumOptions);
    fire(argument: A): Promise<T>;
    open(): void;
  }

  export default OpossumBreaker;
}
