import { describe, expect, test } from 'vitest';
import type { StageId } from '../base/brand.ts';
import type { Graph } from '../pipeline/graph.ts';
import type { Stage } from '../pipeline/stage.ts';
import { createQueue, createSlots } from './order.ts';

const id = (text: string) => text as StageId;

/** a → b → d, a → c → d */
const diamond: Graph = {
  order: ['a', 'b', 'c', 'd'].map(id),
  upstream: new Map([
    [id('b'), [id('a')]],
    [id('c'), [id('a')]],
    [id('d'), [id('b'), id('c')]],
  ]),
  downstream: new Map([
    [id('a'), [id('b'), id('c')]],
    [id('b'), [id('d')]],
    [id('c'), [id('d')]],
  ]),
};

describe('createQueue', () => {
  test('gives each stage once, after all that it needs', () => {
    const queue = createQueue(diamond, new Set(diamond.order));
    expect(queue.ready()).toEqual(['a']);
    expect(queue.ready()).toEqual([]);
    queue.finish(id('a'));
    expect(queue.ready()).toEqual(['b', 'c']);
    queue.finish(id('c'));
    expect(queue.ready()).toEqual([]);
    queue.finish(id('b'));
    expect(queue.ready()).toEqual(['d']);
    expect(queue.unfinished).toBe(1);
    queue.finish(id('d'));
    expect(queue.unfinished).toBe(0);
  });

  test('does not wait for stages that are not wanted', () => {
    expect(createQueue(diamond, new Set([id('d'), id('b')])).ready()).toEqual(['b']);
  });
});

const stage = (rest: Partial<Stage>): Stage => ({ resources: {}, mutex: [], ...rest }) as Stage;
const limits = { jobs: 3, cpus: 4, memory: 100, gpus: ['0', '1'] };

describe('createSlots', () => {
  test('hands out no more than the jobs', () => {
    const slots = createSlots({ ...limits, cpus: 100 });
    const taken = [1, 2, 3, 4].map(() => slots.take(stage({})));
    expect(taken.filter((slot) => slot !== undefined)).toHaveLength(3);
  });

  test('keeps within cpus, memory and gpus, and gives them back', () => {
    const slots = createSlots(limits);
    const big = stage({ resources: { cpus: 3, memory: 80, gpus: 2 } });
    const slot = slots.take(big);
    expect(slot?.gpus).toEqual(['0', '1']);
    expect(slots.take(stage({ resources: { cpus: 2 } }))).toBeUndefined();
    expect(slots.take(stage({ resources: { memory: 30 } }))).toBeUndefined();
    expect(slots.take(stage({ resources: { gpus: 1 } }))).toBeUndefined();
    expect(slots.take(stage({}))).toBeDefined();
    if (slot !== undefined) slots.give(big, slot);
    expect(slots.take(stage({ resources: { gpus: 1, memory: 30 } }))?.gpus).toEqual(['0']);
  });

  test('never runs two of one mutex at the same time', () => {
    const slots = createSlots(limits);
    const first = stage({ mutex: ['gpu', 'db'] });
    const slot = slots.take(first);
    expect(slots.take(stage({ mutex: ['db'] }))).toBeUndefined();
    if (slot !== undefined) slots.give(first, slot);
    expect(slots.take(stage({ mutex: ['db'] }))).toBeDefined();
  });

  test('runs a stage that asks for more than there is, alone', () => {
    const slots = createSlots(limits);
    const huge = stage({ resources: { memory: 1000 } });
    const small = stage({});
    const slot = slots.take(small);
    expect(slots.take(huge)).toBeUndefined();
    if (slot !== undefined) slots.give(small, slot);
    expect(slots.take(huge)).toBeDefined();
    expect(slots.take(stage({ resources: { memory: 1 } }))).toBeUndefined();
  });
});
