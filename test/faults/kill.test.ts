import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cacheFaults, runsByStatus, treeOf } from './proofs.ts';
import { type Workspace, workspace } from './support.ts';

const KILLS = 200;

/** A part takes its time in the middle of its out; some leave a process behind that only their group's end ends. */
const part = (number: number, seconds: number): string => `
  part${number}:
    cmd: |
      ${number > 2 ? ':' : 'sleep 30 &'}
      mkdir -p parts/${number}/empty
      sed -n ${number}p lines/all > parts/${number}/line
      sleep ${seconds}
      tr a-z A-Z < parts/${number}/line > parts/${number}/upper
      chmod +x parts/${number}/upper
      ln -s upper parts/${number}/link
    deps: [lines]
    outs: [parts/${number}]`;

/** Fan-out and fan-in over four ranks: directories, a large file, links, a metric that git would keep. */
const PIPELINE = `stages:
  split:
    cmd: |
      mkdir lines
      cat in.txt > lines/all
      sleep 0.05
      seq 12 | while read n; do echo "$n" > "lines/$n"; done
    deps: [in.txt]
    outs: [lines]${part(1, 0.05)}${part(2, 0.08)}${part(3, 0.1)}${part(4, 0.12)}${part(5, 0.15)}${part(6, 0.2)}
  left:
    cmd: cat parts/1/upper parts/2/upper parts/3/upper > left.txt; sleep 0.05; cat in.txt >> left.txt
    deps: [in.txt, parts/1, parts/2, parts/3/upper]
    outs: [left.txt]
  right:
    cmd: cat parts/4/upper > right.txt; sleep 0.1; cat parts/5/upper parts/6/upper >> right.txt
    deps: [parts/4, parts/5, parts/6]
    outs: [right.txt]
  large:
    cmd: yes "$(cat in.txt)" | head -c 3000000 > large.bin; sleep 0.05
    deps: [in.txt]
    outs: [large.bin]
  count:
    cmd: sleep 0.05; echo "{\\"bytes\\":$(cat left.txt right.txt | wc -c)}" > count.json
    deps: [left.txt, right.txt]
    metrics: [{count.json: {cache: false}}]
  all:
    cmd: |
      mkdir all
      cp left.txt all/
      sleep 0.05
      cp right.txt all/
      cksum < large.bin > all/sum
    deps: [left.txt, right.txt, large.bin]
    outs: [all]
`;

const PARTS = [1, 2, 3, 4, 5, 6].map((number) => `parts/${number}`);
const OUTS = ['lines', ...PARTS, 'left.txt', 'right.txt', 'large.bin', 'count.json', 'all'];
const INPUTS = ['one', 'two', 'three'].map((word) => `${word}\n`.repeat(6).replace(/\n/g, (_, at) => `${at}\n`));

const makeWorkspace = (input: number, { hardlinks } = { hardlinks: false }): Workspace =>
  workspace({
    'pipeline.yaml': PIPELINE,
    'in.txt': INPUTS[input] ?? '',
    '.lockstep/config.yaml': `grace: 0.5\n${hardlinks ? 'cache: {link: [hardlink, copy]}\n' : ''}`,
  });

const stateOf = (w: Workspace) => ({ outs: treeOf(w.root, OUTS), lock: w.read('pipeline.lock') });

interface Undisturbed {
  readonly states: readonly ReturnType<typeof stateOf>[];
  /** Milliseconds from the plan to the end of a run from nothing. */
  readonly span: number;
}

async function runUndisturbed(): Promise<Undisturbed> {
  const states: ReturnType<typeof stateOf>[] = [];
  let span = 0;
  for (const input of INPUTS.keys()) {
    await using w = makeWorkspace(input);
    const running = w.start('repro', '--json', '-j', '4');
    await running.event('a plan', ({ event }) => event === 'planned');
    const planned = performance.now();
    expect(await running.ended).toMatchObject({ code: 0 });
    span = performance.now() - planned;
    states.push(stateOf(w));
  }
  return { states, span };
}

/** Numbers from 0 to 1 that one seed gives again (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Variant {
  readonly inGit: boolean;
  readonly hardlinks: boolean;
}

const VARIANTS: readonly Variant[] = [
  { inGit: true, hardlinks: false },
  { inGit: false, hardlinks: true },
];

/** Two of these go on side by side, as most of a run is waiting. */
class Lane {
  readonly #random: () => number;
  readonly #undisturbed: Undisturbed;
  readonly #variant: Variant;
  readonly #trace: string[] = [];
  #workspace: Workspace | undefined;
  #input = 0;
  kills = 0;

  constructor(seed: number, undisturbed: Undisturbed, variant: Variant) {
    this.#random = randomFrom(seed);
    this.#undisturbed = undisturbed;
    this.#variant = variant;
  }

  async run(kills: number): Promise<void> {
    try {
      while (this.kills < kills) await this.#round();
    } catch (error) {
      throw new Error(`after ${this.kills} kills: ${this.#trace.slice(-12).join(' · ')}`, { cause: error });
    } finally {
      await this.#workspace?.[Symbol.asyncDispose]();
    }
  }

  /** Something to do → killed a few times over → completed and held against the undisturbed. */
  async #round(): Promise<void> {
    const w = await this.#nextWorkspace();
    let over = false;
    for (let left = 1 + this.#pick(10); left > 0 && !over; left -= 1) over = !(await this.#killOnce(w));
    this.#trace.push('complete');
    if (!over) await w.repro('-j', '4');
    expect(stateOf(w)).toEqual(this.#undisturbed.states[this.#input]);
    expect(cacheFaults(w)).toEqual([]);
    expect(await w.stageProcesses()).toEqual([]);
    expect(readdirSync(w.path('.lockstep/tmp/running'))).toEqual([]);
    expect(runsByStatus(w)).not.toHaveProperty('RUNNING');
    if (this.#variant.inGit) expect(w.read('.gitignore').split('\n').sort()).toEqual(IGNORED);
  }

  async #nextWorkspace(): Promise<Workspace> {
    const w = this.#workspace;
    const change = w === undefined ? 'fresh' : CHANGES[this.#pick(CHANGES.length)];
    this.#trace.push(`${change}`);
    if (w === undefined || change === 'fresh') return await this.#freshWorkspace();
    if (change === 'edit') w.write('in.txt', INPUTS[this.#nextInput()] ?? '');
    if (change === 'lose outs') for (const out of OUTS) rmSync(w.path(out), { recursive: true });
    if (change === 'lose cache') rmSync(w.path('.lockstep/cache'), { recursive: true });
    if (change === 'lose cache' || change === 'lose lock') rmSync(w.path('pipeline.lock'));
    return w;
  }

  async #freshWorkspace(): Promise<Workspace> {
    await this.#workspace?.[Symbol.asyncDispose]();
    const w = makeWorkspace(this.#nextInput(), this.#variant);
    if (this.#variant.inGit) execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: w.root });
    this.#workspace = w;
    return w;
  }

  #nextInput(): number {
    this.#input = (this.#input + 1 + this.#pick(INPUTS.length - 1)) % INPUTS.length;
    return this.#input;
  }

  /** False when it was through before it could be killed. */
  async #killOnce(w: Workspace): Promise<boolean> {
    const running = w.start('repro', '--json', '-j', '4');
    const fromStart = this.#random() < 0.1;
    if (!fromStart) await running.event('a plan', ({ event }) => event === 'planned');
    const delay = this.#random() * this.#undisturbed.span * (fromStart ? 0.3 : 0.6);
    await Promise.race([pause(delay), running.ended]);
    running.send('SIGKILL');
    const { signal, code, stderr } = await running.ended;
    if (signal !== 'SIGKILL') {
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return false;
    }
    this.#trace.push(`kill ${delay.toFixed()} ms after the ${fromStart ? 'start' : 'plan'}`);
    this.kills += 1;
    // Not only once it was mended: at every moment.
    expect(cacheFaults(w)).toEqual([]);
    return true;
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

const CHANGES = ['fresh', 'edit', 'edit', 'lose outs', 'lose cache', 'lose lock'] as const;
const IGNORED = ['', '/all', '/large.bin', '/left.txt', '/lines', '/right.txt'];

test(`what ${KILLS} kills at random moments leave, the next repro completes`, { timeout: 600_000 }, async () => {
  const seed = Number(process.env.LOCKSTEP_TEST_SEED ?? Date.now() % 1_000_000);
  const undisturbed = await runUndisturbed();
  const lanes = VARIANTS.map((variant, at) => new Lane(seed + at, undisturbed, variant));
  try {
    await Promise.all(lanes.map((lane) => lane.run(KILLS / 2)));
  } catch (error) {
    throw new Error(`with LOCKSTEP_TEST_SEED=${seed}`, { cause: error });
  }
  expect(lanes.every(({ kills }) => kills >= KILLS / 2)).toBe(true);
});
