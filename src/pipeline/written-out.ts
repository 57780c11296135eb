import type { YamlPath } from './mistake.ts';
import type { WrittenFlags, WrittenStage } from './schema-stage.ts';
import type { Out, PlotProperties } from './stage.ts';

/** A path as it stands in a stage, and where. */
export interface WrittenPath {
  readonly text: string;
  readonly at: YamlPath;
  readonly key?: boolean;
}

export interface WrittenOut extends WrittenPath {
  readonly kind: Out['kind'];
  readonly flags: WrittenFlags;
  /** More plots of the same file, where it is drawn in several ways. */
  readonly morePlots?: readonly WrittenFlags[];
}

const SECTIONS = [
  { section: 'outs', kind: 'out' },
  { section: 'metrics', kind: 'metric' },
  { section: 'plots', kind: 'plot' },
] as const;

/** Outs, metrics and plots of a stage, in the order written; paths in the file are told from the stage on. */
export function writtenOuts(stage: WrittenStage): WrittenOut[] {
  return SECTIONS.flatMap(({ section, kind }) =>
    (stage[section] ?? []).flatMap((item, index): WrittenOut[] => {
      const at = [section, index];
      if (typeof item === 'string') return [{ text: item, at, kind, flags: {} }];
      return Object.entries(item).map(([text, flags]) => {
        const place = { text, at: [...at, text], key: true, kind };
        if (!Array.isArray(flags)) return { ...place, flags: flags ?? {} };
        // What is said of the file itself counts as the first of its plots says it.
        const [own = {}, ...morePlots] = flags;
        return { ...place, flags: own, morePlots };
      });
    }),
  );
}

/** The section of a stage that lists outs of a kind. */
export function sectionOf(kind: Out['kind']): string {
  return SECTIONS.find((section) => section.kind === kind)?.section ?? 'outs';
}

export function outOf(path: Out['path'], { kind, flags, morePlots = [] }: WrittenOut): Out {
  const plot = kind === 'plot' ? plotsOf(flags, morePlots) : undefined;
  return {
    path,
    kind,
    cache: flags.cache ?? true,
    persist: flags.persist ?? false,
    push: flags.push ?? true,
    ...(flags.remote !== undefined && { remote: flags.remote }),
    ...(flags.desc !== undefined && { desc: flags.desc }),
    ...(flags.type !== undefined && { type: flags.type }),
    ...(flags.labels !== undefined && { labels: flags.labels }),
    ...(flags.meta !== undefined && { meta: flags.meta }),
    ...(plot !== undefined && { plot }),
  };
}

function plotsOf(flags: WrittenFlags, more: readonly WrittenFlags[]): Out['plot'] {
  return more.length === 0 ? plotOf(flags) : [flags, ...more].map((one) => plotOf(one) ?? {});
}

function plotOf(flags: WrittenFlags): PlotProperties | undefined {
  const properties: PlotProperties = {
    ...(flags.template !== undefined && { template: flags.template }),
    ...(flags.x !== undefined && { x: flags.x }),
    ...(flags.y !== undefined && { y: flags.y }),
    ...(flags.x_label !== undefined && { xLabel: flags.x_label }),
    ...(flags.y_label !== undefined && { yLabel: flags.y_label }),
    ...(flags.title !== undefined && { title: flags.title }),
    ...(flags.header !== undefined && { header: flags.header }),
  };
  return Object.keys(properties).length > 0 ? properties : undefined;
}
