import { createHash } from 'node:crypto';

/** A program that the server runs in one atomic step, known to it by its digest. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

/*
 * Fields of a record's hash: s state (p in progress, c completed, r released), f fingerprint, o owner, n fence,
 * a attempts, r recovered mark, l lease end in ms of the server's clock; of an outcome k kind, m metadata, b body.
 * The expiry of the hash is the retention. Fences pass 2^53 and are text throughout; numbers are never left to Lua's
 * own formatting, which keeps 14 digits. HSET comes first in every change: it is what a full server refuses, and
 * then nothing has happened yet.
 */
const PRELUDE = `
local key = KEYS[1]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local function whole(number) return string.format('%.0f', number) end
local found = redis.call('HMGET', key, 's', 'o', 'n', 'f', 'a', 'r', 'l')
local state, owner, fence, print, attempts, mark = found[1], found[2], found[3], found[4], found[5], found[6]
local lease = tonumber(found[7] or '0')
`;

const BEGIN = `${PRELUDE}
local wanted, asker, leaseMs, retentionMs = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local function tag(text) return string.match(text, '^[^:]*') end
local function above(last)
  local fresh = clock[1] .. string.format('%06d', tonumber(clock[2]))
  if not last or #fresh > #last or (#fresh == #last and fresh > last) then return fresh end
  local head, nines = string.match(last, '^(.-)(9*)$')
  local zeros = string.rep('0', #nines)
  if head == '' then return '1' .. zeros end
  return string.sub(head, 1, -2) .. string.char(string.byte(head, -1) + 1) .. zeros
end
local function claim(count, recovered, tookOver)
  local next = above(fence)
  local number = whole(count + 1)
  redis.call('HSET', key, 's', 'p', 'f', wanted, 'o', asker, 'n', next, 'a', number, 'r', recovered,
    'l', whole(now + leaseMs))
  redis.call('HDEL', key, 'k', 'm', 'b')
  redis.call('PEXPIRE', key, retentionMs)
  return {'acquired', next, number, recovered, tookOver}
end
if not state then return claim(0, '0', '0') end
if state == 'r' then return claim(tonumber(attempts), mark, '0') end
local compared = wanted ~= '' and print ~= '' and tag(wanted) == tag(print)
local differs = compared and wanted ~= print
if state == 'c' then
  if differs then return {'mismatch', 'completed'} end
  local outcome = redis.call('HMGET', key, 'k', 'm', 'b')
  return {'completed', outcome[1], outcome[2], outcome[3], compared and '1' or '0'}
end
if owner == asker then
  redis.call('HSET', key, 'l', whole(now + leaseMs))
  redis.call('PEXPIRE', key, retentionMs)
  return {'acquired', fence, attempts, mark, '0'}
end
if differs then return {'mismatch', 'in-progress'} end
if lease > now then return {'busy', whole(lease - now)} end
return claim(tonumber(attempts), '1', '1')
`;

const EXTEND = `${PRELUDE}
local mine = owner == ARGV[1] and fence == ARGV[2]
if state and not (state == 'p' and mine) then return {'fenced'} end
local leaseEnd = whole(now + tonumber(ARGV[6]))
if state then
  redis.call('HSET', key, 'l', leaseEnd)
else
  redis.call('HSET', key, 's', 'p', 'o', ARGV[1], 'n', ARGV[2], 'a', ARGV[3], 'r', ARGV[4], 'f', ARGV[5],
    'l', leaseEnd)
end
redis.call('PEXPIRE', key, ARGV[7])
return {state and 'ok' or 'recreated'}
`;

const COMPLETE = `${PRELUDE}
local mine = owner == ARGV[1] and fence == ARGV[2]
if state and (state == 'r' or not mine) then return {'fenced'} end
if state == 'c' then return {'ok'} end
redis.call('HSET', key, 's', 'c', 'o', ARGV[1], 'n', ARGV[2], 'a', attempts or ARGV[3], 'r', mark or ARGV[4],
  'f', print or ARGV[5], 'k', ARGV[7], 'm', ARGV[8], 'b', ARGV[9])
redis.call('HDEL', key, 'l')
redis.call('PEXPIRE', key, ARGV[6])
return {state and 'ok' or 'recreated'}
`;

const RELEASE = `${PRELUDE}
if not state then return {'gone'} end
if state == 'r' then return {'ok'} end
if state == 'c' or owner ~= ARGV[1] or (ARGV[2] ~= '' and ARGV[2] ~= fence) then return {'fenced'} end
redis.call('HSET', key, 's', 'r')
redis.call('HDEL', key, 'o', 'f', 'l')
redis.call('PEXPIRE', key, mark == '1' and ARGV[4] or ARGV[3])
return {'ok'}
`;

const FORGET = `${PRELUDE}
if not state then return {'gone'} end
redis.call('HSET', key, 's', 'r')
redis.call('HDEL', key, 'o', 'f', 'l', 'k', 'm', 'b')
local left, least = redis.call('PTTL', key), tonumber(ARGV[1])
if left >= 0 and left < least then redis.call('PEXPIRE', key, ARGV[1]) end
return {'ok'}
`;

const READ = `${PRELUDE}
if not state then return {} end
local left = whole(redis.call('PTTL', key))
local view = {state, attempts, mark, fence, left}
if state == 'p' then view[6], view[7] = whole(lease - now), print or '' end
if state == 'c' then
  local outcome = redis.call('HMGET', key, 'k', 'm', 'b')
  view[6], view[7], view[8], view[9] = outcome[1], outcome[2], outcome[3], print or ''
end
return view
`;

function scriptOf(text: string): RedisScript {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** One script for each operation; each has one key, so all of them work in a cluster. */
export const REDIS_SCRIPTS = {
  begin: scriptOf(BEGIN),
  extend: scriptOf(EXTEND),
  complete: scriptOf(COMPLETE),
  release: scriptOf(RELEASE),
  forget: scriptOf(FORGET),
  read: scriptOf(READ),
} as const;
