import { basename } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Diagnostic } from '../base/error.ts';
import { parseMemory } from '../pipeline/memory.ts';
import { type Config, DEFAULT_CONFIG } from './config.ts';

const link = z.enum(['reflink', 'copy', 'hardlink', 'symlink']);

const memory = z.union([z.number(), z.string()]).transform((written, context) => {
  const bytes = parseMemory(written);
  if (bytes === undefined) context.addIssue(`'${written}' is no amount of memory; write 8GB or 512MiB`);
  return bytes;
});

const schema = z.strictObject({
  scheme: z.literal('native', 'expected native').optional(),
  cache: z.strictObject({ dir: z.string().min(1).optional(), link: z.array(link).min(1).optional() }).optional(),
  jobs: z.int().min(1).optional(),
  resources: z
    .strictObject({
      cpus: z.number().positive().optional(),
      memory: memory.optional(),
      gpus: z.array(z.string()).optional(),
    })
    .optional(),
  remotes: z.record(z.string(), z.looseObject({ url: z.string().min(1).optional() })).optional(),
  remote: z.string().min(1).optional(),
  tracking: z
    .strictObject({
      uri: z.string().regex(/^https?:\/\/[^/]/, 'expected the address of a server: http:// or https://'),
      experiment: z
        .string()
        .regex(/^[^'"]+$/, 'expected a name without quotes')
        .optional(),
    })
    .optional(),
  parsing: z
    .strictObject({
      bool: z.enum(['store_true', 'boolean_optional']).default('store_true'),
      list: z.enum(['nargs', 'append']).default('nargs'),
    })
    .optional(),
  grace: z.number().min(0).optional(),
});

/** Later files win, key by key. */
export function parseConfig(files: readonly { readonly file: string; readonly text: string }[]): {
  readonly config: Config;
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  let config = DEFAULT_CONFIG;
  for (const { file, text } of files) {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const placed = (offset: number, message: string): Diagnostic => {
      const { line, col } = lines.linePos(offset);
      const place = { file: basename(file), line, column: col, text: text.split('\n')[line - 1] ?? '' };
      return { message, place };
    };
    diagnostics.push(...document.errors.map((error) => placed(error.pos[0], error.message)));
    if (document.errors.length > 0) continue;
    const read = schema.safeParse(document.toJS() ?? {});
    if (read.success) config = merge(config, read.data);
    for (const issue of read.error?.issues ?? []) {
      const node = document.getIn([...issue.path], true) as { range?: readonly number[] } | undefined;
      diagnostics.push(placed(node?.range?.[0] ?? 0, `${issue.path.join('.') || 'the file'}: ${issue.message}`));
    }
  }
  return { config, diagnostics };
}

function merge(base: Config, over: z.infer<typeof schema>): Config {
  const { cache, resources, remotes, ...rest } = over;
  return JSON.parse(
    JSON.stringify({
      ...base,
      ...rest,
      cache: { ...base.cache, ...cache },
      resources: { ...base.resources, ...resources },
      remotes: remotes === undefined ? base.remotes : mergeRemotes(base.remotes, remotes),
    }),
  ) as Config;
}

/** What is set for a remote is set option by option: a password stands in the file that git does not see. */
function mergeRemotes(base: Config['remotes'] = {}, over: NonNullable<Config['remotes']>): Config['remotes'] {
  const merged = Object.entries(over).map(([name, remote]) => [name, { ...base[name], ...remote }] as const);
  return { ...base, ...Object.fromEntries(merged) };
}
