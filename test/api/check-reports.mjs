// Compares the public surface of every door with its reviewed report in this folder; --update writes the reports.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { doors } from '../support/doors.mjs';
import { root } from '../support/run.mjs';

const update = process.argv.includes('--update');
const silent = { default: { logLevel: 'none' } };

function configOf({ name, typings }) {
  const packageJsonFullPath = join(root, 'package.json');
  const reportTempFolder = join(root, '.cache/api');
  mkdirSync(reportTempFolder, { recursive: true });
  return ExtractorConfig.prepare({
    packageJsonFullPath,
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: typings,
      compiler: { tsconfigFilePath: join(root, 'lib/tsconfig.lib.json') },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: join(root, 'test/api'),
        reportTempFolder,
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        // The style of the house writes `@throws {SomeError}`, which TSDoc's grammar does not know.
        tsdocMessageReporting: silent,
        extractorMessageReporting: {
          ...silent,
          'ae-undocumented': { logLevel: 'error' },
          'ae-unresolved-link': { logLevel: 'error' },
        },
      },
    },
  });
}

function check(door) {
  if (!existsSync(door.typings)) return [`the door is missing: ${door.typings.slice(root.length + 1)}`];
  const problems = [];
  const result = Extractor.invoke(configOf(door), {
    localBuild: update,
    messageCallback(message) {
      if (message.logLevel === 'error') problems.push(message.formatMessageWithLocation(root));
      message.handled = true;
    },
  });
  if (result.apiReportChanged && !update) {
    problems.push(
      `test/api/${door.name}.api.md is not what the code says: run "npm run api" and review the change`,
    );
  }
  return problems;
}

for (const door of doors()) {
  const problems = check(door);
  for (const problem of problems) process.stdout.write(`${door.name}: ${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
