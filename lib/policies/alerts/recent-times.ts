/** The times of the last so many happenings, however many there are in all. */
export class RecentTimes {
  private readonly times: number[] = [];
  private oldest = 0; // index in `times`, once they are so many

  constructor(private readonly most: number) {}

  add(nowMs: number): void {
    if (this.times.length < this.most) {
      this.times.push(nowMs);
      return;
    }
    this.times[this.oldest] = nowMs;
    this.oldest = (this.oldest + 1) % this.most;
  }

  /** Time of the oldest of the last so many; `undefined` until there were so many. */
  get firstMs(): number | undefined {
    return this.times.length < this.most ? undefined : this.times[this.oldest];
  }
}
