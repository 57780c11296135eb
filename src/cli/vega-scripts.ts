import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What draws the plots in a page: the built program has it beside itself, its source takes it from the packages. */
export function vegaScripts(): string {
  const built = ['./vega.js', '../vega.js']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (built !== undefined) return readFileSync(built, 'utf8');
  const require = createRequire(import.meta.url);
  const packages = {
    vega: require.resolve('vega'),
    'vega-lite': require.resolve('vega-lite'),
    'vega-embed': require.resolve('vega-embed'),
  };
  return Object.entries(packages)
    .map(([name, main]) => readFileSync(join(dirname(main), `${name}.min.js`), 'utf8'))
    .join('\n');
}
