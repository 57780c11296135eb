import { readJson, readTable, writeText } from './table.mjs';

const { accuracy, macro_f1, tested } = readJson('metrics.json');

writeText(
  'build/report.md',
  `# Which species is this penguin?

Accuracy ${accuracy}, macro F1 ${macro_f1}, on ${tested} birds that the model has never seen.

## By species

${markdown(readTable('build/per_class.csv'))}

## What was taken for what

${markdown(readTable('build/confusion.csv'))}

## What each measurement is worth

${markdown(readTable('build/importance.csv'))}

## Would more birds help?

${markdown(readTable('build/learning_curve.csv'))}
`,
);
console.log('build/report.md written');

function markdown(rows) {
  const columns = Object.keys(rows[0]);
  const lines = [columns, columns.map(() => '---'), ...rows.map((row) => columns.map((column) => row[column]))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
