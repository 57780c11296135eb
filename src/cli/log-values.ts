import { LockstepError } from '../base/error.ts';
import { type Batch, type Metric, type Pair, requestsOf, send } from '../client/tracking-api.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { logTarget } from './log-target.ts';

const SEVERAL = { min: 1, max: Number.POSITIVE_INFINITY };

export const logParam = defineCommand({
  usage: 'log param <KEY=VALUE…>',
  summary: 'Log params into the run of the stage that calls this',
  options: {},
  positionals: SEVERAL,
  examples: ['lockstep log param lr=0.1 optimizer=adam'],
  run: async (context, _, words) => await log(context, { params: words.map(pairOf) }),
});

export const logMetric = defineCommand({
  usage: 'log metric <KEY=NUMBER…>',
  summary: 'Log metrics into the run of the stage that calls this',
  options: { step: { type: 'string', value: 'N', dashed: true, help: 'the step that they are of (default: 0)' } },
  positionals: SEVERAL,
  examples: ['lockstep log metric acc=0.9 loss=0.1 --step 3'],
  run: async (context, { step = '0' }, words) => {
    if (!/^-?\d{1,15}$/.test(step)) throw new LockstepError('usage', `--step takes a whole number, not '${step}'`);
    const at = { step: Number(step), timestamp: context.now() };
    return await log(context, { metrics: words.map((word): Metric => ({ ...numberOf(word), ...at })) });
  },
});

export const logTag = defineCommand({
  usage: 'log tag <KEY=VALUE…>',
  summary: 'Set tags of the run of the stage that calls this',
  options: {},
  positionals: SEVERAL,
  examples: ['lockstep log tag team=search'],
  run: async (context, _, words) => await log(context, { tags: words.map(pairOf) }),
});

async function log(context: Context, batch: Partial<Batch>): Promise<ExitCode> {
  const target = logTarget(context);
  for (const request of requestsOf(target, { metrics: [], params: [], tags: [], ...batch })) await send(request);
  return EXIT.ok;
}

function pairOf(word: string): Pair {
  const equals = word.indexOf('=');
  if (equals > 0) return { key: word.slice(0, equals), value: word.slice(equals + 1) };
  throw new LockstepError('usage', `'${word}' is not of the form KEY=VALUE`);
}

const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

function numberOf(word: string): { readonly key: string; readonly value: number } {
  const { key, value } = pairOf(word);
  const number = WORDS[value.toLowerCase()] ?? (value.trim() === '' ? undefined : Number(value));
  if (number === undefined || (Number.isNaN(number) && value.toLowerCase() !== 'nan')) {
    throw new LockstepError('usage', `the metric ${key} needs a number, not '${value}'`);
  }
  return { key, value: number };
}
