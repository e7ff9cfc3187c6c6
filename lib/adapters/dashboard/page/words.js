/** How numbers and kinds are written. */

const TONES = {
  'retry.scheduled': 'warn',
  'retry.recovered': 'good',
  'retry.gave-up': 'bad',
  'budget.refused': 'warn',
  'circuit-breaker.rejected': 'warn',
  'time-limiter.timed-out': 'bad',
  'bulkhead.rejected': 'warn',
  'rate-limiter.rejected': 'warn',
  'fallback.served': 'soft',
  'hedge.launched': 'soft',
  'idempotency.executed': 'quiet',
  'idempotency.replayed': 'soft',
  'idempotency.in-flight': 'warn',
  'idempotency.mismatch': 'bad',
  'idempotency.taken-over': 'warn',
  'idempotency.store-down': 'bad',
  'alert.raised': 'bad',
  'alert.cleared': 'good',
  control: 'soft',
  more: 'quiet',
};

const STATE_TONES = {
  closed: 'good',
  open: 'bad',
  'forced-open': 'bad',
  'half-open': 'warn',
  disabled: 'quiet',
};

const STEP_WORDS = {
  circuitBreaker: 'breaker',
  rateLimiter: 'rate',
  attemptTimeout: 'timeout',
  totalTimeout: 'total timeout',
};

/** The tone of a line of the time line. */
export function toneOf(line) {
  if (line.kind !== 'circuit-breaker.state-changed') return TONES[line.kind] ?? 'quiet';
  return STATE_TONES[line.text.split(' → ')[1]?.split(',')[0]] ?? 'quiet';
}

export function stateTone(state) {
  return STATE_TONES[state] ?? 'quiet';
}

export function stepWord(step) {
  return STEP_WORDS[step] ?? step;
}

/** Milliseconds for people. */
export function span(ms) {
  if (ms === undefined || ms === null) return '–';
  if (ms < 10) return `${Number(ms.toPrecision(2))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}

/** So many per second. */
export function rate(number) {
  if (number === 0) return '0';
  if (number < 0.1) return '<0.1';
  if (number < 10) return number.toFixed(1);
  return number < 10_000 ? String(Math.round(number)) : `${(number / 1_000).toFixed(1)}k`;
}

/** A whole number with groups of three digits. */
export function count(number) {
  return Math.round(number).toLocaleString('en');
}

/** A share from 0 to 1; never 100 % unless it is all. */
export function percent(share) {
  if (share === undefined) return '–';
  const hundredths = share * 100;
  if (hundredths > 0 && hundredths < 0.1) return '<0.1 %';
  if (hundredths > 99.9 && hundredths < 100) return '>99.9 %';
  return `${hundredths >= 99.95 || hundredths < 0.05 ? Math.round(hundredths) : hundredths.toFixed(1)} %`;
}

/** `1 breaker`, `2 breakers`. */
export function many(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** The time of the day. */
export function timeOf(ms) {
  return new Date(ms).toLocaleTimeString('en-GB');
}
