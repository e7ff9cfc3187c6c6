/** In the place of every name above the bound. */
export const OTHERS = '(others)';

/** The first so many names as they are; all later ones are one, so that no input makes series without end. */
export class BoundedNames {
  private readonly known = new Set<string>();

  constructor(private readonly most: number) {}

  /** What a label says in the place of the name. */
  of(name: string): string {
    if (this.known.has(name)) return name;
    if (this.known.size >= this.most) return OTHERS;
    this.known.add(name);
    return name;
  }
}
