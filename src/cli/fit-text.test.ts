import { expect, test } from 'vitest';
import { wrapText } from './fit-text.ts';

test('a text is broken between words, and one that fits is left as it is', () => {
  expect(wrapText('  dep data.csv changed (1 → 2)', 18, '    ')).toBe('  dep data.csv\n    changed (1 →\n    2)');
  expect(wrapText('●  a  b', 80, '  ')).toBe('●  a  b');
  expect(wrapText('ab averylongword c', 6, '  ')).toBe('ab\n  averylongword\n  c');
  expect(wrapText('\u001b[2mab cd\u001b[22m ef', 5, ' ')).toBe('\u001b[2mab cd\u001b[22m\n ef');
});
