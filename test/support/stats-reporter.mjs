/**
 * mocha's own reporter (`spec`, or `dot` with `--reporter-option base=dot`) that also lists what was skipped and, with
 * CORACLE_TEST_STATS set, writes the totals there as JSON: `npm test` sums them over its runs.
 */
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

// biome-ignore lint/style/noDefaultExport: mocha takes a reporter from there
export default class StatsReporter {
  constructor(runner, options) {
    const base = options.reporterOptions?.base ?? options.reporterOption?.base ?? 'spec';
    const Base = mocha.reporters[base === 'dot' ? 'Dot' : 'Spec'];
    this.base = new Base(runner, options);
    const skipped = [];
    runner.on('pending', (test) => skipped.push(test.fullTitle()));
    runner.once('end', () => {
      for (const title of skipped) console.log(`  skipped: ${title}`);
      const path = process.env.CORACLE_TEST_STATS;
      if (!path) return;
      const { passes, failures, pending } = runner.stats;
      writeFileSync(path, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    });
  }

  done(failures, callback) {
    callback(failures);
  }
}
