import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RoundTrips } from './round-trips.js';
import { webApplication } from './web-application.js';
import type { WebAnswer, WebQuestion, WebSettings } from './web-model.js';

const settings = JSON.parse(process.argv[2] ?? '{}') as WebSettings;
const roundTrips = new RoundTrips([settings.redisUrl, settings.postgresUrl]);
// Before any connection to a store is made; until it is told to count it looks at nothing.
const application = await webApplication(settings);
const server = (await application.listen(0, '127.0.0.1')) as Server;
const { port } = server.address() as AddressInfo;
// Connections wait while other servers have their turn.
server.keepAliveTimeout = 600_000;

process.on('message', (question: WebQuestion) => {
  if (question === 'count') roundTrips.begin();
  tell(answerTo(question));
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready', port });

function answerTo(question: WebQuestion): WebAnswer {
  if (question === 'counted') return { kind: question, roundTrips: roundTrips.end() };
  if (question === 'count') return { kind: question };
  const { user, system } = process.cpuUsage();
  return { kind: question, us: user + system };
}

function tell(answer: WebAnswer): void {
  process.send?.(answer);
}
