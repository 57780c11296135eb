/** The words of one simple command, assignments and wrappers such as `exec` and `time` taken off its front. */
export type CommandWords = readonly string[];

/** Words that run what follows them. */
const WRAPPERS = new Set(
  'exec command nohup nice time env sudo setsid stdbuf xargs srun ! { ( if then else elif while until do'.split(' '),
);

/**
 * The simple commands of a shell script, as far as can be told without running it: enough to guess which interpreter
 * a stage uses, and no harm done where it guesses wrong.
 */
export function simpleCommands(script: string): readonly CommandWords[] {
  return script
    .replace(/\\\n/g, ' ')
    .split(/\n|;|&&|\|\||[|&()`]|\$\(/)
    .map((command) => wordsOf(command.replace(/(^|\s)#.*$/, '$1')))
    .filter((words) => words.length > 0);
}

function wordsOf(command: string): CommandWords {
  const words = command.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  const plain = words.map((word) => word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, '$1$2').replace(/\\(.)/g, '$1'));
  const first = plain.findIndex((word) => !WRAPPERS.has(word) && !/^[A-Za-z_]\w*=/.test(word) && !/^-/.test(word));
  return first === -1 ? [] : plain.slice(first);
}
