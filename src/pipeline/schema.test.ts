import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import committed from '../../pipeline.schema.json' with { type: 'json' };
import { pipelineJsonSchema } from './schema.ts';

const EXAMPLE = `
stages:
  prepare:
    cmd: [python clean.py, python split.py]
    deps: [data/raw.csv]
    outs: [data/train.csv, data/test.csv: {push: false}]
  train:
    desc: a forest
    cmd: |
      python train.py
    wdir: src
    deps: [../data/train.csv]
    params: [train.lr, other.toml: [a, b], whole.json: ]
    outs: [model: {cache: true, persist: true, labels: [a], meta: {b: 1}}]
    metrics: [scores.json: {cache: false}]
    plots: [curve.csv: {x: step, y: loss, x_label: s, y_label: l, title: t, template: linear, header: false}]
    env: {OMP_NUM_THREADS: 4, DEBUG: true, NAME: x}
    timeout: 1h30m
    retries: 2
    resources: {cpus: 2, memory: 8GB, gpus: 1}
    mutex: [gpu, db]
    frozen: false
    always_changed: true
`;

describe('the schema for editors', () => {
  const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(pipelineJsonSchema());

  test('is the one that is committed (npm run schema writes it)', () => {
    expect(committed).toEqual(JSON.parse(JSON.stringify(pipelineJsonSchema())));
  });

  test('accepts a pipeline with every key', () => {
    expect([validate(parse(EXAMPLE)), validate.errors]).toEqual([true, null]);
  });

  test.each([
    ['a key that is unknown', 'stages: {a: {cmd: x, dep: [y]}}'],
    ['a stage without a command', 'stages: {a: {deps: [y]}}'],
    ['a time that is none', 'stages: {a: {cmd: x, timeout: soon}}'],
    ['an unknown flag of an out', 'stages: {a: {cmd: x, outs: [o: {cach: true}]}}'],
    ['less than no retries', 'stages: {a: {cmd: x, retries: -1}}'],
  ])('refuses %s', (_name, text) => {
    expect(validate(parse(text))).toBe(false);
  });

  test('describes every key', () => {
    const undescribed: string[] = [];
    const walk = (schema: unknown, at: string): void => {
      if (schema === null || typeof schema !== 'object') return;
      const { properties } = schema as { properties?: Record<string, { description?: string }> };
      for (const [key, property] of Object.entries(properties ?? {})) {
        if (property.description === undefined) undescribed.push(`${at}.${key}`);
      }
      for (const [key, value] of Object.entries(schema)) walk(value, `${at}/${key}`);
    };
    walk(pipelineJsonSchema(), '');
    expect(undescribed).toEqual([]);
  });
});
