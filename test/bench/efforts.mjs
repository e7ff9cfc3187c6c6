/** How much is measured: quickly, to see that nothing is out of order, or well enough to be quoted. */
export const EFFORTS = {
  quick: {
    surroundings: ['quiet'],
    calls: {
      rounds: 7,
      batchMs: 3,
      warmUpMs: 40,
      warmUpCalls: 8_000,
      bytesCalls: 1_000,
      idleMs: 500,
      largeWindow: 100_000,
    },
    web: {
      rounds: 5,
      warmUpRequests: 600,
      busyRequests: 200,
      singleRequests: 60,
      waitRounds: 3,
      orderPlatforms: ['express'],
    },
  },
  full: {
    surroundings: ['quiet', 'observed', 'metrics', 'storage'],
    calls: {
      rounds: 15,
      batchMs: 10,
      warmUpMs: 300,
      warmUpCalls: 40_000,
      bytesCalls: 2_000,
      idleMs: 3_000,
      largeWindow: 1_000_000,
    },
    web: {
      rounds: 15,
      warmUpRequests: 8_000,
      busyRequests: 500,
      singleRequests: 150,
      waitRounds: 9,
      orderPlatforms: ['express', 'fastify'],
    },
  },
};
