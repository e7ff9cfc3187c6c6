/**
 * The answer of the other side was a failure: an attempt's, or the whole call's where `throwOnError` is set. Its
 * status decides whether it is retried. It names the host only: URLs and headers may hold secrets.
 */
export class HttpResponseError extends Error {
  /** Name of the class. */
  override readonly name: string = 'HttpResponseError';
  /** Status of the answer. */
  readonly status: number;
  // Not a property of its own: what logs an error would log the headers of the answer with it.
  readonly #response: Response;

  constructor(method: string, host: string, response: Response) {
    super(`${method} ${host || 'request'} answered ${response.status}`);
    this.status = response.status;
    this.#response = response;
  }

  /** The answer itself; its body can still be read. */
  get response(): Response {
    return this.#response;
  }

  /** Headers of the answer. */
  get headers(): Headers {
    return this.#response.headers;
  }
}
