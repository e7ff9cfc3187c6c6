import { jest } from '@jest/globals';

// A limit for what hangs. What is slow on a loaded machine (laws, real processes) is not wrong: no test asserts a time.
jest.setTimeout(60_000);
