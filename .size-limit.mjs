import { doors } from './test/support/doors.mjs';

// Minified and compressed, without the peers. A budget is raised on purpose, in a commit that says why.
const BUDGETS = {
  main: '81 kB',
  core: '49 kB',
  rxjs: '53 kB',
  testing: '87 kB',
  http: '63 kB',
  redis: '8 kB',
  postgres: '10 kB',
  opentelemetry: '61 kB',
  prometheus: '61 kB',
  terminus: '3 kB',
  dashboard: '70 kB',
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
