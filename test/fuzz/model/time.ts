interface Task {
  readonly atMs: number;
  readonly run: () => void;
  readonly isLimit: boolean;
}

/** Time of the model: a list of tasks, and a list of what follows at once. */
export class ModelTime {
  nowMs = 0;
  wallMs: number;
  private tasks: Task[] = [];
  private readonly next: (() => void)[] = [];

  constructor(startsAtMs: number) {
    this.wallMs = startsAtMs;
  }

  /** Plans the end of a time limit: all that end in one moment end together. */
  limitAfter(ms: number, run: () => void): () => void {
    return this.after(ms, run, true);
  }

  /** Plans a task; answers how to take it back. */
  after(ms: number, run: () => void, isLimit = false): () => void {
    const task = { atMs: this.nowMs + ms, run, isLimit };
    this.tasks.push(task);
    return () => {
      this.tasks = this.tasks.filter((each) => each !== task);
    };
  }

  /** Runs this when what runs now has come to its end, in the same moment. */
  soon(run: () => void): void {
    this.next.push(run);
  }

  advanceTo(atMs: number): void {
    this.settle();
    for (let task = this.dueBy(atMs); task !== undefined; task = this.dueBy(atMs)) {
      const current = task;
      this.tasks = this.tasks.filter((each) => each !== current);
      this.nowMs = Math.max(this.nowMs, task.atMs);
      task.run();
      if (!task.isLimit || this.dueBy(task.atMs)?.isLimit !== true) this.settle();
    }
    if (atMs !== Number.POSITIVE_INFINITY) this.nowMs = Math.max(this.nowMs, atMs);
  }

  settle(): void {
    for (let run = this.next.shift(); run !== undefined; run = this.next.shift()) run();
  }

  /** The earliest of those that are due; of two of the same moment the one that was planned first. */
  private dueBy(atMs: number): Task | undefined {
    let earliest: Task | undefined;
    for (const task of this.tasks) {
      if (task.atMs <= atMs && (earliest === undefined || task.atMs < earliest.atMs)) earliest = task;
    }
    return earliest;
  }
}
