import { isMap, parseDocument } from 'yaml';

/** Settings of a config file; null takes one out. */
export type Settings = { readonly [key: string]: SettingValue };
type SettingValue = Settings | string | number | boolean | readonly SettingValue[] | null;

/** The text of a config file with other settings in it; comments and all else stay. */
export function withSettings(text: string, settings: Settings): string {
  const document = parseDocument(text);
  if (!isMap(document.contents)) {
    // Comments alone have no map to be in.
    const own = Object.entries(settings).filter(([, value]) => value !== null);
    if (own.length === 0) return text;
    const before = text.trimEnd() === '' ? '' : `${text.trimEnd()}\n`;
    return before + withSettings('{}\n', Object.fromEntries(own));
  }
  if (document.contents.items.length === 0) document.contents.flow = false;
  for (const [path, value] of leaves(settings)) {
    if (value === null) document.deleteIn(path);
    else document.setIn(path, document.createNode(value));
  }
  if (document.contents.items.length === 0) return document.commentBefore == null ? '' : `#${document.commentBefore}\n`;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function* leaves(settings: Settings, above: readonly string[] = []): Generator<readonly [string[], SettingValue]> {
  for (const [key, value] of Object.entries(settings)) {
    if (isSettings(value)) yield* leaves(value, [...above, key]);
    else yield [[...above, key], value];
  }
}

/** What of some settings is not in others. */
export function settingsBeyond(settings: Settings, known: Settings): Settings {
  const rest: [string, SettingValue][] = [];
  for (const [key, value] of Object.entries(settings)) {
    const was = known[key];
    if (isSettings(value)) {
      const inner = settingsBeyond(value, was !== undefined && isSettings(was) ? was : {});
      if (Object.keys(inner).length > 0) rest.push([key, inner]);
    } else if (JSON.stringify(value) !== JSON.stringify(was)) rest.push([key, value]);
  }
  return Object.fromEntries(rest);
}

function isSettings(value: SettingValue): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
