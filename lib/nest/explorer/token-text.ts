/** An injection token as messages name it. */
export function tokenText(token: unknown): string {
  if (typeof token === 'function') return token.name;
  if (typeof token === 'object' && token !== null && 'token' in token) return tokenText(token.token);
  return String(token);
}
