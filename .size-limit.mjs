import { doors } from './test/support/doors.mjs';

// Minified and compressed, without the peers. A budget is raised on purpose, in a commit that says why.
const BUDGETS = {
  main: '79 kB',
  core: '48 kB',
  rxjs: '51 kB',
  testing: '85 kB',
  http: '61 kB',
  redis: '8 kB',
  postgres: '10 kB',
  opentelemetry: '60 kB',
  prometheus: '60 kB',
  terminus: '3 kB',
  dashboard: '68 kB',
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
