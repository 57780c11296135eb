import { expect, it } from 'vitest';
import { renderPage } from './page.ts';

const parts = { title: 'a < b', scripts: 'var a = "</script>", $& = 1;' };

it('lets nothing in a plot end its script or become markup', () => {
  const page = renderPage(
    [
      { kind: 'vega', id: 'x"><i>', spec: { title: '</script><b>' } },
      { kind: 'failed', id: '<u>', why: 'no & nothing' },
      { kind: 'images', id: 'pic', images: [{ revision: '<r>', url: 'data:,' }] },
    ],
    parts,
  );
  expect(page.match(/<\/script>/g)).toHaveLength(4);
  expect(page).toContain('"title":"\\u003c/script><b>"');
  expect(page).toContain('data-plot="x&quot;&gt;&lt;i&gt;"');
  expect(page).toContain('<h2>&lt;u&gt;</h2><p class="failed">no &amp; nothing</p>');
  expect(page).toContain('alt="&lt;r&gt;"');
  expect(page).toContain('<title>a &lt; b</title>');
  expect(page).toContain('$& = 1');
});

it('fills a page of the user’s own', () => {
  const page = renderPage([{ kind: 'failed', id: 'a', why: 'b' }], {
    ...parts,
    template: '{scripts}|{plot_divs}|{other}',
  });
  expect(page).toMatch(/^<script>[^|]*\|<section [^|]*<\/section>\|\{other\}$/s);
});
