import type { Json } from './fill.ts';

/** What stands in a page: a spec to be drawn, pictures of each revision, or why there is nothing to be seen. */
export type Figure =
  | { readonly kind: 'vega'; readonly id: string; readonly spec: Json }
  | { readonly kind: 'images'; readonly id: string; readonly images: readonly Picture[] }
  | { readonly kind: 'failed'; readonly id: string; readonly why: string };

export interface Picture {
  readonly revision: string;
  /** A data URL. */
  readonly url: string;
}

interface PageParts {
  readonly title: string;
  /** JavaScript that defines `vegaEmbed`. */
  readonly scripts: string;
  /** A page of the user's with `{plot_divs}`, and `{scripts}` where those go. */
  readonly template?: string | undefined;
}

/** One HTML file that needs nothing else: no server, no network. */
export function renderPage(figures: readonly Figure[], { title, scripts, template = PAGE }: PageParts): string {
  const divs = figures.map(renderFigure).join('\n');
  const values: Readonly<Record<string, string>> = {
    title: escapeHtml(title),
    scripts: `<script>${closed(scripts)}</script>\n<script>${DRAW}</script>`,
    plot_divs: divs,
    refresh_tag: '',
  };
  return template.replace(/\{(title|scripts|plot_divs|refresh_tag)\}/g, (_, name: string) => values[name] ?? '');
}

function renderFigure(figure: Figure, index: number): string {
  const name = `plot-${index}`;
  return `<section id="${name}" data-plot="${escapeHtml(figure.id)}">${bodyOf(figure, name)}</section>`;
}

function bodyOf(figure: Figure, name: string): string {
  switch (figure.kind) {
    case 'vega':
      return `<div class="chart"></div><script type="application/json">${closed(JSON.stringify(figure.spec))}</script><script>draw(${JSON.stringify(name)})</script>`;
    case 'images':
      return `<h2>${escapeHtml(figure.id)}</h2><div class="images">${figure.images.map(renderPicture).join('')}</div>`;
    case 'failed':
      return `<h2>${escapeHtml(figure.id)}</h2><p class="failed">${escapeHtml(figure.why)}</p>`;
  }
}

function renderPicture({ revision, url }: Picture): string {
  const caption = escapeHtml(revision);
  return `<figure><img src="${escapeHtml(url)}" alt="${caption}"><figcaption>${caption}</figcaption></figure>`;
}

/** Nothing within a script may look like its end, or like the beginning of a comment that hides it. */
function closed(script: string): string {
  return script.replace(/<(?=\/script|!--)/gi, '\\u003c');
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => names[character] ?? character);
}

/** A spec of a user's own that Vega refuses says so in its place, and leaves the other plots alone. */
const DRAW = `function draw(name) {
  var section = document.getElementById(name);
  var spec = JSON.parse(section.querySelector('script[type="application/json"]').textContent);
  var chart = section.querySelector('.chart');
  vegaEmbed(chart, spec, { actions: { export: true, source: true, compiled: false, editor: false } }).catch(function (error) {
    chart.className = 'failed';
    chart.textContent = section.dataset.plot + ': ' + error.message;
  });
}`;

const PAGE = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{refresh_tag}
<style>
body { font-family: system-ui, sans-serif; margin: 1.5rem; color: #212529; background: #fff; }
h1 { font-size: 1.1rem; font-weight: 600; }
h2 { font-size: .85rem; font-weight: 600; text-align: center; margin: 0 0 .5rem; overflow-wrap: anywhere; }
main { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
section { border: 1px solid #dee2e6; border-radius: 6px; padding: 1rem; max-width: 100%; overflow-x: auto; }
.images { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; }
figure img { max-width: min(480px, 85vw); height: auto; display: block; }
figcaption { text-align: center; font-size: .8rem; color: #495057; margin-top: .25rem; }
.failed { color: #a61e4d; max-width: 30rem; }
</style>
{scripts}
</head>
<body>
<h1>{title}</h1>
<main>
{plot_divs}
</main>
</body>
</html>
`;
