import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { FETCHING, fetchData, fetchedJson, fetchedText } from './remotes/fetch-data.ts';

export const command = defineCommand({
  usage: 'fetch [targets…]',
  summary: 'Bring data from a remote into the cache, not into the workspace',
  details:
    'What is in the cache is not fetched again. Every object is checked against its name before it is kept. What the ' +
    'remote lacks is named, the rest is fetched all the same, and the exit code is 1.',
  options: FETCHING,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep fetch', 'lockstep fetch -r archive --all-tags'],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const fetched = await fetchData({ project, context }, { loaded, wish: given, targets });
      if (given.json === true) context.stdout.write(`${JSON.stringify(fetchedJson(fetched))}\n`);
      else context.stderr.write(fetchedText(fetched));
      return fetched.problems.length > 0 ? EXIT.failed : EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
