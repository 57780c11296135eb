import type { Digest, ProjectPath, StageId } from '../../base/brand.ts';
import type { Content } from '../../base/content.ts';
import type { Diagnostic } from '../../base/error.ts';
import { hexOf, isDigest } from '../../base/hash.ts';
import { baseName, directoryOf, resolveInProject } from '../../base/project-path.ts';
import type { LockedOut, ReadLockEntry } from '../lock-entry.ts';
import type { LockFormat } from '../lock-format.ts';
import { placeAt } from '../read-yaml.ts';
import type { Out, Pipeline } from '../stage.ts';
import { type DvcFile, type DvcFileOut, parseDvcFile } from './dvc-file.ts';
import { contentOf, type DvcLocked, isLegacy, lockedOf } from './lock-entry.ts';
import { updateDvcFile } from './update-dvc-file.ts';

/** A `.dvc` file as a pipeline of one stage, which has no command: its outs are data that somebody brought. */
export function parseDataFile(
  file: ProjectPath,
  text: string,
): { readonly pipeline: Pipeline | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const { dvcFile, diagnostics } = parseDvcFile(file, text);
  if (dvcFile === undefined) return { pipeline: undefined, diagnostics };
  const outs: Out[] = [];
  const wdir = wdirOf(file, dvcFile);
  for (const out of dvcFile.outs) {
    const path = wdir === undefined ? undefined : resolveInProject(wdir, out.path);
    if (path === undefined) {
      const message = `'${out.path}' is outside the project`;
      return {
        pipeline: undefined,
        diagnostics: [{ message, place: placeAt(file, text, Math.max(text.indexOf(out.path), 0)) }],
      };
    }
    outs.push(outOf(path, out));
  }
  const name = baseName(file);
  const stage = {
    id: `${file}:${name}` as StageId,
    name,
    file,
    wdir: wdir ?? directoryOf(file),
    cmd: [],
    env: {},
    deps: [],
    params: [],
    outs,
    frozen: false,
    data: true,
    alwaysChanged: false,
    ...(dvcFile.desc !== undefined && { desc: dvcFile.desc }),
    retries: 0,
    resources: {},
    mutex: [],
  } as const;
  return { pipeline: { file, stages: [stage] }, diagnostics };
}

function wdirOf(file: ProjectPath, { wdir }: DvcFile): ProjectPath | undefined {
  return wdir === undefined ? directoryOf(file) : resolveInProject(directoryOf(file), wdir);
}

function outOf(path: ProjectPath, out: DvcFileOut): Out {
  return {
    path,
    kind: 'out',
    cache: out.cache ?? true,
    persist: false,
    push: out.push ?? true,
    ...(out.remote !== undefined && { remote: out.remote }),
    ...(out.desc !== undefined && { desc: out.desc }),
  };
}

/** What the parse cache keeps of a `.dvc` file: what was last recorded of each out. */
type Json = readonly (readonly [path: ProjectPath, locked: Recorded])[];

interface Recorded extends DvcLocked {
  readonly sha256?: string | undefined;
}

/** A `.dvc` file is its own lockfile. */
export const dataLock: LockFormat = {
  read(file, text) {
    const { dvcFile, diagnostics } = parseDvcFile(file, text);
    return { json: dvcFile === undefined ? undefined : recorded(file, dvcFile), diagnostics };
  },
  bind(json, { stages }) {
    const outs = new Map<ProjectPath, LockedOut>();
    for (const [path, locked] of json as Json) {
      const content = recordedContent(locked);
      if (content !== undefined) outs.set(path, { content, persist: false });
    }
    const entries = new Map<string, ReadLockEntry>();
    for (const { name, wdir, outs: declared } of stages.values()) {
      // Data that was imported without downloading it was never here.
      if (outs.size < declared.length) continue;
      const entry = { cmd: [], wdir, env: {}, params: new Map(), deps: new Map(), outs };
      const legacy = new Set((json as Json).flatMap(([path, locked]) => (isLegacy(locked) ? [path] : [])));
      entries.set(name, { entry, edited: false, ...(legacy.size > 0 && { legacy }) });
    }
    return { entries };
  },
  edit({ text, json }, { stages }) {
    const standing = new Map(json as Json);
    let current = text;
    return {
      set(name, entry) {
        const file = stages.get(name)?.file;
        const dvcFile = file === undefined ? undefined : parseDvcFile(file, current).dvcFile;
        if (file === undefined || dvcFile === undefined) throw new Error(`no .dvc file is called ${name}`);
        const before = current;
        const outs = dvcFile.outs.map((out) => {
          const path = resolveInProject(wdirOf(file, dvcFile) ?? directoryOf(file), out.path);
          const now = path === undefined ? undefined : entry.outs.get(path);
          const was = path === undefined ? undefined : standing.get(path);
          if (path === undefined || now === undefined) return out;
          const locked = recordOf(out.path, now.content);
          if (was !== undefined && was.md5 === locked.md5 && was.sha256 === locked.sha256) return out;
          standing.set(path, locked);
          if (was !== undefined) current = withOtherDigest(current, was, locked);
          return { ...out, md5: undefined, sha256: undefined, nfiles: undefined, isexec: undefined, ...locked };
        });
        const next = outs.every((out, index) => out === dvcFile.outs[index])
          ? current
          : updateDvcFile(current, { ...dvcFile, outs });
        const changed = next !== before;
        current = next;
        return changed;
      },
      drop() {},
      text: () => current,
      json: () => [...standing],
      unwritten: () => new Map(),
    };
  },
};

function recorded(file: ProjectPath, dvcFile: DvcFile): Json {
  const wdir = wdirOf(file, dvcFile) ?? directoryOf(file);
  return dvcFile.outs.flatMap((out) => {
    const path = resolveInProject(wdir, out.path);
    const { hash, md5, sha256, size, nfiles, isexec } = out;
    return path === undefined ? [] : [[path, { path: out.path, hash, md5, sha256, size, nfiles, isexec }] as const];
  });
}

/** A digest of the other kind takes the line of the one that was, so that the way there and back leaves the same file. */
function withOtherDigest(text: string, was: Recorded, now: Recorded): string {
  if (was.sha256 === undefined)
    return now.md5 === undefined ? text.replace(line('md5', was), line('sha256', now)) : text;
  return now.sha256 === undefined ? text.replace(line('sha256', was), line('md5', now)) : text;
}

function line(kind: 'md5' | 'sha256', recorded: Recorded): string {
  return `${kind}: ${recorded[kind]}\n`;
}

const DIRECTORY = '.tree';

/** DVC names the kind of digest in `hash`, and gives the digest under that name: a native project does the same. */
export function recordOf(path: string, content: Content): Recorded {
  if (!content.digest.startsWith('sha256:')) return lockedOf(path, content);
  const hex = hexOf(content.digest);
  const known = { path, hash: 'sha256', size: content.size };
  if (content.kind === 'tree') return { ...known, sha256: hex + DIRECTORY, nfiles: content.files };
  return { ...known, sha256: hex, ...(content.exec && { isexec: true }) };
}

function recordedContent(recorded: Recorded): Content | undefined {
  const { sha256, size = 0, nfiles = 0, isexec = false } = recorded;
  if (sha256 === undefined) return contentOf(recorded);
  const isTree = sha256.endsWith(DIRECTORY);
  const digest = `sha256:${isTree ? sha256.slice(0, -DIRECTORY.length) : sha256}` as Digest;
  if (!isDigest(digest)) return undefined;
  return isTree ? { kind: 'tree', digest, size, files: nfiles } : { kind: 'file', digest, size, exec: isexec };
}
