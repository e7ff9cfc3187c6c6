const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';
const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';

/** The three forms of RFC 9110, section 5.6.7; all of them mean GMT, the last without saying so. */
const FORMS = [
  new RegExp(`^${SHORT_DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${SHORT_DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
];

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const FARTHEST_YEARS_AHEAD = 50;

/**
 * Milliseconds since 1970 of an HTTP date, spelled exactly as one of the three forms; `undefined` for everything
 * else. The time zone of the process plays no part; `nowMs` only tells the century of a year of two digits.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return timeOf(parts, nowMs);
  }
  return undefined;
}

function timeOf(parts: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const year = yearOf(parts['year'] ?? '', nowMs);
  const month = MONTHS.indexOf(parts['month'] ?? '') + 1;
  const day = Number(parts['day']);
  if (day < 1 || day > daysIn(year, month)) return undefined;
  const seconds = Number(parts['hour']) * 3600 + Number(parts['minute']) * 60 + Number(parts['second']);
  return daysBefore(year, month, day) * DAY_MS + seconds * SECOND_MS;
}

/** Two digits that would lie more than 50 years ahead mean the past century. */
function yearOf(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = yearAt(nowMs);
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + FARTHEST_YEARS_AHEAD ? year - 100 : year;
}

function yearAt(timeMs: number): number {
  const days = Math.floor(timeMs / DAY_MS);
  const guess = 1970 + Math.floor(days / 365.2425);
  if (daysBefore(guess, 1, 1) > days) return guess - 1;
  return daysBefore(guess + 1, 1, 1) > days ? guess : guess + 1;
}

function daysIn(year: number, month: number): number {
  const [nextYear, nextMonth] = month === 12 ? [year + 1, 1] : [year, month + 1];
  return daysBefore(nextYear, nextMonth, 1) - daysBefore(year, month, 1);
}

/**
 * Days from 1970-01-01 to a date of the Gregorian calendar, by Howard Hinnant's "chrono-compatible low-level date
 * algorithms": years that begin in March have their leap day at the end.
 */
function daysBefore(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const monthFromMarch = (month + 9) % 12;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  return 365 * marchYear + leapDays + dayOfYear - 719_468;
}
