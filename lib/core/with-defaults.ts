/** Options that were given, without the fields whose value is `undefined`: they count as not given. */
type Filled<D, G> = Omit<G, keyof D> & D;

/**
 * Given options laid over defaults, field by field. A field that is given as `undefined` counts as not given.
 * The defaults are stated in the types of the options, so that they say what each field may hold.
 */
export function withDefaults<D extends object, G extends object>(defaults: D, given: G): Filled<D, G> {
  const stated = Object.entries(given).filter(([, value]) => value !== undefined);
  // TypeScript does not see through `fromEntries`: a field of D or G has the type that it has there.
  return { ...defaults, ...Object.fromEntries(stated) } as Filled<D, G>;
}
