import { randomInt } from 'node:crypto';

const ADJECTIVES =
  'able bold brave bright calm clean clever crisp eager fair fast fine fond free glad grand keen kind light lively lucky merry mild neat noble proud quick quiet rapid rare sharp shy sleek smart smooth solid spry steady stern swift tidy upbeat vivid warm wise witty'.split(
    ' ',
  );
const ANIMALS =
  'ant bat bear bee boar calf carp cat crab crane crow deer dog dove duck eel elk finch fish fly foal fox frog goat goose gnat gull hare hawk hen horse jay kit lamb lark lynx mole moose moth mouse mule newt otter owl ox panda pig pike ram rat seal shark sheep shrew skunk slug snail snake squid stag stoat swan toad trout vole wasp whale wolf worm wren yak'.split(
    ' ',
  );

/** For a run that nobody named: `calm-otter-417`. */
export function randomRunName(): string {
  const one = (words: readonly string[]) => words[randomInt(words.length)] ?? '';
  return `${one(ADJECTIVES)}-${one(ANIMALS)}-${randomInt(1000)}`;
}
