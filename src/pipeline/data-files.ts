import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { readDataFile } from './data-file.ts';
import type { ValueMap } from './value.ts';

/** The files of values that a pipeline names, each read at most once. */
export interface DataFiles {
  /** `broken`: its mistakes are among the diagnostics. */
  read(file: ProjectPath): ValueMap | 'missing' | 'broken';
  /** Every file that was asked for, with its text where there is one. */
  readonly asked: ReadonlyMap<ProjectPath, string | undefined>;
  readonly diagnostics: readonly Diagnostic[];
}

export function openDataFiles(readText: (file: ProjectPath) => string | undefined): DataFiles {
  const asked = new Map<ProjectPath, string | undefined>();
  const known = new Map<ProjectPath, ValueMap | 'missing' | 'broken'>();
  const diagnostics: Diagnostic[] = [];
  const look = (file: ProjectPath): ValueMap | 'missing' | 'broken' => {
    const text = readText(file);
    asked.set(file, text);
    if (text === undefined) return 'missing';
    const read = readDataFile(file, text);
    if (read.ok) return read.values;
    diagnostics.push(...read.diagnostics);
    return 'broken';
  };
  return {
    asked,
    diagnostics,
    read(file) {
      const value = known.get(file) ?? look(file);
      known.set(file, value);
      return value;
    },
  };
}
