import { describe, expect, test } from 'vitest';
import { readDvcConfigFile } from '../../../src/cli/dvc-config-file.ts';
import { askDvc, REAL_DVC } from './real-dvc.ts';

const TEXTS = [
  '',
  '[core]\n    remote = r\n[\'remote "r"\']\n    url = /tmp/x\n',
  '[core]\nremote = "a b" # why\n',
  '[core]\nremote = \'it\' , "b"\n',
  '[core]\ntype = a,b , c\n',
  '[core]\ntype = a,\n',
  '[core]\ntype = ,\n',
  '[core]\nurl = s3://b/k#x\n',
  '[core]\nurl = "s3://b/k#x"\n',
  "[core]\nurl = '''a\nb''' # c\n",
  '[core]\nurl =\n',
  '[core]\nurl = a=b\n',
  '[CORE]\nURL = Aa\n',
  '[ core ]\n  "a key" = 1\n# c\n\n  b=2\n',
  '[ "quoted" ] # c\na = 1\n',
  '[core]\nurl = a b  c   \n',
  '[core]\nurl = "a" b\n',
  '[core]\nurl = "a\n',
  '[core]\nurl\n',
  '[core]\na = 1\na = 2\n',
  '[core]\na = 1\n[core]\nb = 2\n',
  "[core]\nurl = it's\n",
  '[core]\nurl = a, , b\n',
];

describe.skipIf(REAL_DVC === undefined)('files of config beside real DVC', () => {
  test('what DVC reads is read, and what it refuses is refused', () => {
    const theirs = askDvc('config', TEXTS) as readonly unknown[];
    const named = { remote: {}, machine: {}, db: {} };
    for (const [index, text] of TEXTS.entries()) {
      const { sections, diagnostics } = readDvcConfigFile('config', text);
      const remotes: [string, unknown][] = [];
      const plain: [string, unknown][] = [];
      for (const { name, options } of sections) {
        const values = Object.fromEntries([...options].map(([key, { value }]) => [key, value]));
        const remote = /^remote "(.*)"$/.exec(name)?.[1];
        if (remote === undefined) plain.push([name, values]);
        else remotes.push([remote, values]);
      }
      const ours = { ...named, ...Object.fromEntries(plain), remote: Object.fromEntries(remotes) };
      expect({ text, read: diagnostics.length > 0 ? null : ours }).toEqual({ text, read: theirs[index] });
    }
  });
});
