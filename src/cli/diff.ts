import { LockstepError } from '../base/error.ts';
import { defineCommand } from './command.ts';
import { reportChange } from './diff-report.ts';
import { revisionSource, workingTreeSource } from './diff-source.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { renderDiff } from './render-diff.ts';
import { diffJson } from './render-diff-json.ts';
import { renderDiffMarkdown } from './render-diff-markdown.ts';

export const command = defineCommand({
  usage: 'diff [rev [rev]]',
  summary: 'Explain how the lockfiles changed: causes, consequences, metrics, warnings',
  details:
    'Compares two git revisions, by default HEAD and the working tree. Nothing is checked out and nothing is run.',
  options: {
    markdown: { type: 'boolean', help: 'as one comment for a pull request' },
    json: { type: 'boolean', help: '{"from", "to", "causes", "stages", "metrics", "warnings"} (docs/lockfile.md)' },
  },
  positionals: { min: 0, max: 2 },
  completes: 'rev',
  examples: ['lockstep diff', 'lockstep diff main', 'lockstep diff v1.0 HEAD --markdown'],
  run: async (context, given, [from = 'HEAD', to]) => {
    if (given.markdown === true && given.json === true) {
      throw new LockstepError('usage', '--markdown and --json exclude each other');
    }
    const project = await openProject(context);
    try {
      const place = { cwd: project.root, env: context.env };
      const before = await revisionSource(place, from);
      const after = to === undefined ? workingTreeSource(project, before) : await revisionSource(place, to);
      const report = await reportChange(project, before, after);
      if (given.json === true) context.stdout.write(`${JSON.stringify(diffJson(report))}\n`);
      else if (given.markdown === true) context.stdout.write(renderDiffMarkdown(report));
      else context.stdout.write(renderDiff(context.stdout, report));
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
