const PRIVATE_IPV4 =
  /^(?:127|10)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const PRIVATE_IPV6 = /^\[(?:::1\]|f[cd]|fe[89ab])/;
const PRIVATE_DOMAIN = /\.(?:localhost|local|internal|svc|home\.arpa)\.?$/;

/** Whether a host belongs to the network of the caller: what it is told goes to no stranger. */
export function isOwnHost(host: string): boolean {
  if (host === '') return false;
  if (host.startsWith('[')) return PRIVATE_IPV6.test(host);
  if (IPV4.test(host)) return PRIVATE_IPV4.test(host);
  return !host.includes('.') || PRIVATE_DOMAIN.test(host);
}
