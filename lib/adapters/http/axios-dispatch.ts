import type { AxiosLike, AxiosRequestLike } from './axios-shapes.js';

/** Sends a configuration that is complete, headers and data included, once. */
export type AxiosDispatch = (config: AxiosRequestLike) => Promise<unknown>;

interface Parcel extends AxiosRequestLike {
  // A function passes axios's merging of configurations as the very same; an object would be copied.
  readonly open: () => AxiosRequestLike;
}

/** What a parcel holds is as complete as what axios had merged of it. */
function unpack<C extends AxiosRequestLike>(parcel: C): C {
  return (parcel as unknown as Parcel).open() as C;
}

/**
 * The way to the adapter of an instance. Adapters go by names that only axios can resolve, and axios cannot be
 * imported: so a child of the instance, which has none of its interceptors, dispatches what it is given.
 */
export function dispatchOf(instance: AxiosLike): AxiosDispatch {
  const child = instance.create();
  child.interceptors.request.use(unpack, null, { synchronous: true });
  return (config) => {
    const parcel: Parcel = { open: () => config };
    return child.request(parcel);
  };
}
