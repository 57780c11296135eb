import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { TEMPLATES } from '../plots/templates.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';

export const command = defineCommand({
  usage: 'plots templates [name]',
  summary: 'List the built-in plot templates, or print one to start from',
  options: {},
  positionals: { min: 0, max: 1 },
  examples: ['lockstep plots templates', 'lockstep plots templates linear > own.json'],
  run: async (context, _given, [name]) => {
    const names = Object.keys(TEMPLATES);
    if (name === undefined) {
      context.stdout.write(names.map((one) => `${one}\n`).join(''));
      return EXIT.ok;
    }
    if (!Object.hasOwn(TEMPLATES, name)) {
      const near = nearest(name, names);
      throw new LockstepError('usage', `there is no built-in plot template '${name}'`, {
        hint: near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
      });
    }
    context.stdout.write(`${JSON.stringify(TEMPLATES[name], null, 2)}\n`);
    return EXIT.ok;
  },
});
