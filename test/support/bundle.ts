import { rolldown } from 'rolldown';

/**
 * Makes one file that plain node runs of a program in TypeScript, given as text. Its relative imports are resolved
 * from `directory`; packages stay imports.
 */
export async function bundleProgram(source: string, { directory, outfile }: { directory: string; outfile: string }) {
  const entry = `${directory}/program-of-a-test.ts`;
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    external: (id) => /^[^./]/.test(id),
    logLevel: 'silent',
    plugins: [
      {
        name: 'text-of-the-test',
        resolveId: (id) => (id === entry ? entry : undefined),
        load: (id) => (id === entry ? { code: source, moduleType: 'ts' } : undefined),
      },
    ],
  });
  await bundle.write({ file: outfile, format: 'esm', codeSplitting: false });
  await bundle.close();
}
