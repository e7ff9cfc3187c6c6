/** Numbers that stand for names, which may be of any length: what has a number keeps it. */
export class NumberedNames {
  private readonly numbers = new Map<string, number>();
  private readonly names: string[] = [];

  /** The number of a name. */
  of(name: string): number {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    this.numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** The name that has this number. */
  at(number: number): string | undefined {
    return this.names[number];
  }
}
