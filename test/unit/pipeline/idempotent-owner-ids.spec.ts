import { expect, it } from '@jest/globals';
import { OwnerIds } from '../../../lib/pipeline/idempotent-owner-ids.js';

it('names each owner by 128 random bits, also past the names that were drawn together', () => {
  const ids = new OwnerIds();

  const names = Array.from({ length: 1_000 }, () => ids.next());

  expect(new Set(names).size).toBe(1_000);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/);
});
