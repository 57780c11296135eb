import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';

export const command = defineCommand({
  usage: 'root',
  summary: 'Print the directory of the project',
  details: 'The nearest directory upwards that holds .lockstep/ or .dvc/, else the top level of the git repository.',
  options: {},
  positionals: { min: 0, max: 0 },
  async run(context) {
    const project = await openProject(context);
    try {
      context.stdout.write(`${project.root}\n`);
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
