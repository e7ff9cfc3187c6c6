import { describe, expect, it } from '@jest/globals';
import { isSameOrigin, whatSpeaksAgainst } from '../../../../lib/adapters/dashboard/same-origin.js';

const FINE = {
  host: 'shop.example',
  origin: 'https://shop.example',
  'content-type': 'application/json',
  'x-resilience-control': 'token',
};

describe('what speaks against an order', () => {
  it.each([
    ['nothing: the page itself', {}, undefined],
    ['nothing: a tool on the command line', { origin: undefined }, undefined],
    [
      'nothing: a proxy has another host, but the browser vouches',
      { host: 'app:3000', 'sec-fetch-site': 'same-origin' },
      undefined,
    ],
    ['nothing: JSON in an encoding', { 'content-type': 'application/json; charset=utf-8' }, undefined],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a page opened by hand', { 'sec-fetch-site': 'none' }, 403],
    ['another port', { origin: 'https://shop.example:8443' }, 403],
    ['no origin at all', { origin: 'null' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['something like JSON', { 'content-type': 'application/jsonp' }, 415],
    ['two types', { 'content-type': ['application/json', 'text/plain'] }, 415],
    ['no token', { 'x-resilience-control': undefined }, 403],
    ['the token of another process', { 'x-resilience-control': 'other' }, 409],
  ])('%s', (_what, headers, status) => {
    expect(whatSpeaksAgainst({ ...FINE, ...headers }, 'token')?.status).toBe(status);
  });

  it('takes what is no browser for no other site', () => {
    expect(isSameOrigin({ host: 'shop.example' })).toBe(true);
  });
});
