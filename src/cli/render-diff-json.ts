import type { Content } from '../base/content.ts';
import type { InputChange } from '../pipeline/entry-changes.ts';
import type { RootChange } from '../pipeline/lock-diff.ts';
import type { LockWarning } from '../pipeline/lock-warnings.ts';
import { type DiffReport, fileOf } from './diff-report.ts';
import { warningText } from './diff-words.ts';
import { type JsonObject, reasonJson } from './event-json.ts';
import { labelIn } from './render-reasons.ts';

/** What `diff --json` prints; described in docs/lockfile.md. */
export function diffJson(report: DiffReport): JsonObject {
  const { labels } = report;
  return {
    from: { rev: report.from.name, commit: report.from.commit },
    to: { rev: report.to.commit === null ? null : report.to.name, commit: report.to.commit },
    causes: report.causes.map(({ change, stages }) => ({
      ...changeJson(change, report),
      stages: stages.map((stage) => labelIn(labels, stage)),
    })),
    stages: report.stages.map(({ stage, kind, causes, through, outs }) => ({
      stage: labelIn(labels, stage),
      file: fileOf(stage),
      change: kind,
      causes,
      through: through.map((one) => ({ path: one.path, stage: labelIn(labels, one.stage) })),
      outs: outs.map((out) => ({
        path: out.path,
        kind: out.kind,
        was: contentJson(out.was),
        now: contentJson(out.now),
      })),
    })),
    metrics: report.metrics.map(({ file, key, was, now }) => {
      const delta = was === null || now === null ? null : finite(now - was);
      return { file, key, was: finite(was), now: finite(now), delta };
    }),
    warnings: report.warnings.map((warning) => ({
      ...warningJson(warning, report),
      message: warningText(warning, report),
    })),
  };
}

function changeJson(change: RootChange, report: DiffReport): JsonObject {
  if (change.reason === 'stage-added' || change.reason === 'stage-removed') return { reason: change.reason };
  if (change.reason !== 'dep-changed') return reasonJson(change, report.labels);
  return { reason: change.reason, path: change.path, was: contentJson(change.was), now: contentJson(change.now) };
}

function contentJson(content: Content | null): JsonObject | null {
  if (content === null) return null;
  const { digest, size } = content;
  return content.kind === 'tree' ? { digest, size, files: content.files } : { digest, size, exec: content.exec };
}

/** JSON has no numbers for these; they are text. */
function finite(value: number | null): number | string | null {
  return value === null || Number.isFinite(value) ? value : String(value);
}

function warningJson(warning: LockWarning, report: DiffReport): JsonObject {
  if (warning.warning === 'unreadable') {
    const { place, message } = warning.diagnostic;
    const where = place === undefined ? {} : { file: place.file, line: place.line, column: place.column };
    return { warning: warning.warning, side: warning.side, ...where, mistake: message };
  }
  const named = { warning: warning.warning, stage: labelIn(report.labels, warning.stage), file: fileOf(warning.stage) };
  switch (warning.warning) {
    case 'stale':
      return { ...named, changes: warning.changes.map((change: InputChange) => changeJson(change, report)) };
    case 'not-deterministic':
      return { ...named, paths: warning.paths };
    case 'mismatch':
      return { ...named, path: warning.path, maker: labelIn(report.labels, warning.maker) };
    default:
      return named;
  }
}
