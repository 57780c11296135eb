import { expect, test } from 'vitest';
import { progressText, showProgress } from './transfer-progress.ts';

test('bytes, rate and time left, as far as they are known', () => {
  const moment = { verb: 'sending', objects: 12, finished: 3, bytes: 4_500_000, moved: 1_500_000, elapsed: 3000 };
  expect(progressText(moment, 80)).toBe('sending 3/12 objects, 1.5 MB of 4.5 MB, 500 kB/s, 6.0s left');
  expect(progressText({ ...moment, bytes: 0 }, 80)).toBe('sending 3/12 objects, 1.5 MB, 500 kB/s');
  expect(progressText({ ...moment, elapsed: 100 }, 80)).toBe('sending 3/12 objects, 1.5 MB of 4.5 MB');
});

test('a narrow terminal keeps what tells most', () => {
  const moment = { verb: 'sending', objects: 12, finished: 3, bytes: 4_500_000, moved: 1_500_000, elapsed: 3000 };
  const texts = [55, 54, 30, 10].map((columns) => progressText(moment, columns));
  expect(texts).toEqual([
    'sending 3/12 objects, 1.5 MB of 4.5 MB, 6.0s left',
    'sending 3/12 objects, 1.5 MB of 4.5 MB, 6.0s left',
    'sending 1.5 MB of 4.5 MB, 6.0s',
    'sending 1.',
  ]);
});

test('one line on a terminal, nothing elsewhere', () => {
  const drawn = (isTerminal: boolean) => {
    const parts: string[] = [];
    let now = 0;
    const stderr = { write: (more: string) => void parts.push(more), isTerminal, columns: 80, colors: false };
    const clock = () => {
      now += 60;
      return now;
    };
    const progress = showProgress({ stderr, now: clock, quiet: false }, 'fetching');
    progress.expect(2, 10);
    progress.moved(5);
    progress.finished();
    progress.moved(5);
    progress.finished();
    progress.end();
    return parts.join('');
  };
  expect(drawn(false)).toBe('');
  expect(drawn(true).startsWith('\rfetching 0/2 objects, 0 B of 10 B\x1b[K\r')).toBe(true);
  expect(drawn(true).endsWith('\r\x1b[K')).toBe(true);
  expect(drawn(true)).not.toContain('\n');
});
