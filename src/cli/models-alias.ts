import { LockstepError } from '../base/error.ts';
import { aliased, deleteAlias, setAlias } from '../tracking/models/registered-models.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { whoIs, withRegistry } from './models/registry.ts';
import { resolveVersion, versionsOf } from './models/version-reference.ts';

export const command = defineCommand({
  usage: 'models alias NAME ALIAS [version]',
  summary: 'Let a name such as champion stand for a version',
  details: 'Clients load it as models:/NAME@ALIAS. The version is a number, a stage, another alias or latest.',
  options: {
    delete: { type: 'boolean', help: 'take the alias away' },
  },
  positionals: { min: 2, max: 3 },
  examples: ['lockstep models alias churn champion 3', 'lockstep models alias churn champion --delete'],
  run: async (context, given, [name = '', alias = '', reference]) => {
    if ((reference === undefined) !== (given.delete === true)) {
      throw new LockstepError('usage', 'an alias needs a version, or --delete');
    }
    return await withRegistry(context, async ({ tracking }) => {
      await versionsOf(tracking, name);
      const change = { name, alias, now: context.now(), who: whoIs(context) };
      if (reference === undefined) {
        if ((await aliased(tracking.db, change)) === undefined) {
          throw new LockstepError('usage', `${name} has no alias '${alias}'`);
        }
        await deleteAlias(tracking, change);
        context.stdout.write(`${name}@${alias} is gone\n`);
        return EXIT.ok;
      }
      const { version } = await resolveVersion(tracking, { name, version: reference });
      await setAlias(tracking, { ...change, version: String(version) });
      context.stdout.write(`${name}@${alias} is version ${version}\n`);
      return EXIT.ok;
    });
  },
});
