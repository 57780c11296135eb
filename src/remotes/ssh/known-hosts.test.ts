import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { knownHostLine, knownTypes, typeOf, verdictOn } from './known-hosts.ts';

function keyOf(type: string, bytes: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(bytes)]);
}

const KEY = keyOf('ssh-ed25519', 'one');
const OTHER = keyOf('ssh-ed25519', 'two');
const RSA = keyOf('ssh-rsa', 'three');
const NAME = { host: 'storage', port: 22 };
const AWAY = { host: 'storage', port: 2222 };

test('what was remembered is known, under its port and no other', () => {
  const text = knownHostLine(NAME, KEY);
  expect(text).toBe(`storage ssh-ed25519 ${KEY.toString('base64')}\n`);
  expect(verdictOn([text], NAME, KEY)).toBe('known');
  expect(verdictOn([text], AWAY, KEY)).toBe('unknown');
  expect(knownHostLine(AWAY, KEY)).toMatch(/^\[storage\]:2222 /);
  expect(verdictOn([knownHostLine(AWAY, KEY)], AWAY, KEY)).toBe('known');
});

test('another key is a change, also one of another type', () => {
  const texts = ['# a comment\n', knownHostLine(NAME, KEY)];
  expect(verdictOn(texts, NAME, OTHER)).toBe('changed');
  expect(verdictOn(texts, NAME, RSA)).toBe('changed');
  expect(verdictOn([...texts, knownHostLine(NAME, RSA)], NAME, RSA)).toBe('known');
});

test('names may be hashed, several in a line, or patterns', () => {
  const salt = Buffer.from('salt');
  const hash = createHmac('sha1', salt).update('storage').digest('base64');
  const key = `ssh-ed25519 ${KEY.toString('base64')} a comment`;
  expect(verdictOn([`|1|${salt.toString('base64')}|${hash} ${key}`], NAME, KEY)).toBe('known');
  expect(verdictOn([`|1|${salt.toString('base64')}|${hash} ${key}`], { ...NAME, host: 'other' }, KEY)).toBe('unknown');
  expect(verdictOn([`other,10.0.0.7,storage ${key}`], NAME, KEY)).toBe('known');
  expect(verdictOn([`stor*,!storage ${key}`], NAME, KEY)).toBe('unknown');
});

test('a revoked key is refused, and an authority is none of the host', () => {
  const key = `ssh-ed25519 ${KEY.toString('base64')}`;
  expect(verdictOn([`@revoked * ${key}\n${knownHostLine(NAME, KEY)}`], NAME, KEY)).toBe('revoked');
  expect(verdictOn([`@cert-authority * ${key}`], NAME, KEY)).toBe('unknown');
});

test('a host is asked for the types that are known of it', () => {
  const text = knownHostLine(NAME, KEY) + knownHostLine(NAME, OTHER) + knownHostLine(NAME, RSA);
  expect(knownTypes([text], NAME)).toEqual(['ssh-ed25519', 'ssh-rsa']);
  expect(knownTypes([text], AWAY)).toEqual([]);
  expect(typeOf(RSA)).toBe('ssh-rsa');
});
