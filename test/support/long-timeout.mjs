import { jest } from '@jest/globals';

// Jest knows a limit per run, not per project; tests that start real processes take longer than others.
jest.setTimeout(60_000);
