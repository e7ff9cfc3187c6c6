import { describe, expect, it } from '@jest/globals';
import { hostOf } from '../../../../lib/adapters/http/http-request.js';
import { isOwnHost } from '../../../../lib/adapters/http/own-hosts.js';

describe('isOwnHost', () => {
  it.each([
    'http://localhost:3000',
    'http://payments/charge',
    'http://payments.shop.svc.cluster.local',
    'http://payments.shop.svc',
    'https://db.internal:1/',
    'http://127.0.0.1',
    'http://10.2.3.4',
    'http://172.16.0.1',
    'http://172.31.0.1',
    'http://192.168.1.1',
    'http://100.64.0.1',
    'http://[::1]:80',
    'http://[fd00::1]',
    'http://[fe80::1]',
  ])('takes %s for a host of the own network', (url) => {
    expect(isOwnHost(hostOf(url))).toBe(true);
  });

  it.each([
    'https://api.stripe.com',
    'http://8.8.8.8',
    'http://172.32.0.1',
    'http://100.128.0.1',
    'http://11.0.0.1',
    'http://[2001:db8::1]',
    'http://internal.example.com',
    'http://10.evil.example',
    'http://127.0.0.1.evil.example',
    '/relative',
    'nonsense',
  ])('does not take %s for one', (url) => {
    expect(isOwnHost(hostOf(url))).toBe(false);
  });

  it('finds the host as axios does: an absolute URL needs no base', () => {
    expect(hostOf('/charge', 'http://payments:80/api')).toBe('payments');
    expect(hostOf('https://api.stripe.com/', 'http://payments')).toBe('api.stripe.com');
    expect(hostOf('//api.stripe.com/', 'http://payments')).toBe('api.stripe.com');
  });
});
