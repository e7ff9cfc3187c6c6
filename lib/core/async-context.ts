import { AsyncLocalStorage } from 'node:async_hooks';

/** Whose it is what running code stands in. */
interface Owner {
  isOver(standing: object): boolean;
}

/** What running code stands in, the innermost first, whoever's it is. */
class Place {
  /** How many there are. */
  readonly depth: number;

  constructor(
    readonly owner: Owner,
    readonly standing: object,
    readonly around: Place | undefined,
  ) {
    this.depth = around === undefined ? 1 : around.depth + 1;
  }
}

/**
 * One for all that the library wants to know of running code, in all applications of the process: Node keeps for good
 * what was used once, and every promise pays for each. It costs nothing until something is run inside.
 */
const PLACES = new AsyncLocalStorage<Place>();

/** From here on what is over is looked for now and then only, so that calls deep inside others stay cheap. */
const LOOKED_THROUGH = 8;

/** What of a kind of things that code runs inside is of interest. */
export interface ContextKind<T> {
  /** Whether it means nothing any more to whom it has left behind. */
  isOver(standing: T): boolean;
  /** Whether one hides those around it. */
  readonly hides: boolean;
}

/** Things of one kind that code can run inside; each context sees its own alone. */
export class AsyncContext<T extends object> {
  private quiet = true;

  constructor(private readonly kind: ContextKind<T>) {}

  /** Whether nothing was ever run inside: there is nothing to look for. */
  get isQuiet(): boolean {
    return this.quiet;
  }

  /** What the running code stands in most closely. */
  get innermost(): T | undefined {
    return this.find(always);
  }

  /** The innermost of those that the running code stands in, and that are asked for. */
  find(isMeant: (standing: T) => boolean): T | undefined {
    if (this.quiet) return undefined;
    for (let place = PLACES.getStore(); place !== undefined; place = place.around) {
      // Nobody else puts something there in the name of this context.
      if (place.owner === this && isMeant(place.standing as T)) return place.standing as T;
    }
    return undefined;
  }

  /** Calls the function, and all that it starts, inside. */
  run<R>(standing: T, fn: () => R): R {
    return PLACES.run(this.place(standing), fn);
  }

  /** The same without a closure for each call: Node's way of passing arguments costs less than one, but is not free. */
  runWith<R, A>(standing: T, fn: (given: A) => R, given: A): R {
    return PLACES.run(this.place(standing), fn, given);
  }

  /** For the context itself. */
  isOver(standing: T): boolean {
    return this.kind.isOver(standing);
  }

  private place(standing: T): Place {
    this.quiet = false;
    return new Place(this, standing, this.around(PLACES.getStore()));
  }

  /** Without what is over, and what is hidden: it would pile up where calls go on starting each other. */
  private around(innermost: Place | undefined): Place | undefined {
    if (innermost === undefined) return undefined;
    const { depth } = innermost;
    const isLookedThrough = depth <= LOOKED_THROUGH || depth % LOOKED_THROUGH === 0;
    return isLookedThrough ? this.cleared(innermost) : innermost;
  }

  private cleared(innermost: Place): Place | undefined {
    const kept: Place[] = [];
    for (let place: Place | undefined = innermost; place !== undefined; place = place.around) {
      const isHidden = this.kind.hides && place.owner === this;
      if (!isHidden && !place.owner.isOver(place.standing)) kept.push(place);
    }
    if (kept.length === innermost.depth) return innermost;
    return kept.reduceRight<Place | undefined>(
      (around, { owner, standing }) => new Place(owner, standing, around),
      undefined,
    );
  }
}

function always(): boolean {
  return true;
}
