import { doors } from './test/support/doors.mjs';

// Minified and compressed, without the peers. A budget is raised on purpose, in a commit that says why.
const BUDGETS = {
  main: '75 kB',
  core: '45 kB',
  rxjs: '48 kB',
  testing: '79 kB',
  http: '58 kB',
  redis: '8 kB',
  postgres: '10 kB',
  opentelemetry: '57 kB',
  prometheus: '57 kB',
  terminus: '3 kB',
  dashboard: '66 kB',
};

function budgetOf(door) {
  if (!BUDGETS[door]) throw new Error(`.size-limit.mjs has no budget for the door "${door}"`);
  return BUDGETS[door];
}

export default doors().map(({ name, module }) => ({
  name,
  path: module,
  limit: budgetOf(name),
  ignore: ['@nestjs/*', 'rxjs', 'reflect-metadata'],
  modifyEsbuildConfig: (config) => ({ ...config, platform: 'node', format: 'esm' }),
}));
