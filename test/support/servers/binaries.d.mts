export function programsOf(name: 'redis'): Promise<Readonly<Record<'redis-server', string>>>;
export function programsOf(name: 'postgres'): Promise<Readonly<Record<'initdb' | 'postgres', string>>>;
export function ensureServers(): Promise<void>;
