/** A value cannot be kept so that it comes back as it is. */
export class NotStorableError extends Error {
  constructor(
    /** Where in the value; empty for the value itself. */
    readonly path: string,
    /** Why, as the end of a sentence. */
    readonly why: string,
    options?: ErrorOptions & { readonly className?: string },
  ) {
    super(`${path === '' ? 'the value' : path} ${why}`, options);
    this.name = 'NotStorableError';
    this.className = options?.className;
  }

  /** The class that nobody has registered, where that is the reason. */
  readonly className: string | undefined;
}

/** A value is longer than can be kept, which was clear before it was written to its end. */
export class TooLongError extends NotStorableError {
  constructor(maxBytes: number) {
    super('', `is longer than the ${maxBytes} bytes that can be kept`);
  }
}
